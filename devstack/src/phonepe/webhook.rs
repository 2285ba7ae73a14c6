//! What the merchant is told, and how badly the telling goes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::order::{Order, OrderState, Refund, RefundState};
use super::v1;

/// The service wants its answer within 3 to 5 seconds.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pause before the one retry.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// What goes wrong with webhooks. The default delivers each once and at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Webhooks {
    /// Send nothing.
    pub lose: bool,
    /// Send everything twice.
    pub duplicate: bool,
    /// Milliseconds to wait before each event.
    pub delay_ms: u64,
    /// Keep an event back until the next one of the same order was delivered, then send it.
    /// Turning this off sends what is still kept.
    pub reorder: bool,
}

/// What became of one sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The merchant answered with this HTTP status.
    Answered(u16),
    /// Nobody answered within 5 seconds.
    Unreachable,
    /// [`Webhooks::lose`] swallowed it.
    Lost,
    /// No webhook is configured.
    NoWebhook,
}

/// One sending of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// E.g. `checkout.order.completed`.
    pub event: String,
    /// The `merchantOrderId` it is about.
    pub order_id: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// Something to tell.
#[derive(Debug, Clone)]
pub(super) struct Event {
    name: &'static str,
    order_id: String,
    payload: Value,
    /// The older generation's address and answer.
    callback: Option<(String, Value)>,
}

impl Event {
    pub(super) fn of_order(order: &Order) -> Self {
        let name = match order.state {
            OrderState::Completed => "checkout.order.completed",
            OrderState::Failed => "checkout.order.failed",
            // What the service sends while an order is still open is about an attempt.
            OrderState::Pending => "checkout.transaction.attempt.failed",
        };
        let payload = order.wire(true, false);
        let callback = order.callback.clone().map(|url| (url, v1::order_answer(order, &payload)));
        Self { name, order_id: order.merchant_order_id.clone(), payload, callback }
    }

    pub(super) fn of_refund(refund: &Refund) -> Self {
        let name = match refund.state {
            RefundState::Pending | RefundState::Confirmed => "pg.refund.accepted",
            RefundState::Completed => "pg.refund.completed",
            RefundState::Failed => "pg.refund.failed",
        };
        let callback = refund.callback.clone().map(|url| (url, v1::refund_answer(refund)));
        Self { name, order_id: refund.merchant_order_id.clone(), payload: refund.wire(), callback }
    }

    pub(super) fn body(&self) -> Value {
        let old_type = self.name.replace('.', "_").to_uppercase();
        json!({"type": old_type, "event": self.name, "payload": self.payload})
    }
}

/// Where to send, and how the sender proves itself.
struct Target {
    url: String,
    authorization: String,
}

#[derive(Default)]
struct Desk {
    target: Option<Arc<Target>>,
    all: Webhooks,
    /// Knobs for one order, which come before those for all.
    single: BTreeMap<String, Webhooks>,
    kept: BTreeMap<String, Vec<Event>>,
    /// The sending under way of each order: events of one order follow each other.
    under_way: BTreeMap<String, JoinHandle<()>>,
    deliveries: Vec<Delivery>,
}

/// Sends events. Clones share it.
#[derive(Clone)]
pub(super) struct Courier {
    desk: Arc<Mutex<Desk>>,
    runtime: Handle,
    http: reqwest::Client,
}

impl Courier {
    /// Sends on the runtime of the caller.
    pub(super) fn new() -> Self {
        Self { desk: Arc::default(), runtime: Handle::current(), http: reqwest::Client::new() }
    }

    pub(super) fn set_target(&self, url: &str, username: &str, password: &str) {
        let authorization = authorization(username, password);
        self.lock().target = Some(Arc::new(Target { url: url.to_owned(), authorization }));
    }

    /// Sets the knobs, for one order or for all others.
    pub(super) fn set(&self, order_id: Option<&str>, knobs: Webhooks) {
        let mut desk = self.lock();
        match order_id {
            Some(id) => drop(desk.single.insert(id.to_owned(), knobs)),
            None => desk.all = knobs,
        }
        let free: Vec<String> = desk.kept.keys().filter(|id| !desk.knobs(id).reorder).cloned().collect();
        for id in free {
            let events = desk.kept.remove(&id).unwrap_or_default();
            self.dispatch(&mut desk, &id, events);
        }
    }

    /// Tells the merchant, after everything that was sent before about the same order.
    pub(super) fn send(&self, event: Event) {
        let mut desk = self.lock();
        let order_id = event.order_id.clone();
        let events = match (desk.knobs(&order_id).reorder, desk.kept.remove(&order_id)) {
            (true, None) => return drop(desk.kept.insert(order_id, vec![event])),
            (_, kept) => std::iter::once(event).chain(kept.unwrap_or_default()).collect(),
        };
        self.dispatch(&mut desk, &order_id, events);
    }

    pub(super) fn deliveries(&self) -> Vec<Delivery> {
        self.lock().deliveries.clone()
    }

    fn dispatch(&self, desk: &mut Desk, order_id: &str, events: Vec<Event>) {
        let (knobs, before) = (desk.knobs(order_id), desk.under_way.remove(order_id));
        let (courier, target) = (self.clone(), desk.target.clone());
        let sending = self.runtime.spawn(async move {
            if let Some(before) = before {
                let _ = before.await;
            }
            for event in events {
                tokio::time::sleep(Duration::from_millis(knobs.delay_ms)).await;
                let copies = if knobs.duplicate { 2 } else { 1 };
                for _ in 0..copies {
                    courier.deliver(target.as_deref(), &event, knobs.lose).await;
                }
            }
        });
        desk.under_way.insert(order_id.to_owned(), sending);
    }

    async fn deliver(&self, target: Option<&Target>, event: &Event, lose: bool) {
        let outcome = match target {
            None if event.callback.is_none() => Outcome::NoWebhook,
            _ if lose => Outcome::Lost,
            target => {
                let first = self.post(target, event).await;
                if matches!(first, Outcome::Answered(200..=299)) {
                    first
                } else {
                    self.note(event, first);
                    tokio::time::sleep(RETRY_AFTER).await;
                    self.post(target, event).await
                }
            }
        };
        self.note(event, outcome);
    }

    async fn post(&self, target: Option<&Target>, event: &Event) -> Outcome {
        let request = match (&event.callback, target) {
            (Some((url, answer)), _) => {
                let (body, proof) = v1::callback(answer);
                self.http.post(url).header("x-verify", proof).json(&body)
            }
            (None, Some(target)) => {
                self.http.post(&target.url).header("authorization", &target.authorization).json(&event.body())
            }
            (None, None) => return Outcome::NoWebhook,
        };
        match request.timeout(PATIENCE).send().await {
            Ok(answer) => Outcome::Answered(answer.status().as_u16()),
            Err(_) => Outcome::Unreachable,
        }
    }

    fn note(&self, event: &Event, outcome: Outcome) {
        let delivery = Delivery { event: event.name.into(), order_id: event.order_id.clone(), outcome };
        self.lock().deliveries.push(delivery);
    }

    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    fn knobs(&self, order_id: &str) -> Webhooks {
        self.single.get(order_id).copied().unwrap_or(self.all)
    }
}

/// The header by which the merchant knows the sender: the hex SHA-256 of `username:password`.
pub(super) fn authorization(username: &str, password: &str) -> String {
    sha256_hex(&format!("{username}:{password}"))
}

/// Lower-case hex.
pub(super) fn sha256_hex(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::authorization;

    #[test]
    fn the_header_is_that_of_the_official_clients() {
        let known = "bc842c31a9e54efe320d30d948be61291f3ceee4766e36ab25fa65243cd76e0e";
        assert_eq!(authorization("username", "password"), known);
    }
}
