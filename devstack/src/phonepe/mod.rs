//! PhonePe in memory: version 2 (Standard Checkout) and the older version 1, with orders, the hosted pay page,
//! refunds and webhooks.

pub(crate) mod control;
mod digest;
mod event;
mod merchant;
mod order;
mod pay_page;
mod store;
mod v1;
mod v2;
mod webhooks;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use serde_json::Value;
use tokio::runtime::Handle;

use self::event::Event;
pub use self::order::{Attempt, Failure, Order, OrderState, Refund, RefundState};
use self::store::Store;
use self::webhooks::WebhookSender;
pub use self::webhooks::{Delivery, Outcome, Webhooks};
use crate::http::simulator::Simulator;
use crate::part::Part;

/// The simulator. Clones share it.
#[derive(Clone)]
pub struct Phonepe {
    url: Arc<str>,
    store: Arc<Mutex<Store>>,
    webhook_sender: WebhookSender,
    runtime: Handle,
}

impl Phonepe {
    /// Must be called inside of the runtime that sends the webhooks.
    pub(crate) fn new(url: &str) -> Self {
        Self {
            url: url.into(),
            store: Arc::default(),
            webhook_sender: WebhookSender::new(),
            runtime: Handle::current(),
        }
    }

    /// Base address of API, tokens and pay page, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }
    /// `client_id` that the simulator accepts.
    pub fn client_id(&self) -> &str {
        merchant::CLIENT_ID
    }
    /// `client_version` that the simulator accepts.
    pub fn client_version(&self) -> &str {
        merchant::CLIENT_VERSION
    }
    /// `client_secret` that the simulator accepts.
    pub fn client_secret(&self) -> &str {
        merchant::CLIENT_SECRET
    }
    /// Suggested user name for [`Phonepe::set_webhook`]; the Worker of `worker_vars` expects it.
    pub fn webhook_username(&self) -> &str {
        merchant::WEBHOOK_USERNAME
    }
    /// Suggested password for [`Phonepe::set_webhook`]; the Worker of `worker_vars` expects it.
    pub fn webhook_password(&self) -> &str {
        merchant::WEBHOOK_PASSWORD
    }

    /// The merchant's id in version 1.
    pub fn merchant_id(&self) -> &str {
        merchant::MERCHANT_ID
    }
    /// The salt key of version 1.
    pub fn salt_key(&self) -> &str {
        merchant::SALT_KEY
    }
    /// The index of the salt key.
    pub fn salt_index(&self) -> &str {
        merchant::SALT_INDEX
    }

    /// Every order, by `merchantOrderId`.
    pub fn orders(&self) -> Vec<Order> {
        self.store().orders.values().cloned().collect()
    }

    /// The order with this `merchantOrderId`.
    pub fn order(&self, order_id: &str) -> Option<Order> {
        self.store().orders.get(order_id).cloned()
    }

    /// Every refund, by `merchantRefundId`.
    pub fn refunds(&self) -> Vec<Refund> {
        self.store().refunds.values().cloned().collect()
    }

    /// Pays an order, like the button on its page. A failed order can be paid, too: a late success.
    ///
    /// # Errors
    /// When there is no such order, or it is paid.
    pub fn pay(&self, order_id: &str) -> Result<()> {
        self.change(|store| store.pay(order_id))
    }

    /// The bank declines the payment of a pending order.
    ///
    /// # Errors
    /// When there is no such order, or it is not pending.
    pub fn fail(&self, order_id: &str) -> Result<()> {
        self.change(|store| store.fail(order_id, Failure::DECLINED))
    }

    /// The payer cancels a pending order.
    ///
    /// # Errors
    /// When there is no such order, or it is not pending.
    pub fn cancel(&self, order_id: &str) -> Result<()> {
        self.change(|store| store.fail(order_id, Failure::CANCELLED))
    }

    /// Lets a pending order expire now.
    ///
    /// # Errors
    /// When there is no such order, or it is not pending.
    pub fn expire(&self, order_id: &str) -> Result<()> {
        self.change(|store| {
            let event = store.fail(order_id, Failure::EXPIRED)?;
            if let Some(order) = store.orders.get_mut(order_id) {
                order.expire_at_ms = order.expire_at_ms.min(crate::clock::epoch_millis());
            }
            Ok(event)
        })
    }

    /// Sends the webhook about an order's current state again.
    ///
    /// # Errors
    /// When there is no such order.
    pub fn notify(&self, order_id: &str) -> Result<()> {
        self.change(|store| store.order(order_id).map(Event::of_order))
    }

    /// The body of the webhook about an order's current state, for a test that sends it itself.
    ///
    /// # Errors
    /// When there is no such order.
    pub fn order_webhook(&self, order_id: &str) -> Result<Value> {
        self.store().order(order_id).map(|order| Event::of_order(order).body())
    }

    /// The body of the webhook about a refund's current state.
    ///
    /// # Errors
    /// When there is no such `merchantRefundId`.
    pub fn refund_webhook(&self, refund_id: &str) -> Result<Value> {
        let store = self.store();
        let refund =
            store.refunds.get(refund_id).with_context(|| format!("There is no refund {refund_id}."))?;
        Ok(Event::of_refund(refund).body())
    }

    /// Sets the address of webhooks, and the user name and password whose hash they carry.
    pub fn set_webhook(&self, url: &str, username: &str, password: &str) {
        self.webhook_sender.set_target(url, username, password);
    }

    /// Sets what goes wrong with webhooks from now on.
    pub fn webhooks(&self, behaviour: Webhooks) {
        self.webhook_sender.set_behaviour(None, behaviour);
    }

    /// Sets what goes wrong with the webhooks of one order, so that tests can share a stack.
    pub fn webhooks_for(&self, order_id: &str, behaviour: Webhooks) {
        self.webhook_sender.set_behaviour(Some(order_id), behaviour);
    }

    /// Every attempt to deliver a webhook so far, oldest first; a retry is another attempt.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.webhook_sender.deliveries()
    }

    /// From now on the status call answers this amount for the order; webhooks keep the true one.
    pub fn answer_amount(&self, order_id: &str, paise: i64) {
        self.store().status_overrides.entry(order_id.to_owned()).or_default().amount = Some(paise);
    }

    /// From now on the status call answers this state for the order; none = the true one. Webhooks keep the true one.
    pub fn answer_state(&self, order_id: &str, state: Option<OrderState>) {
        self.store().status_overrides.entry(order_id.to_owned()).or_default().state = state;
    }

    /// Sets whether new refunds stay PENDING until [`Phonepe::complete_refund`] or [`Phonepe::fail_refund`].
    pub fn hold_refunds(&self, hold: bool) {
        self.store().hold_refunds = hold;
    }

    /// Accepts and completes a refund, with a webhook for each.
    ///
    /// # Errors
    /// When there is no such `merchantRefundId`, or it has ended.
    pub fn complete_refund(&self, refund_id: &str) -> Result<()> {
        self.change(|store| store.settle_refund(refund_id, RefundState::Confirmed))?;
        self.change(|store| store.settle_refund(refund_id, RefundState::Completed))
    }

    /// Lets a refund fail.
    ///
    /// # Errors
    /// When there is no such `merchantRefundId`, or it has ended.
    pub fn fail_refund(&self, refund_id: &str) -> Result<()> {
        self.change(|store| store.settle_refund(refund_id, RefundState::Failed))
    }

    /// Revokes every access token: the next call with one gets a 401.
    pub fn revoke_tokens(&self) {
        self.store().revoke_tokens();
    }

    /// Applies a change and sends its webhook, both under the lock, so that webhooks are in the order of the changes.
    fn change(&self, change: impl FnOnce(&mut Store) -> Result<Event>) -> Result<()> {
        let mut store = self.store();
        let event = change(&mut store)?;
        self.webhook_sender.send(event);
        Ok(())
    }

    fn expire_later(&self, order_id: String, seconds: i64) {
        let simulator = self.clone();
        self.runtime.spawn(async move {
            tokio::time::sleep(Duration::from_secs(seconds.unsigned_abs())).await;
            // This fails for an order that has ended before, which is right.
            let _ = simulator.expire(&order_id);
        });
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Simulator for Phonepe {
    const PART: Part = Part::Phonepe;

    fn answer(&self, parts: &Parts, body: &Bytes) -> Response<Body> {
        match parts.uri.path().strip_prefix("/transact/") {
            Some(token) => self.pay_page(parts, token, body),
            None => self.answer_call(parts, body),
        }
    }

    fn injected_error(status: StatusCode) -> Response<Body> {
        v2::error::injected_error(status)
    }
}
