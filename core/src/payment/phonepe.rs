//! PhonePe V2's wire format: requests and responses.
//!
//! Parsing is lenient: unknown fields and states are ignored, and only the root `state` decides
//! (PhonePe, "handling webhooks, standard checkout").

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::time::{self, Timestamp};

/// How long a payment page stays open, in seconds. PhonePe takes 300 to 3600 and its default is disputed, so
/// it is always sent.
pub const EXPIRE_AFTER_SECONDS: i64 = 1_200;

/// `POST /v1/oauth/token`
#[derive(Clone, Debug, Deserialize)]
pub struct TokenAnswer {
    /// The token, used as `Authorization: O-Bearer …`.
    pub access_token: String,
    /// Epoch seconds; absent in some answers.
    #[serde(default)]
    pub issued_at: Option<i64>,
    /// Epoch seconds.
    #[serde(default)]
    pub expires_at: Option<i64>,
}

impl TokenAnswer {
    /// Until when to keep the token, as PhonePe's own clients do: half of its life. A token without times is
    /// kept for a minute.
    pub fn keep_until(&self, now: Timestamp) -> Timestamp {
        let now_seconds = now.as_second();
        let issued = self.issued_at.unwrap_or(now_seconds);
        let life = self.expires_at.map_or(120, |expires| expires.saturating_sub(issued)).max(0);
        Timestamp::from_second(issued.saturating_add(life / 2)).unwrap_or(now)
    }
}

/// The body of `POST /checkout/v2/pay`. `amount` is in paise.
pub fn pay_request(order_id: &str, amount: i64, redirect_url: &str) -> Value {
    json!({
        "merchantOrderId": order_id,
        "amount": amount,
        "expireAfter": EXPIRE_AFTER_SECONDS,
        "paymentFlow": {"type": "PG_CHECKOUT", "merchantUrls": {"redirectUrl": redirect_url}},
    })
}

/// The answer of `POST /checkout/v2/pay`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PayAnswer {
    /// PhonePe's id of the order; V1 gives none.
    #[serde(default)]
    pub order_id: Option<String>,
    /// Where the person pays.
    pub redirect_url: String,
    /// Epoch milliseconds.
    #[serde(default)]
    pub expire_at: Option<i64>,
}

impl PayAnswer {
    /// When the page closes; computed from our own request when PhonePe does not say.
    pub fn expires_at(&self, now: Timestamp) -> Timestamp {
        let said = self.expire_at.and_then(Timestamp::from_millisecond);
        said.unwrap_or_else(|| time::plus_ms(now, EXPIRE_AFTER_SECONDS * time::SECOND_MS))
    }
}

/// The answer of `GET /checkout/v2/order/{id}/status`, as far as it decides anything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OrderStatus {
    /// PhonePe's id of the order.
    pub order_id: Option<String>,
    /// PENDING, COMPLETED or FAILED; anything else counts as PENDING.
    pub state: String,
    /// In paise.
    pub amount: Option<i64>,
    /// Why, when it failed.
    pub error_code: Option<String>,
    /// Why in more detail.
    pub detailed_error_code: Option<String>,
}

/// The body of `POST /payments/v2/refund`. `amount` is in paise.
pub fn refund_request(refund_id: &str, order_id: &str, amount: i64) -> Value {
    json!({"merchantRefundId": refund_id, "originalMerchantOrderId": order_id, "amount": amount})
}

/// What PhonePe says about a refund, in answer to the request for it or to `GET /payments/v2/refund/{id}/status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RefundAnswer {
    /// PhonePe's id of the refund.
    pub refund_id: Option<String>,
    /// PENDING, CONFIRMED, COMPLETED or FAILED; anything but the last two counts as pending.
    pub state: String,
    /// In paise.
    pub amount: Option<i64>,
    /// Why, when it failed.
    pub error_code: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_kept_for_half_of_its_life() {
        let now = Timestamp::from_second(1_000).unwrap();
        let token = |issued_at, expires_at| TokenAnswer { access_token: "t".into(), issued_at, expires_at };
        assert_eq!(token(Some(1_000), Some(2_000)).keep_until(now).as_second(), 1_500);
        assert_eq!(token(None, None).keep_until(now).as_second(), 1_060);
        assert_eq!(token(Some(1_000), Some(0)).keep_until(now).as_second(), 1_000);
    }
}
