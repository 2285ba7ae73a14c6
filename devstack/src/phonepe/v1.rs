//! The older generation over the same books: base64 payloads, signed and checked by `X-VERIFY`.

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::book::number;
use super::order::{MERCHANT_ID, Order, OrderState, Refund, RefundState};
use super::webhook::sha256_hex;
use super::{Phonepe, SALT_INDEX, SALT_KEY};
use crate::auth::json_response;
use crate::clock::epoch_millis;
use crate::front::header;

/// Seconds that a page stays open.
const OPEN_SECONDS: i64 = 1200;

/// A code and why; the HTTP status of every refusal here is 400, but for a wrong signature.
type Reply = Result<Value, (StatusCode, &'static str)>;

fn refuse<T>(code: &'static str) -> Result<T, (StatusCode, &'static str)> {
    Err((StatusCode::BAD_REQUEST, code))
}

/// What signs `text`, in either direction.
fn proof(text: &str) -> String {
    format!("{}###{SALT_INDEX}", sha256_hex(&format!("{text}{SALT_KEY}")))
}

/// A callback's body and its `X-VERIFY`, which signs the base64 text without a path.
pub(super) fn callback(answer: &Value) -> (Value, String) {
    let response = STANDARD.encode(answer.to_string());
    let proof = proof(&response);
    (json!({"response": response}), proof)
}

/// An order's state as status and callback give it. `shown` is what the status call claims.
pub(super) fn order_answer(order: &Order, shown: &Value) -> Value {
    let code = match shown["state"].as_str() {
        Some("COMPLETED") => "PAYMENT_SUCCESS",
        Some("FAILED") => "PAYMENT_ERROR",
        _ => "PAYMENT_PENDING",
    };
    let transaction_id = order.attempts.last().map_or(&order.order_id, |attempt| &attempt.transaction_id);
    let data = json!({
        "merchantId": MERCHANT_ID, "merchantTransactionId": order.merchant_order_id,
        "transactionId": transaction_id, "amount": shown["amount"], "state": shown["state"],
        "responseCode": if code == "PAYMENT_SUCCESS" { "SUCCESS" } else { code },
    });
    json!({"success": code != "PAYMENT_ERROR", "code": code, "message": code, "data": data})
}

/// A refund's state as answer, status and callback give it.
pub(super) fn refund_answer(refund: &Refund) -> Value {
    let code = match refund.state {
        RefundState::Pending | RefundState::Confirmed => "PAYMENT_PENDING",
        RefundState::Completed => "PAYMENT_SUCCESS",
        RefundState::Failed => "PAYMENT_ERROR",
    };
    let data = json!({
        "merchantId": MERCHANT_ID, "merchantTransactionId": refund.merchant_refund_id,
        "transactionId": refund.refund_id, "amount": refund.amount, "state": refund.state, "responseCode": code,
    });
    json!({"success": code != "PAYMENT_ERROR", "code": code, "message": code, "data": data})
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
        let mut book = self.book();
        if book.orders.contains_key(&id) {
            return refuse("BAD_REQUEST");
        }
        let token = uuid::Uuid::new_v4().simple().to_string();
        let order = Order {
            merchant_order_id: id.clone(),
            order_id: number("T"),
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
        book.orders.insert(id.clone(), order);
        self.expire_later(id.clone(), OPEN_SECONDS);
        Ok(json!({
            "success": true, "code": "PAYMENT_INITIATED", "message": "Payment initiated",
            "data": {"merchantId": MERCHANT_ID, "merchantTransactionId": id, "instrumentResponse": page},
        }))
    }

    fn refund_v1(&self, payload: &Value) -> Reply {
        let id = identifier(payload)?;
        let mut book = self.book();
        let Some(order) = book.orders.get(payload["originalTransactionId"].as_str().unwrap_or_default())
        else {
            return refuse("TRANSACTION_NOT_FOUND");
        };
        let amount = payload["amount"].as_i64().unwrap_or_default();
        if book.refunds.contains_key(&id) || amount < 100 {
            return refuse("BAD_REQUEST");
        }
        if amount > book.refundable(order) {
            return refuse("EXCESS_REFUND_AMOUNT");
        }
        let refund = Refund {
            merchant_refund_id: id.clone(),
            refund_id: number("TR"),
            merchant_order_id: order.merchant_order_id.clone(),
            amount,
            state: RefundState::Pending,
            timestamp_ms: epoch_millis(),
            callback: payload["callbackUrl"].as_str().map(str::to_owned),
        };
        let (answer, held) = (refund_answer(&refund), book.hold_refunds);
        book.refunds.insert(id.clone(), refund);
        drop(book);
        if !held {
            // Just made and pending, so this cannot be refused.
            let _ = self.complete_refund(&id);
        }
        Ok(answer)
    }

    fn status_v1(&self, parts: &Parts, merchant: &str, id: &str) -> Reply {
        let named = header(&parts.headers, "x-merchant-id") == Some(MERCHANT_ID) && merchant == MERCHANT_ID;
        let signed = is_signed(parts, &format!("/pg/v1/status/{merchant}/{id}"));
        if !named || !signed {
            return Err((StatusCode::UNAUTHORIZED, "AUTHORIZATION_FAILED"));
        }
        let book = self.book();
        if let Some(refund) = book.refunds.get(id) {
            return Ok(refund_answer(refund));
        }
        match book.orders.get(id) {
            Some(order) => Ok(order_answer(order, &book.status(order, false, false))),
            None => refuse("TRANSACTION_NOT_FOUND"),
        }
    }
}

fn is_signed(parts: &Parts, text: &str) -> bool {
    header(&parts.headers, "x-verify").is_some_and(|given| given == proof(text))
}

/// The payload of a request that is signed by our merchant.
fn payload(parts: &Parts, body: &Bytes) -> Reply {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let request = body["request"].as_str().unwrap_or_default();
    // The path as it stands below the host.
    if !is_signed(parts, &format!("{request}{}", parts.uri.path())) {
        return Err((StatusCode::UNAUTHORIZED, "AUTHORIZATION_FAILED"));
    }
    let inside =
        STANDARD.decode(request).ok().and_then(|inside| serde_json::from_slice::<Value>(&inside).ok());
    inside.filter(|payload| payload["merchantId"] == MERCHANT_ID).map_or_else(|| refuse("BAD_REQUEST"), Ok)
}

/// At most 34 letters, digits, `_` and `-`: the strictest of the service's own pages.
fn identifier(payload: &Value) -> Result<String, (StatusCode, &'static str)> {
    let id = payload["merchantTransactionId"].as_str().unwrap_or_default();
    let fits = (1..=34).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if fits { Ok(id.to_owned()) } else { refuse("BAD_REQUEST") }
}
