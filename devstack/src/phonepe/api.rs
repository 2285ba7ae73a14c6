//! The calls that a merchant's server makes.

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::book::{Book, number};
use super::order::{Order, OrderState, Refund, RefundState};
use super::{CLIENT_ID, CLIENT_SECRET, CLIENT_VERSION, Phonepe};
use crate::auth::json_response;
use crate::clock::epoch_millis;
use crate::front::{header, pairs, value};

/// Seconds that an order stays open when `expireAfter` is not sent.
const EXPIRE_AFTER: i64 = 1200;
/// Smallest payment and smallest refund, in paise. The service's own pages disagree about refunds (100 or 1):
/// the stricter rule is the safer one to build against.
const MIN_AMOUNT: i64 = 100;

/// A status, a code and a message.
pub(super) struct Refusal(StatusCode, &'static str, String);

type Reply = Result<Value, Refusal>;

/// The service's error body.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    json_response(status, &json!({"success": false, "code": code, "message": message, "data": {}}))
}

/// The error body that usually comes with a status.
pub(super) fn usual(status: StatusCode) -> Response<Body> {
    let code = match status.as_u16() {
        400 => "BAD_REQUEST",
        401 => "AUTHORIZATION_FAILED",
        403 => "FORBIDDEN",
        404 => "NOT_FOUND",
        429 => "TOO_MANY_REQUESTS",
        _ => "INTERNAL_SERVER_ERROR",
    };
    error(status, code, "Injected fault")
}

impl Phonepe {
    /// Answers one call under the base address, except for the pay page.
    pub(super) fn call(&self, parts: &Parts, body: &Bytes) -> Response<Body> {
        let segments: Vec<&str> = parts.uri.path().split('/').skip(1).collect();
        let (get, post) = (parts.method == Method::GET, parts.method == Method::POST);
        let reply = match segments.as_slice() {
            ["pg", "v1", rest @ ..] => return self.call_v1(parts, body, rest),
            ["v1", "oauth", "token"] if post => return self.token(parts, body),
            ["checkout", "v2", "pay"] if post => {
                self.authorised(parts).and_then(|()| self.pay_call(parts, body))
            }
            ["checkout", "v2", "order", id, "status"] if get => {
                self.authorised(parts).and_then(|()| self.status_call(parts, id))
            }
            ["payments", "v2", "refund"] if post => {
                self.authorised(parts).and_then(|()| self.refund_call(parts, body))
            }
            ["payments", "v2", "refund", id, "status"] if get => {
                self.authorised(parts).and_then(|()| self.refund_status_call(id))
            }
            _ => refuse(StatusCode::NOT_FOUND, "NOT_FOUND", "Api Mapping Not Found"),
        };
        match reply {
            Ok(body) => json_response(StatusCode::OK, &body),
            Err(Refusal(status, code, message)) => error(status, code, &message),
        }
    }

    fn token(&self, parts: &Parts, body: &Bytes) -> Response<Body> {
        if !is_type(parts, "application/x-www-form-urlencoded") {
            let message = "Content-Type must be application/x-www-form-urlencoded";
            return error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", message);
        }
        let form = pairs(&String::from_utf8_lossy(body));
        let right = value(&form, "client_id") == Some(CLIENT_ID)
            && value(&form, "client_secret") == Some(CLIENT_SECRET)
            && value(&form, "client_version") == Some(CLIENT_VERSION)
            && value(&form, "grant_type") == Some("client_credentials");
        if !right {
            let body = json!({
                "success": false, "code": "INVALID_CLIENT", "errorCode": "INVALID_CLIENT", "message": "Bad Request",
                "context": {"errorDescription": "Client Authentication Failure"},
            });
            return json_response(StatusCode::BAD_REQUEST, &body);
        }
        let (token, issued_at, expires_at) = self.book().issue_token();
        let body = json!({
            "access_token": token, "encrypted_access_token": token, "refresh_token": null,
            // The service leaves this empty; clients must read `expires_at`.
            "expires_in": null, "issued_at": issued_at, "expires_at": expires_at,
            "session_expires_at": expires_at, "token_type": "O-Bearer",
        });
        json_response(StatusCode::OK, &body)
    }

    fn authorised(&self, parts: &Parts) -> Result<(), Refusal> {
        let token = header(&parts.headers, "authorization").and_then(|v| v.strip_prefix("O-Bearer "));
        if token.is_some_and(|token| self.book().token_is_good(token)) {
            return Ok(());
        }
        refuse(StatusCode::UNAUTHORIZED, "AUTHORIZATION_FAILED", "Authorization failed for the request")
    }

    fn pay_call(&self, parts: &Parts, body: &Bytes) -> Reply {
        let body = read(parts, body)?;
        let id = identifier(&body, "merchantOrderId")?;
        let amount = amount(&body)?;
        let seconds = match &body["expireAfter"] {
            Value::Null => EXPIRE_AFTER,
            given => given
                .as_i64()
                .filter(|s| (300..=3600).contains(s))
                .ok_or_else(|| bad("expireAfter must be a number of seconds from 300 to 3600"))?,
        };
        if body["paymentFlow"]["type"] != "PG_CHECKOUT" {
            return Err(bad("paymentFlow.type must be PG_CHECKOUT"));
        }
        let return_url = body["paymentFlow"]["merchantUrls"]["redirectUrl"].as_str().unwrap_or_default();
        if !reqwest::Url::parse(return_url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
            return Err(bad("paymentFlow.merchantUrls.redirectUrl must be a web address"));
        }
        check_meta(&body["metaInfo"])?;
        let mut book = self.book();
        if book.orders.contains_key(&id) {
            let message = "An order with this merchantOrderId exists already";
            return refuse(StatusCode::EXPECTATION_FAILED, "INVALID_TRANSACTION_ID", message);
        }
        let token = uuid::Uuid::new_v4().simple().to_string();
        let order = Order {
            merchant_order_id: id.clone(),
            order_id: number("OMO"),
            amount,
            state: OrderState::Pending,
            error: None,
            expire_at_ms: epoch_millis() + seconds * 1000,
            page_url: format!("{}/transact/{token}", self.url()),
            return_url: return_url.to_owned(),
            meta_info: body["metaInfo"].clone(),
            attempts: vec![],
            token,
            callback: None,
        };
        let answer = json!({
            "orderId": order.order_id, "state": "PENDING", "expireAt": order.expire_at_ms,
            "redirectUrl": order.page_url,
        });
        book.orders.insert(id.clone(), order);
        self.expire_later(id, seconds);
        Ok(answer)
    }

    fn status_call(&self, parts: &Parts, id: &str) -> Reply {
        let query = pairs(parts.uri.query().unwrap_or_default());
        let is_set = |name| value(&query, name) == Some("true");
        let book = self.book();
        let order = known(&book, id)?;
        Ok(book.status(order, is_set("details"), is_set("errorContext")))
    }

    fn refund_call(&self, parts: &Parts, body: &Bytes) -> Reply {
        let body = read(parts, body)?;
        let id = identifier(&body, "merchantRefundId")?;
        let amount = amount(&body)?;
        let mut book = self.book();
        let order = known(&book, body["originalMerchantOrderId"].as_str().unwrap_or_default())?;
        if book.refunds.contains_key(&id) {
            let message = "A refund with this merchantRefundId exists already";
            return refuse(StatusCode::EXPECTATION_FAILED, "INVALID_TRANSACTION_ID", message);
        }
        if order.state != OrderState::Completed {
            return Err(bad("Only a completed order can be refunded"));
        }
        if amount > book.refundable(order) {
            let message = "The refunds would exceed what was paid";
            return refuse(StatusCode::BAD_REQUEST, "EXCESS_REFUND_AMOUNT", message);
        }
        let refund = Refund {
            merchant_refund_id: id.clone(),
            refund_id: number("OMR"),
            merchant_order_id: order.merchant_order_id.clone(),
            amount,
            state: RefundState::Pending,
            timestamp_ms: epoch_millis(),
            callback: None,
        };
        let answer = json!({"refundId": refund.refund_id, "amount": amount, "state": "PENDING"});
        let held = book.hold_refunds;
        book.refunds.insert(id.clone(), refund);
        drop(book);
        if !held {
            // Just made and pending, so this cannot be refused.
            let _ = self.complete_refund(&id);
        }
        Ok(answer)
    }

    fn refund_status_call(&self, id: &str) -> Reply {
        match self.book().refunds.get(id) {
            Some(refund) => Ok(refund.wire()),
            None => refuse(
                StatusCode::NOT_FOUND,
                "REFUND_NOT_FOUND",
                "No entry found for given merchant refund id",
            ),
        }
    }
}

fn refuse<T>(status: StatusCode, code: &'static str, message: &str) -> Result<T, Refusal> {
    Err(Refusal(status, code, message.to_owned()))
}

fn bad(message: &str) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, "BAD_REQUEST", message.to_owned())
}

fn known<'a>(book: &'a Book, id: &str) -> Result<&'a Order, Refusal> {
    book.orders.get(id).ok_or_else(|| {
        let message = "No entry found for given merchant order id".to_owned();
        Refusal(StatusCode::BAD_REQUEST, "INVALID_MERCHANT_ORDER_ID", message)
    })
}

fn is_type(parts: &Parts, wanted: &str) -> bool {
    header(&parts.headers, "content-type").is_some_and(|given| given.starts_with(wanted))
}

fn read(parts: &Parts, body: &Bytes) -> Reply {
    if !is_type(parts, "application/json") {
        let message = "Content-Type must be application/json";
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", message);
    }
    serde_json::from_slice(body).map_err(|_| bad("The body is not JSON"))
}

/// At most 63 letters, digits, `_` and `-`.
fn identifier(body: &Value, name: &str) -> Result<String, Refusal> {
    let id = body[name].as_str().unwrap_or_default();
    let fits = (1..=63).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if !fits {
        return Err(bad(&format!("{name} must be 1 to 63 letters, digits, underscores or hyphens")));
    }
    Ok(id.to_owned())
}

fn amount(body: &Value) -> Result<i64, Refusal> {
    body["amount"]
        .as_i64()
        .filter(|paise| *paise >= MIN_AMOUNT)
        .ok_or_else(|| bad("amount must be a whole number of paise, 100 or more"))
}

/// `udf1` to `udf10` have 256 characters, `udf11` to `udf15` have 50 of a small set.
fn check_meta(meta: &Value) -> Result<(), Refusal> {
    for (name, value) in meta.as_object().into_iter().flatten() {
        let (Some(number), Some(text)) =
            (name.strip_prefix("udf").and_then(|n| n.parse::<u8>().ok()), value.as_str())
        else {
            return Err(bad(&format!("metaInfo.{name} is not a text field udf1 to udf15")));
        };
        let fits = match number {
            1..=10 => text.chars().count() <= 256,
            11..=15 => {
                text.len() <= 50 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_- @.+".contains(&b))
            }
            _ => false,
        };
        if !fits {
            return Err(bad(&format!("metaInfo.{name} does not fit")));
        }
    }
    Ok(())
}
