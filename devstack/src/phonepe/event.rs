//! The content of a webhook.

use serde_json::{Value, json};

use super::order::{Order, OrderState, Refund, RefundState};
use super::v1::wire;

/// A change that the merchant is notified about.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) name: &'static str,
    pub(super) order_id: String,
    payload: Value,
    /// Version 1: the address and body of its callback, which replaces the webhook.
    pub(super) callback: Option<(String, Value)>,
}

impl Event {
    pub(super) fn of_order(order: &Order) -> Self {
        let name = match order.state {
            OrderState::Completed => "checkout.order.completed",
            OrderState::Failed => "checkout.order.failed",
            // While an order is open, the service only sends events about attempts.
            OrderState::Pending => "checkout.transaction.attempt.failed",
        };
        let payload = order.to_json(true, false);
        let callback = order.callback.clone().map(|url| (url, wire::order_json(order, &payload)));
        Self { name, order_id: order.merchant_order_id.clone(), payload, callback }
    }

    pub(super) fn of_refund(refund: &Refund) -> Self {
        let name = match refund.state {
            RefundState::Pending | RefundState::Confirmed => "pg.refund.accepted",
            RefundState::Completed => "pg.refund.completed",
            RefundState::Failed => "pg.refund.failed",
        };
        let callback = refund.callback.clone().map(|url| (url, wire::refund_json(refund)));
        Self { name, order_id: refund.merchant_order_id.clone(), payload: refund.to_json(), callback }
    }

    /// The body of the webhook.
    pub(super) fn body(&self) -> Value {
        let event_type = self.name.replace('.', "_").to_uppercase();
        json!({"type": event_type, "event": self.name, "payload": self.payload})
    }
}
