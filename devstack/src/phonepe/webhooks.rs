//! Sending webhooks to the merchant, and what goes wrong with them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::digest::sha256_hex;
use super::event::Event;
use super::v1::wire;

/// The service expects a response within 3 to 5 seconds.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Pause before the only retry.
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// What goes wrong with webhooks. The default delivers each one once and without delay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Webhooks {
    /// Send nothing.
    pub lose: bool,
    /// Send everything twice.
    pub duplicate: bool,
    /// Milliseconds to wait before each event.
    pub delay_ms: u64,
    /// Hold an event until the next one of the same order was delivered, then send it.
    /// Turning this off sends the events that are still held.
    pub reorder: bool,
}

/// The result of one attempt to deliver a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The merchant answered with this HTTP status.
    Answered(u16),
    /// No response within 5 seconds.
    Unreachable,
    /// Not sent because of [`Webhooks::lose`].
    Lost,
    /// Not sent because no webhook is configured.
    NoWebhook,
}

/// One attempt to deliver an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// E.g. `checkout.order.completed`.
    pub event: String,
    /// The `merchantOrderId` it is about.
    pub order_id: String,
    /// Its result.
    pub outcome: Outcome,
}

/// The merchant's address and the header that authenticates the sender.
struct Target {
    url: String,
    authorization: String,
}

#[derive(Default)]
struct SenderState {
    target: Option<Arc<Target>>,
    default_behaviour: Webhooks,
    /// Overrides for single orders.
    order_behaviour: BTreeMap<String, Webhooks>,
    /// Events held back by [`Webhooks::reorder`].
    held: BTreeMap<String, Vec<Event>>,
    /// The running delivery of each order: events of one order are delivered one after another.
    running: BTreeMap<String, JoinHandle<()>>,
    deliveries: Vec<Delivery>,
}

/// Sends events. Clones share its state.
#[derive(Clone)]
pub(super) struct WebhookSender {
    state: Arc<Mutex<SenderState>>,
    runtime: Handle,
    http: reqwest::Client,
}

impl WebhookSender {
    /// A sender that runs on the caller's runtime.
    pub(super) fn new() -> Self {
        Self { state: Arc::default(), runtime: Handle::current(), http: reqwest::Client::new() }
    }

    pub(super) fn set_target(&self, url: &str, username: &str, password: &str) {
        let authorization = authorization(username, password);
        self.lock().target = Some(Arc::new(Target { url: url.to_owned(), authorization }));
    }

    /// Sets what goes wrong, for one order or for all others.
    pub(super) fn set_behaviour(&self, order_id: Option<&str>, behaviour: Webhooks) {
        let mut state = self.lock();
        match order_id {
            Some(id) => drop(state.order_behaviour.insert(id.to_owned(), behaviour)),
            None => state.default_behaviour = behaviour,
        }
        let released: Vec<String> =
            state.held.keys().filter(|id| !state.behaviour(id).reorder).cloned().collect();
        for id in released {
            let events = state.held.remove(&id).unwrap_or_default();
            self.dispatch(&mut state, &id, events);
        }
    }

    /// Delivers an event, after the earlier events of the same order.
    pub(super) fn send(&self, event: Event) {
        let mut state = self.lock();
        let order_id = event.order_id.clone();
        let events = match (state.behaviour(&order_id).reorder, state.held.remove(&order_id)) {
            (true, None) => return drop(state.held.insert(order_id, vec![event])),
            (_, held) => std::iter::once(event).chain(held.unwrap_or_default()).collect(),
        };
        self.dispatch(&mut state, &order_id, events);
    }

    pub(super) fn deliveries(&self) -> Vec<Delivery> {
        self.lock().deliveries.clone()
    }

    fn dispatch(&self, state: &mut SenderState, order_id: &str, events: Vec<Event>) {
        let (behaviour, previous) = (state.behaviour(order_id), state.running.remove(order_id));
        let (sender, target) = (self.clone(), state.target.clone());
        let delivery = self.runtime.spawn(async move {
            if let Some(previous) = previous {
                let _ = previous.await;
            }
            for event in events {
                tokio::time::sleep(Duration::from_millis(behaviour.delay_ms)).await;
                let copies = if behaviour.duplicate { 2 } else { 1 };
                for _ in 0..copies {
                    sender.deliver(target.as_deref(), &event, behaviour.lose).await;
                }
            }
        });
        state.running.insert(order_id.to_owned(), delivery);
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
                    self.record(event, first);
                    tokio::time::sleep(RETRY_DELAY).await;
                    self.post(target, event).await
                }
            }
        };
        self.record(event, outcome);
    }

    async fn post(&self, target: Option<&Target>, event: &Event) -> Outcome {
        let request = match (&event.callback, target) {
            (Some((url, body)), _) => {
                let (body, signature) = wire::callback(body);
                self.http.post(url).header("x-verify", signature).json(&body)
            }
            (None, Some(target)) => {
                self.http.post(&target.url).header("authorization", &target.authorization).json(&event.body())
            }
            (None, None) => return Outcome::NoWebhook,
        };
        match request.timeout(TIMEOUT).send().await {
            Ok(response) => Outcome::Answered(response.status().as_u16()),
            Err(_) => Outcome::Unreachable,
        }
    }

    fn record(&self, event: &Event, outcome: Outcome) {
        let delivery = Delivery { event: event.name.into(), order_id: event.order_id.clone(), outcome };
        self.lock().deliveries.push(delivery);
    }

    fn lock(&self) -> MutexGuard<'_, SenderState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SenderState {
    fn behaviour(&self, order_id: &str) -> Webhooks {
        self.order_behaviour.get(order_id).copied().unwrap_or(self.default_behaviour)
    }
}

/// The header by which the merchant authenticates the sender: the hex SHA-256 of `username:password`.
fn authorization(username: &str, password: &str) -> String {
    sha256_hex(&format!("{username}:{password}"))
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
