//! The service's books: who may do what to orders, refunds and tokens.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::order::{Attempt, Failure, Order, OrderState, Refund, RefundState};
use super::webhook::Event;
use crate::clock::{epoch_millis, epoch_seconds};

/// Lifetime of an access token in seconds.
pub(super) const TOKEN_SECONDS: i64 = 7 * 24 * 3600;

/// What the status call says instead of the truth.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lie {
    pub(super) amount: Option<i64>,
    pub(super) state: Option<OrderState>,
}

/// Everything the service remembers, lost when the stack stops.
#[derive(Default)]
pub(super) struct Book {
    /// By `merchantOrderId`.
    pub(super) orders: BTreeMap<String, Order>,
    /// By `merchantRefundId`.
    pub(super) refunds: BTreeMap<String, Refund>,
    pub(super) lies: BTreeMap<String, Lie>,
    /// Refunds stay PENDING until told otherwise.
    pub(super) hold_refunds: bool,
    /// Access tokens and when they end, in epoch seconds.
    tokens: BTreeMap<String, i64>,
}

impl Book {
    /// A new access token with its epoch seconds of issue and end.
    pub(super) fn issue_token(&mut self) -> (String, i64, i64) {
        let now = epoch_seconds();
        let token = format!("local-{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        self.tokens.insert(token.clone(), now + TOKEN_SECONDS);
        (token, now, now + TOKEN_SECONDS)
    }

    pub(super) fn token_is_good(&self, token: &str) -> bool {
        self.tokens.get(token).is_some_and(|end| *end > epoch_seconds())
    }

    pub(super) fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }

    pub(super) fn order(&self, id: &str) -> Result<&Order> {
        self.orders.get(id).with_context(|| format!("There is no order {id}: pass a merchantOrderId."))
    }

    pub(super) fn by_token(&self, token: &str) -> Option<&Order> {
        self.orders.values().find(|order| order.token == token)
    }

    /// Pays an order. A failed one can still be paid: a late success.
    pub(super) fn pay(&mut self, id: &str) -> Result<Event> {
        if self.order(id)?.state == OrderState::Completed {
            bail!("Order {id} is paid already.");
        }
        self.attempt(id, None)
    }

    /// Ends a pending order without money.
    pub(super) fn fail(&mut self, id: &str, failure: Failure) -> Result<Event> {
        let state = self.order(id)?.state;
        if state != OrderState::Pending {
            bail!("Order {id} is {state:?}: only a pending order can fail.");
        }
        self.attempt(id, Some(failure))
    }

    fn attempt(&mut self, id: &str, error: Option<Failure>) -> Result<Event> {
        let order = self.orders.get_mut(id).context("There is no such order.")?;
        order.state = if error.is_some() { OrderState::Failed } else { OrderState::Completed };
        order.error = error;
        // Nobody tried anything when an order runs out.
        if error != Some(Failure::EXPIRED) {
            let transaction_id = number("OM");
            order.attempts.push(Attempt { transaction_id, timestamp_ms: epoch_millis(), error });
        }
        Ok(Event::of_order(order))
    }

    /// Paise of an order that can still be paid back.
    pub(super) fn refundable(&self, order: &Order) -> i64 {
        let back: i64 = self
            .refunds
            .values()
            .filter(|r| r.merchant_order_id == order.merchant_order_id && r.state != RefundState::Failed)
            .map(|r| r.amount)
            .sum();
        if order.state == OrderState::Completed { order.amount - back } else { 0 }
    }

    /// Moves a refund on. What is final stays.
    pub(super) fn settle_refund(&mut self, id: &str, state: RefundState) -> Result<Event> {
        let refund = self
            .refunds
            .get_mut(id)
            .with_context(|| format!("There is no refund {id}: pass a merchantRefundId."))?;
        if matches!(refund.state, RefundState::Completed | RefundState::Failed) {
            bail!("Refund {id} is {:?} already.", refund.state);
        }
        refund.state = state;
        refund.timestamp_ms = epoch_millis();
        Ok(Event::of_refund(refund))
    }

    /// The status answer of an order, with what it was told to lie about.
    pub(super) fn status(&self, order: &Order, details: bool, error_context: bool) -> Value {
        let mut shown = order.clone();
        if let Some(lie) = self.lies.get(&order.merchant_order_id) {
            shown.amount = lie.amount.unwrap_or(shown.amount);
            shown.state = lie.state.unwrap_or(shown.state);
        }
        shown.wire(details, error_context)
    }
}

/// A number as the service makes them: a prefix, the milliseconds and nine random digits.
pub(super) fn number(prefix: &str) -> String {
    format!("{prefix}{}{:09}", epoch_millis(), rand::random::<u32>() % 1_000_000_000)
}
