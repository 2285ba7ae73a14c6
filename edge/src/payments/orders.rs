//! Asking PhonePe about an order and applying the answer: the one path that webhook, status page and cron share.

use gatehouse_core::api::{OrderView, SubscriptionView};
use gatehouse_core::error::Error;
use gatehouse_core::payment::{Poll, next_poll};
use gatehouse_core::time::{self, Timestamp};
use gatehouse_core::vocabulary::{Interval, PaymentStatus, Plan};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clients::phonepe::{self, Known};
use crate::clients::postgrest;
use crate::platform;
use crate::scope::Scope;

/// The longest that a page waits before it asks us again, and that a view of a pending order is kept.
const ASK_US_AGAIN_MS: i64 = 2_000;

/// An order as the database answers it.
#[derive(Clone, Debug, Deserialize)]
pub struct Order {
    /// Our id.
    pub order_id: String,
    plan: Plan,
    interval: Interval,
    amount: i64,
    /// Where the money is.
    pub status: PaymentStatus,
    created_at: String,
    expires_at: Option<String>,
    paid_at: Option<String>,
    next_check_at: Option<String>,
    subscription: Option<SubscriptionView>,
}

impl Order {
    fn times(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        let created = time::parse(&self.created_at).unwrap_or(now);
        let expires = self.expires_at.as_deref().and_then(time::parse).unwrap_or(created);
        (created, expires)
    }

    /// When PhonePe may be asked next; nothing to ask about at the end of an order's life.
    pub fn next_check(&self) -> Option<Timestamp> {
        let pending = self.status == PaymentStatus::Pending;
        pending.then(|| self.next_check_at.as_deref().and_then(time::parse).unwrap_or_default())
    }

    /// When the cron asks about it again, also a failed one that may still be paid; for people to read.
    pub fn asked_next(&self) -> Option<Timestamp> {
        let may_change =
            matches!(self.status, PaymentStatus::Pending | PaymentStatus::Failed | PaymentStatus::Cancelled);
        may_change.then(|| self.next_check_at.as_deref().and_then(time::parse)).flatten()
    }

    /// Whether PhonePe has not settled it although its page's time is over: it needs attention.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let (created, expires) = self.times(now);
        self.status == PaymentStatus::Pending && now >= next_poll(created, expires, now).give_up_at
    }

    /// The order as a page shows it.
    pub fn view(self, now: Timestamp) -> OrderView {
        let (created, expires) = self.times(now);
        let needs_attention = self.is_overdue(now);
        let next = self.next_check();
        let poll = next.map(|_| next_poll(created, expires, now));
        // A webhook may complete the order at any moment, so a page asks us more often than we may ask PhonePe.
        let wait =
            next.map(|next| (next.as_millisecond() - now.as_millisecond()).clamp(1_000, ASK_US_AGAIN_MS));
        OrderView {
            order_id: self.order_id,
            plan: self.plan,
            interval: self.interval,
            amount: self.amount,
            status: self.status,
            needs_attention,
            paid_at: self.paid_at.map(|at| time::normalise(&at)),
            subscription: self.subscription,
            poll_after_ms: wait,
            give_up_at: poll.map(|Poll { give_up_at, .. }| time::format(give_up_at)),
        }
    }
}

/// `apply_payment_event()` of the database.
#[derive(Deserialize)]
pub struct Applied {
    /// `applied`, `unchanged`, `incident` or `unknown_order`.
    pub outcome: String,
    /// The order afterwards.
    pub order: Option<Order>,
}

/// An order to ask about.
pub struct Question<'a> {
    /// Our id.
    pub order_id: &'a str,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its page closes.
    pub expires_at: Timestamp,
    /// `webhook`, `poll` or `cron`.
    pub source: &'static str,
    /// The webhook that made us ask.
    pub inbox_id: Option<i64>,
}

impl<'a> Question<'a> {
    /// The question about an order that was read just now.
    pub fn about(order: &'a Order, source: &'static str, now: Timestamp) -> Self {
        let (created_at, expires_at) = order.times(now);
        Self { order_id: &order.order_id, created_at, expires_at, source, inbox_id: None }
    }
}

/// Asks PhonePe and applies what it says, in one transaction with everything that follows from it.
///
/// # Errors
/// `dependency_unavailable`: nothing was applied, and asking again is safe.
pub async fn ask_and_apply(scope: &Scope, question: &Question<'_>) -> Result<Applied, Error> {
    let known = phonepe::order_status(scope, question.order_id).await?;
    let now = platform::now();
    let Poll { next_at, give_up_at } = next_poll(question.created_at, question.expires_at, now);
    let arguments = match known {
        Known::Status(status) => json!({
            "p_state": status.state, "p_amount": status.amount, "p_provider_order_id": status.order_id,
            "p_details": {"error_code": status.error_code, "detailed_error_code": status.detailed_error_code},
        }),
        // PhonePe does not know it, so nobody can pay it once its page has expired.
        Known::Nothing => json!({
            "p_state": if now > give_up_at { "FAILED" } else { "PENDING" }, "p_amount": null,
            "p_provider_order_id": null, "p_details": {"error_code": "NOT_OPENED"},
        }),
    };
    let mut arguments = arguments;
    if let Value::Object(map) = &mut arguments {
        map.extend([
            ("p_order_id".to_owned(), json!(question.order_id)),
            ("p_source".to_owned(), json!(question.source)),
            ("p_next_check_at".to_owned(), json!(time::format(next_at))),
            ("p_inbox_id".to_owned(), json!(question.inbox_id)),
            ("p_request_id".to_owned(), json!(scope.request_id)),
        ]);
    }
    let applied: Applied = postgrest::rpc_as_service(scope, "rpc/apply_payment_event", &arguments).await?;
    if applied.outcome == "incident" {
        scope.note_cause(format!("an incident was stored for order {}", question.order_id));
    }
    Ok(applied)
}
