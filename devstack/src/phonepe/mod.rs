//! PhonePe in memory: V2 Standard Checkout and the older V1, orders, the hosted pay page, refunds and webhooks.

mod api;
mod book;
pub(crate) mod control;
mod order;
mod page;
mod v1;
mod webhook;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::Response;
use axum::http::request::Parts;
use serde_json::Value;
use tokio::runtime::Handle;

use self::book::Book;
pub use self::order::{Attempt, Failure, Order, OrderState, Refund, RefundState};
use self::webhook::{Courier, Event};
pub use self::webhook::{Delivery, Outcome, Webhooks};
use crate::front::Front;

const CLIENT_ID: &str = "GATEHOUSE_LOCAL";
const CLIENT_VERSION: &str = "1";
/// Worth nothing outside of this machine, like everything below.
const CLIENT_SECRET: &str = "gatehouse-local-phonepe-secret";
const WEBHOOK_USERNAME: &str = "gatehouse_local";
const WEBHOOK_PASSWORD: &str = "localwebhook1";
const SALT_KEY: &str = "local-salt-key-worth-nothing";
const SALT_INDEX: &str = "1";
const MERCHANT_NAME: &str = "Gatehouse";

/// The simulator. Clones share it.
#[derive(Clone)]
pub struct Phonepe {
    url: Arc<str>,
    book: Arc<Mutex<Book>>,
    courier: Courier,
    runtime: Handle,
}

impl Phonepe {
    /// Must be called inside of the runtime that sends the webhooks.
    pub(crate) fn new(url: &str) -> Self {
        Self { url: url.into(), book: Arc::default(), courier: Courier::new(), runtime: Handle::current() }
    }

    /// Base address of API, tokens and pay page, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }
    /// `client_id` that the simulator knows.
    pub fn client_id(&self) -> &str {
        CLIENT_ID
    }
    /// `client_version` that the simulator knows.
    pub fn client_version(&self) -> &str {
        CLIENT_VERSION
    }
    /// `client_secret` that the simulator knows.
    pub fn client_secret(&self) -> &str {
        CLIENT_SECRET
    }
    /// Suggested user name for [`Phonepe::set_webhook`]; the Worker of `worker_vars` expects it.
    pub fn webhook_username(&self) -> &str {
        WEBHOOK_USERNAME
    }
    /// Suggested password for [`Phonepe::set_webhook`]; the Worker of `worker_vars` expects it.
    pub fn webhook_password(&self) -> &str {
        WEBHOOK_PASSWORD
    }

    /// The merchant's id in the older generation.
    pub fn merchant_id(&self) -> &str {
        order::MERCHANT_ID
    }
    /// The salt key of the older generation.
    pub fn salt_key(&self) -> &str {
        SALT_KEY
    }
    /// The index that names it.
    pub fn salt_index(&self) -> &str {
        SALT_INDEX
    }

    /// Every order, by `merchantOrderId`.
    pub fn orders(&self) -> Vec<Order> {
        self.book().orders.values().cloned().collect()
    }

    /// The order with this `merchantOrderId`.
    pub fn order(&self, order_id: &str) -> Option<Order> {
        self.book().orders.get(order_id).cloned()
    }

    /// Every refund, by `merchantRefundId`.
    pub fn refunds(&self) -> Vec<Refund> {
        self.book().refunds.values().cloned().collect()
    }

    /// Pays an order, as the button on its page; a failed order too, as a late success.
    ///
    /// # Errors
    /// When there is no such order, or it is paid.
    pub fn pay(&self, order_id: &str) -> Result<()> {
        self.tell(|book| book.pay(order_id))
    }

    /// The bank declines the payment of a pending order.
    ///
    /// # Errors
    /// When there is no such order, or it is not pending.
    pub fn fail(&self, order_id: &str) -> Result<()> {
        self.tell(|book| book.fail(order_id, Failure::DECLINED))
    }

    /// The payer gives up a pending order.
    ///
    /// # Errors
    /// When there is no such order, or it is not pending.
    pub fn cancel(&self, order_id: &str) -> Result<()> {
        self.tell(|book| book.fail(order_id, Failure::CANCELLED))
    }

    /// Lets a pending order run out now.
    ///
    /// # Errors
    /// When there is no such order, or it is not pending.
    pub fn expire(&self, order_id: &str) -> Result<()> {
        self.tell(|book| {
            let event = book.fail(order_id, Failure::EXPIRED)?;
            if let Some(order) = book.orders.get_mut(order_id) {
                order.expire_at_ms = order.expire_at_ms.min(crate::clock::epoch_millis());
            }
            Ok(event)
        })
    }

    /// Sends the webhook of an order's present state once more.
    ///
    /// # Errors
    /// When there is no such order.
    pub fn notify(&self, order_id: &str) -> Result<()> {
        self.tell(|book| book.order(order_id).map(Event::of_order))
    }

    /// The body of the webhook about an order's present state, for a test that carries it itself.
    ///
    /// # Errors
    /// When there is no such order.
    pub fn order_webhook(&self, order_id: &str) -> Result<Value> {
        self.book().order(order_id).map(|order| Event::of_order(order).body())
    }

    /// The body of the webhook about a refund's present state.
    ///
    /// # Errors
    /// When there is no such `merchantRefundId`.
    pub fn refund_webhook(&self, refund_id: &str) -> Result<Value> {
        let book = self.book();
        let refund =
            book.refunds.get(refund_id).with_context(|| format!("There is no refund {refund_id}."))?;
        Ok(Event::of_refund(refund).body())
    }

    /// Where webhooks go, and the user name and password whose hash they carry.
    pub fn set_webhook(&self, url: &str, username: &str, password: &str) {
        self.courier.set_target(url, username, password);
    }

    /// What goes wrong with webhooks from now on.
    pub fn webhooks(&self, knobs: Webhooks) {
        self.courier.set(None, knobs);
    }

    /// What goes wrong with the webhooks of one order, so that tests that share a stack do not meet.
    pub fn webhooks_for(&self, order_id: &str, knobs: Webhooks) {
        self.courier.set(Some(order_id), knobs);
    }

    /// Every sending of a webhook so far, oldest first; a retry is a sending of its own.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.courier.deliveries()
    }

    /// From now on the status of this order claims `paise`; webhooks keep to the truth.
    pub fn answer_amount(&self, order_id: &str, paise: i64) {
        self.book().lies.entry(order_id.to_owned()).or_default().amount = Some(paise);
    }

    /// From now on the status of this order claims `state`; none = the truth. Webhooks keep to the truth.
    pub fn answer_state(&self, order_id: &str, state: Option<OrderState>) {
        self.book().lies.entry(order_id.to_owned()).or_default().state = state;
    }

    /// Whether new refunds stay PENDING until [`Phonepe::complete_refund`] or [`Phonepe::fail_refund`].
    pub fn hold_refunds(&self, hold: bool) {
        self.book().hold_refunds = hold;
    }

    /// Accepts and completes a refund, with a webhook for each.
    ///
    /// # Errors
    /// When there is no such `merchantRefundId`, or it has ended.
    pub fn complete_refund(&self, refund_id: &str) -> Result<()> {
        self.tell(|book| book.settle_refund(refund_id, RefundState::Confirmed))?;
        self.tell(|book| book.settle_refund(refund_id, RefundState::Completed))
    }

    /// Lets a refund fail.
    ///
    /// # Errors
    /// When there is no such `merchantRefundId`, or it has ended.
    pub fn fail_refund(&self, refund_id: &str) -> Result<()> {
        self.tell(|book| book.settle_refund(refund_id, RefundState::Failed))
    }

    /// Makes every access token invalid: the next call with one is answered 401.
    pub fn revoke_tokens(&self) {
        self.book().revoke_tokens();
    }

    /// Changes the books and sends what there is to tell, in the order of the changes.
    fn tell(&self, change: impl FnOnce(&mut Book) -> Result<Event>) -> Result<()> {
        let mut book = self.book();
        let event = change(&mut book)?;
        self.courier.send(event);
        Ok(())
    }

    fn expire_later(&self, order_id: String, seconds: i64) {
        let simulator = self.clone();
        self.runtime.spawn(async move {
            tokio::time::sleep(Duration::from_secs(seconds.unsigned_abs())).await;
            // An order that ended earlier refuses, which is right.
            let _ = simulator.expire(&order_id);
        });
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Service {
    front: Front,
    simulator: Phonepe,
}

/// The service as a router.
pub(crate) fn router(simulator: Phonepe, front: Front) -> Router {
    Router::new().fallback(handle).with_state(Arc::new(Service { front, simulator }))
}

async fn handle(State(service): State<Arc<Service>>, request: Request) -> Response<Body> {
    let work = |parts: &Parts, body: &Bytes| match parts.uri.path().strip_prefix("/transact/") {
        Some(token) => service.simulator.page(parts, token, body),
        None => service.simulator.call(parts, body),
    };
    service.front.answer(request, api::usual, work).await
}
