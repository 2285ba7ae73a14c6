//! PhonePe V2 on the wire: what we send, what we read, how a webhook proves itself.
//!
//! Reading is lenient: unknown fields and states are passed over, and only the root `state` decides
//! (PhonePe, "handling webhooks, standard checkout").

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use crate::context::sha256_hex;
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
    /// PhonePe's id of the order.
    pub order_id: String,
    /// Where the person pays.
    pub redirect_url: String,
    /// Epoch milliseconds.
    #[serde(default)]
    pub expire_at: Option<i64>,
}

impl PayAnswer {
    /// When the page closes; computed from our own request when PhonePe does not say.
    pub fn expires_at(&self, now: Timestamp) -> Timestamp {
        let said = self.expire_at.and_then(|ms| Timestamp::from_millisecond(ms).ok());
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

/// A webhook's body as far as we look: it is a hint, and the status API decides.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Webhook {
    /// Such as `checkout.order.completed`.
    pub event: String,
    payload: WebhookPayload,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WebhookPayload {
    merchant_order_id: Option<String>,
    original_merchant_order_id: Option<String>,
}

impl Webhook {
    /// Reads a body; one that is no JSON object is an empty hint.
    pub fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// The order it speaks of: a refund names the order that was refunded.
    pub fn order_id(&self) -> Option<&str> {
        self.payload.merchant_order_id.as_deref().or(self.payload.original_merchant_order_id.as_deref())
    }
}

/// Whether a webhook's `Authorization` is the hex SHA-256 of `username:password`, in constant time.
///
/// The header is the bare hex; some senders put `SHA256` and a space before it and some write capitals, so both
/// are taken. It is a fixed secret that says nothing about the body.
pub fn webhook_is_authorized(header: &str, username: &str, password: &str) -> bool {
    let given = header.trim();
    let given = given.strip_prefix("SHA256 ").unwrap_or(given).trim().to_ascii_lowercase();
    let expected = sha256_hex(format!("{username}:{password}"));
    !username.is_empty() && !password.is_empty() && bool::from(given.as_bytes().ct_eq(expected.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector of PhonePe's own client libraries.
    #[test]
    fn a_webhook_proves_itself_by_the_hash_of_its_credentials() {
        let hex = "bc842c31a9e54efe320d30d948be61291f3ceee4766e36ab25fa65243cd76e0e";
        assert!(webhook_is_authorized(hex, "username", "password"));
        assert!(webhook_is_authorized(&format!("SHA256 {}", hex.to_uppercase()), "username", "password"));
        for wrong in ["", "SHA256 ", &hex[1..], &hex.replace('b', "c")] {
            assert!(!webhook_is_authorized(wrong, "username", "password"), "{wrong}");
        }
        assert!(!webhook_is_authorized(
            "e7ac0786668e0ff0f02b62bd04f45ff636fd82db63b1104601c975dc005f3a67",
            "",
            ""
        ));
    }

    #[test]
    fn the_captured_webhook_is_read_and_the_unknown_is_passed_over() {
        let body = br#"{"type":"CHECKOUT_ORDER_COMPLETED","event":"checkout.order.completed","payload":{"merchantId":"M","merchantOrderId":"GH1","orderId":"OMO1","state":"COMPLETED","amount":100,"new":{"x":1}}}"#;
        let webhook = Webhook::read(body);
        assert_eq!((webhook.event.as_str(), webhook.order_id()), ("checkout.order.completed", Some("GH1")));
        let refund =
            Webhook::read(br#"{"event":"pg.refund.completed","payload":{"originalMerchantOrderId":"GH2"}}"#);
        assert_eq!(refund.order_id(), Some("GH2"));
        assert_eq!(Webhook::read(b"not json").order_id(), None);
    }

    #[test]
    fn a_token_is_kept_for_half_of_its_life() {
        let now = Timestamp::from_second(1_000).unwrap();
        let token = |issued_at, expires_at| TokenAnswer { access_token: "t".into(), issued_at, expires_at };
        assert_eq!(token(Some(1_000), Some(2_000)).keep_until(now).as_second(), 1_500);
        assert_eq!(token(None, None).keep_until(now).as_second(), 1_060);
        assert_eq!(token(Some(1_000), Some(0)).keep_until(now).as_second(), 1_000);
    }
}
