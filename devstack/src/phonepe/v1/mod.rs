//! Version 1 of the API over the same orders: base64 payloads with an `X-VERIFY` signature.

pub(super) mod wire;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use self::wire::{order_json, refund_json, signature};
use super::Phonepe;
use super::merchant::MERCHANT_ID;
use super::order::{Order, OrderState, Refund, RefundState};
use super::store::new_id;
use crate::clock::epoch_millis;
use crate::http::request::header;
use crate::http::response::json_response;

/// Seconds that a page stays open.
const OPEN_SECONDS: i64 = 1200;

/// An answer, or the status and code of an error: 400 for all but a wrong signature and an unknown path.
type Reply = Result<Value, (StatusCode, &'static str)>;

fn refuse<T>(code: &'static str) -> Result<T, (StatusCode, &'static str)> {
    Err((StatusCode::BAD_REQUEST, code))
}

impl Phonepe {
    /// Answers one call below `/pg/v1`.
    pub(super) fn call_v1(&self, parts: &Parts, body: &Bytes, rest: &[&str]) -> Response<Body> {
        let (get, post) = (parts.method == Method::GET, parts.method == Method::POST);
        let reply = match rest {
            ["pay"] if post => payload(parts, body).and_then(|payload| self.pay_v1(&payload)),
            ["refund"] if post => payload(parts, body).and_then(|payload| self.refund_v1(&payload)),
            ["status", merchant, id] if get => self.status_v1(parts, merchant, id),
            _ => Err((StatusCode::NOT_FOUND, "NOT_FOUND")),
        };
        match reply {
            Ok(body) => json_response(StatusCode::OK, &body),
            Err((status, code)) => {
                json_response(status, &json!({"success": false, "code": code, "message": code, "data": {}}))
            }
        }
    }

    fn pay_v1(&self, payload: &Value) -> Reply {
        let id = identifier(payload)?;
        let text = |name: &str| payload[name].as_str().unwrap_or_default().to_owned();
        let amount = payload["amount"].as_i64().filter(|paise| *paise >= 100);
        let (Some(amount), "PAY_PAGE") =
            (amount, payload["paymentInstrument"]["type"].as_str().unwrap_or_default())
        else {
            return refuse("BAD_REQUEST");
        };
        if text("merchantUserId").is_empty()
            || text("redirectUrl").is_empty()
            || text("callbackUrl").is_empty()
        {
            return refuse("BAD_REQUEST");
        }
        let mut store = self.store();
        if store.orders.contains_key(&id) {
            return refuse("BAD_REQUEST");
        }
        let token = uuid::Uuid::new_v4().simple().to_string();
        let order = Order {
            merchant_order_id: id.clone(),
            order_id: new_id("T"),
            amount,
            state: OrderState::Pending,
            error: None,
            expire_at_ms: epoch_millis() + OPEN_SECONDS * 1000,
            page_url: format!("{}/transact/{token}", self.url()),
            return_url: text("redirectUrl"),
            meta_info: Value::Null,
            attempts: vec![],
            token,
            callback: Some(text("callbackUrl")),
        };
        let page = json!({"type": "PAY_PAGE", "redirectInfo": {"url": order.page_url, "method": "GET"}});
        store.orders.insert(id.clone(), order);
        self.expire_later(id.clone(), OPEN_SECONDS);
        Ok(json!({
            "success": true, "code": "PAYMENT_INITIATED", "message": "Payment initiated",
            "data": {"merchantId": MERCHANT_ID, "merchantTransactionId": id, "instrumentResponse": page},
        }))
    }

    fn refund_v1(&self, payload: &Value) -> Reply {
        let id = identifier(payload)?;
        let mut store = self.store();
        let Some(order) = store.orders.get(payload["originalTransactionId"].as_str().unwrap_or_default())
        else {
            return refuse("TRANSACTION_NOT_FOUND");
        };
        let amount = payload["amount"].as_i64().unwrap_or_default();
        if store.refunds.contains_key(&id) || amount < 100 {
            return refuse("BAD_REQUEST");
        }
        if amount > store.refundable(order) {
            return refuse("EXCESS_REFUND_AMOUNT");
        }
        let refund = Refund {
            merchant_refund_id: id.clone(),
            refund_id: new_id("TR"),
            merchant_order_id: order.merchant_order_id.clone(),
            amount,
            state: RefundState::Pending,
            timestamp_ms: epoch_millis(),
            callback: payload["callbackUrl"].as_str().map(str::to_owned),
        };
        let (answer, hold) = (refund_json(&refund), store.hold_refunds);
        store.refunds.insert(id.clone(), refund);
        drop(store);
        if !hold {
            // The refund is new and pending, so this cannot fail.
            let _ = self.complete_refund(&id);
        }
        Ok(answer)
    }

    fn status_v1(&self, parts: &Parts, merchant: &str, id: &str) -> Reply {
        let is_our_merchant =
            header(&parts.headers, "x-merchant-id") == Some(MERCHANT_ID) && merchant == MERCHANT_ID;
        let signed = is_signed(parts, &format!("/pg/v1/status/{merchant}/{id}"));
        if !is_our_merchant || !signed {
            return Err((StatusCode::UNAUTHORIZED, "AUTHORIZATION_FAILED"));
        }
        let store = self.store();
        if let Some(refund) = store.refunds.get(id) {
            return Ok(refund_json(refund));
        }
        match store.orders.get(id) {
            Some(order) => Ok(order_json(order, &store.status(order, false, false))),
            None => refuse("TRANSACTION_NOT_FOUND"),
        }
    }
}

fn is_signed(parts: &Parts, text: &str) -> bool {
    header(&parts.headers, "x-verify").is_some_and(|sent| sent == signature(text))
}

/// The payload of a request, if our merchant signed it.
fn payload(parts: &Parts, body: &Bytes) -> Reply {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let request = body["request"].as_str().unwrap_or_default();
    // The signature covers the path after the host.
    if !is_signed(parts, &format!("{request}{}", parts.uri.path())) {
        return Err((StatusCode::UNAUTHORIZED, "AUTHORIZATION_FAILED"));
    }
    let payload = STANDARD.decode(request).ok().and_then(|json| serde_json::from_slice::<Value>(&json).ok());
    payload.filter(|payload| payload["merchantId"] == MERCHANT_ID).map_or_else(|| refuse("BAD_REQUEST"), Ok)
}

/// 1 to 34 letters, digits, `_` and `-`: the strictest rule that the service's documentation names.
fn identifier(payload: &Value) -> Result<String, (StatusCode, &'static str)> {
    let id = payload["merchantTransactionId"].as_str().unwrap_or_default();
    let valid = (1..=34).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if valid { Ok(id.to_owned()) } else { refuse("BAD_REQUEST") }
}
