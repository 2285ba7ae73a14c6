//! The wire types of the payments.

use serde::{Deserialize, Serialize};

use crate::payment::timeline::TimelineEvent;
use crate::plan::Offer;
use crate::vocabulary::{Interval, PaymentStatus, Plan, RefundBy, RefundStatus, SubscriptionStatus};

/// `GET /payments/v2/plans`
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Plans {
    /// Always `INR`.
    pub currency: &'static str,
    /// From the smallest to the largest.
    pub plans: &'static [Offer],
}

/// `POST /payments/v2/init`. The price is the catalogue's: no amount is taken from a client.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct InitRequest {
    /// The plan.
    #[cfg_attr(feature = "schema", schemars(with = "Plan"))]
    pub plan: String,
    /// The interval.
    #[cfg_attr(feature = "schema", schemars(with = "Interval"))]
    pub interval: String,
}

/// The answer to an init.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Checkout {
    /// Our order id; ask its status with it.
    pub order_id: String,
    /// In paise.
    pub amount: i64,
    /// Always `INR`.
    pub currency: String,
    /// PhonePe's page, where the person pays.
    pub redirect_url: String,
    /// When that page closes, RFC 3339 UTC.
    pub expires_at: String,
}

/// What a paid order bought.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SubscriptionView {
    /// The plan; absent when there is none.
    pub plan: Option<Plan>,
    /// The label.
    pub status: SubscriptionStatus,
    /// RFC 3339 UTC.
    pub current_period_end: Option<String>,
    /// Until when there is access, RFC 3339 UTC.
    pub access_until: Option<String>,
}

/// `GET /payments/v2/status/{order_id}`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderView {
    /// Our order id.
    pub order_id: String,
    /// The plan.
    pub plan: Plan,
    /// The interval.
    pub interval: Interval,
    /// In paise.
    pub amount: i64,
    /// Where the money is.
    pub status: PaymentStatus,
    /// Still pending although its page's time is over: PhonePe has to be asked by a person if it stays so.
    pub needs_attention: bool,
    /// When the money came, RFC 3339 UTC.
    pub paid_at: Option<String>,
    /// The workspace's subscription as it stands now.
    pub subscription: Option<SubscriptionView>,
    /// While pending: how long to wait before asking again, in milliseconds.
    pub poll_after_ms: Option<i64>,
    /// While pending: when a page may stop asking, RFC 3339 UTC. We go on without it.
    pub give_up_at: Option<String>,
}

/// `POST /payments/v2/refund`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    /// Our order id.
    pub order_id: String,
    /// In paise; left out when all that is left is meant. Only support may ask for a part.
    #[serde(default)]
    pub amount: Option<i64>,
    /// Why, in 1 to 500 characters.
    pub reason: String,
}

/// Money on its way back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundView {
    /// Our id of the refund, the one to tell support.
    pub refund_id: String,
    /// The order whose money goes back.
    pub order_id: String,
    /// In paise.
    pub amount: i64,
    /// Where the money is.
    pub status: RefundStatus,
    /// As whom it was asked for.
    pub requested_as: RefundBy,
    /// Why, as it was asked for.
    pub reason: String,
    /// PhonePe's id of it, once PhonePe has taken it.
    pub provider_refund_id: Option<String>,
    /// When it was asked for, RFC 3339 UTC.
    pub created_at: String,
    /// While pending: when we ask PhonePe next, RFC 3339 UTC.
    pub next_check_at: Option<String>,
    /// When it ended, RFC 3339 UTC.
    pub finished_at: Option<String>,
}

/// `GET /payments/v2/orders`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Orders {
    /// The workspace's orders, the newest first.
    pub orders: Vec<OrderView>,
}

/// `GET /payments/v2/{order_id}/timeline`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Timeline {
    /// The order as it stands.
    pub order: OrderView,
    /// What happened, the oldest first.
    pub events: Vec<TimelineEvent>,
    /// Its refunds, the oldest first.
    pub refunds: Vec<RefundView>,
    /// While something is pending: when we ask PhonePe next, RFC 3339 UTC.
    pub next_check_at: Option<String>,
    /// What support can do about it.
    pub support: String,
}

/// `POST /api/webhooks/phonepe`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WebhookAnswer {
    /// Always true: it is stored.
    pub received: bool,
    /// Whether the same one had come before.
    pub duplicate: bool,
}
