//! Pending payments: the cron is what completes them, a webhook only makes it faster.

use gatehouse_core::time;
use serde::Deserialize;

use super::note;
use crate::payments::orders::{self, Question};
use crate::platform;
use crate::scope::Scope;

/// An order of `claim_due_work()`.
#[derive(Deserialize)]
pub(super) struct Due {
    order_id: String,
    created_at: String,
    expires_at: Option<String>,
}

/// Asks PhonePe about every order whose next check is due.
pub(super) async fn run(scope: &Scope, due: Vec<Due>) {
    for order in due {
        let created_at = time::parse(&order.created_at).unwrap_or_else(platform::now);
        let expires_at = order.expires_at.as_deref().and_then(time::parse).unwrap_or(created_at);
        let question =
            Question { order_id: &order.order_id, created_at, expires_at, source: "cron", inbox_id: None };
        note(scope, "reconcile", orders::ask_and_apply(scope, &question).await.err());
    }
}
