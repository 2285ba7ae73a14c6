//! The service's data: orders, refunds and tokens, and which changes are allowed.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::event::Event;
use super::order::{Attempt, Failure, Order, OrderState, Refund, RefundState};
use crate::clock::{epoch_millis, epoch_seconds};

/// Lifetime of an access token in seconds.
const TOKEN_SECONDS: i64 = 7 * 24 * 3600;

/// Wrong values with which the status call answers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct StatusOverride {
    pub(super) amount: Option<i64>,
    pub(super) state: Option<OrderState>,
}

/// Everything the service stores; lost when the stack stops.
#[derive(Default)]
pub(super) struct Store {
    /// By `merchantOrderId`.
    pub(super) orders: BTreeMap<String, Order>,
    /// By `merchantRefundId`.
    pub(super) refunds: BTreeMap<String, Refund>,
    /// By `merchantOrderId`.
    pub(super) status_overrides: BTreeMap<String, StatusOverride>,
    /// True = new refunds stay PENDING.
    pub(super) hold_refunds: bool,
    /// Access tokens and when they expire, in epoch seconds.
    tokens: BTreeMap<String, i64>,
}

impl Store {
    /// A new access token with its epoch seconds of issue and expiry.
    pub(super) fn issue_token(&mut self) -> (String, i64, i64) {
        let now = epoch_seconds();
        let token = format!("local-{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        self.tokens.insert(token.clone(), now + TOKEN_SECONDS);
        (token, now, now + TOKEN_SECONDS)
    }

    pub(super) fn is_valid_token(&self, token: &str) -> bool {
        self.tokens.get(token).is_some_and(|expiry| *expiry > epoch_seconds())
    }

    pub(super) fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }

    pub(super) fn order(&self, id: &str) -> Result<&Order> {
        self.orders.get(id).with_context(|| format!("There is no order {id}: pass a merchantOrderId."))
    }

    pub(super) fn order_of_page(&self, token: &str) -> Option<&Order> {
        self.orders.values().find(|order| order.token == token)
    }

    /// Pays an order. A failed one can still be paid: a late success.
    pub(super) fn pay(&mut self, id: &str) -> Result<Event> {
        if self.order(id)?.state == OrderState::Completed {
            bail!("Order {id} is paid already.");
        }
        self.add_attempt(id, None)
    }

    /// Ends a pending order without a payment.
    pub(super) fn fail(&mut self, id: &str, failure: Failure) -> Result<Event> {
        let state = self.order(id)?.state;
        if state != OrderState::Pending {
            bail!("Order {id} is {state:?}: only a pending order can fail.");
        }
        self.add_attempt(id, Some(failure))
    }

    fn add_attempt(&mut self, id: &str, error: Option<Failure>) -> Result<Event> {
        let order = self.orders.get_mut(id).context("There is no such order.")?;
        order.state = if error.is_some() { OrderState::Failed } else { OrderState::Completed };
        order.error = error;
        // An order that expires had no attempt.
        if error != Some(Failure::EXPIRED) {
            let transaction_id = new_id("OM");
            order.attempts.push(Attempt { transaction_id, timestamp_ms: epoch_millis(), error });
        }
        Ok(Event::of_order(order))
    }

    /// Paise of an order that can still be refunded.
    pub(super) fn refundable(&self, order: &Order) -> i64 {
        let refunded: i64 = self
            .refunds
            .values()
            .filter(|r| r.merchant_order_id == order.merchant_order_id && r.state != RefundState::Failed)
            .map(|r| r.amount)
            .sum();
        if order.state == OrderState::Completed { order.amount - refunded } else { 0 }
    }

    /// Changes the state of a refund that has not ended.
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

    /// The answer of the status call, with its overrides.
    pub(super) fn status(&self, order: &Order, details: bool, error_context: bool) -> Value {
        let mut shown = order.clone();
        if let Some(wrong) = self.status_overrides.get(&order.merchant_order_id) {
            shown.amount = wrong.amount.unwrap_or(shown.amount);
            shown.state = wrong.state.unwrap_or(shown.state);
        }
        shown.to_json(details, error_context)
    }
}

/// An id like the service's: a prefix, the milliseconds and nine random digits.
pub(super) fn new_id(prefix: &str) -> String {
    format!("{prefix}{}{:09}", epoch_millis(), rand::random::<u32>() % 1_000_000_000)
}
