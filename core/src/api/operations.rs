//! The wire types of what operators ask.

use serde::{Deserialize, Serialize};

/// `GET /ready`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ready {
    /// Always true: otherwise the answer is a 503 that names what is away.
    pub ready: bool,
    /// Whether PhonePe answers. Without it everything but paying works.
    pub phonepe: bool,
}

/// `GET /metrics`: Prometheus text, see docs/METRICS.md.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Metrics(pub String);

/// `GET /openapi.json`: an OpenAPI 3.1 document.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OpenApi(pub serde_json::Map<String, serde_json::Value>);

/// The body of `POST /operations/replay`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    /// An inbox id, or the id of an order or refund: the newest webhook about it.
    pub about: String,
    /// Whether to apply it; otherwise nothing is changed.
    #[serde(default)]
    pub apply: bool,
}

/// A place where replaying a webhook makes a difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplayChange {
    /// Such as `order.status`.
    pub path: String,
    /// What stands there.
    pub before: serde_json::Value,
    /// What stands there afterwards.
    pub after: serde_json::Value,
}

/// `POST /operations/replay`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Replayed {
    /// The webhook.
    pub inbox_id: i64,
    /// The order or refund that it speaks of, read from its body again.
    pub about: String,
    /// Its event.
    pub event: String,
    /// Where the state came from: PhonePe was asked just now. The body is a hint and decides nothing.
    pub state_from: String,
    /// PhonePe's word for the state; empty when it has never heard of it.
    pub state: String,
    /// What the database makes of it, such as `applied`, `unchanged` or `incident`.
    pub outcome: String,
    /// Whether it was applied by this call.
    pub applied: bool,
    /// What applying it changes; nothing when it is settled already.
    pub changes: Vec<ReplayChange>,
}
