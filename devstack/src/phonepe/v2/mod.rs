//! Version 2 of the API (Standard Checkout): the calls that a merchant's server makes.

pub(super) mod error;
mod validate;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use self::error::ApiError;
use self::validate::{amount, check_meta_info, has_content_type, identifier, json_body};
use super::Phonepe;
use super::merchant::{CLIENT_ID, CLIENT_SECRET, CLIENT_VERSION};
use super::order::{Order, OrderState, Refund, RefundState};
use super::store::{Store, new_id};
use crate::clock::epoch_millis;
use crate::http::request::{form_pairs, form_value, header};
use crate::http::response::json_response;

/// Seconds that an order stays open when `expireAfter` is not sent.
const EXPIRE_AFTER: i64 = 1200;

type Reply = Result<Value, ApiError>;

impl Phonepe {
    /// Answers one call under the base address, except for the pay page.
    pub(super) fn answer_call(&self, parts: &Parts, body: &Bytes) -> Response<Body> {
        let segments: Vec<&str> = parts.uri.path().split('/').skip(1).collect();
        let (get, post) = (parts.method == Method::GET, parts.method == Method::POST);
        let reply = match segments.as_slice() {
            ["pg", "v1", rest @ ..] => return self.call_v1(parts, body, rest),
            ["v1", "oauth", "token"] if post => return self.token_call(parts, body),
            ["checkout", "v2", "pay"] if post => {
                self.authorize(parts).and_then(|()| self.pay_call(parts, body))
            }
            ["checkout", "v2", "order", id, "status"] if get => {
                self.authorize(parts).and_then(|()| self.status_call(parts, id))
            }
            ["payments", "v2", "refund"] if post => {
                self.authorize(parts).and_then(|()| self.refund_call(parts, body))
            }
            ["payments", "v2", "refund", id, "status"] if get => {
                self.authorize(parts).and_then(|()| self.refund_status_call(id))
            }
            _ => Err(ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", "Api Mapping Not Found")),
        };
        match reply {
            Ok(body) => json_response(StatusCode::OK, &body),
            Err(error) => error.response(),
        }
    }

    fn token_call(&self, parts: &Parts, body: &Bytes) -> Response<Body> {
        if !has_content_type(parts, "application/x-www-form-urlencoded") {
            let message = "Content-Type must be application/x-www-form-urlencoded";
            return ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", message).response();
        }
        let form = form_pairs(&String::from_utf8_lossy(body));
        let valid = form_value(&form, "client_id") == Some(CLIENT_ID)
            && form_value(&form, "client_secret") == Some(CLIENT_SECRET)
            && form_value(&form, "client_version") == Some(CLIENT_VERSION)
            && form_value(&form, "grant_type") == Some("client_credentials");
        if !valid {
            let body = json!({
                "success": false, "code": "INVALID_CLIENT", "errorCode": "INVALID_CLIENT", "message": "Bad Request",
                "context": {"errorDescription": "Client Authentication Failure"},
            });
            return json_response(StatusCode::BAD_REQUEST, &body);
        }
        let (token, issued_at, expires_at) = self.store().issue_token();
        let body = json!({
            "access_token": token, "encrypted_access_token": token, "refresh_token": null,
            // The service sends null here; clients must read `expires_at`.
            "expires_in": null, "issued_at": issued_at, "expires_at": expires_at,
            "session_expires_at": expires_at, "token_type": "O-Bearer",
        });
        json_response(StatusCode::OK, &body)
    }

    fn authorize(&self, parts: &Parts) -> Result<(), ApiError> {
        let token = header(&parts.headers, "authorization").and_then(|v| v.strip_prefix("O-Bearer "));
        if token.is_some_and(|token| self.store().is_valid_token(token)) {
            return Ok(());
        }
        let message = "Authorization failed for the request";
        Err(ApiError::new(StatusCode::UNAUTHORIZED, "AUTHORIZATION_FAILED", message))
    }

    fn pay_call(&self, parts: &Parts, body: &Bytes) -> Reply {
        let body = json_body(parts, body)?;
        let id = identifier(&body, "merchantOrderId")?;
        let amount = amount(&body)?;
        let seconds = match &body["expireAfter"] {
            Value::Null => EXPIRE_AFTER,
            value => value.as_i64().filter(|s| (300..=3600).contains(s)).ok_or_else(|| {
                ApiError::bad_request("expireAfter must be a number of seconds from 300 to 3600")
            })?,
        };
        if body["paymentFlow"]["type"] != "PG_CHECKOUT" {
            return Err(ApiError::bad_request("paymentFlow.type must be PG_CHECKOUT"));
        }
        let return_url = body["paymentFlow"]["merchantUrls"]["redirectUrl"].as_str().unwrap_or_default();
        if !reqwest::Url::parse(return_url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
            return Err(ApiError::bad_request("paymentFlow.merchantUrls.redirectUrl must be a web address"));
        }
        check_meta_info(&body["metaInfo"])?;
        let mut store = self.store();
        if store.orders.contains_key(&id) {
            let message = "An order with this merchantOrderId exists already";
            return Err(ApiError::new(StatusCode::EXPECTATION_FAILED, "INVALID_TRANSACTION_ID", message));
        }
        let token = uuid::Uuid::new_v4().simple().to_string();
        let order = Order {
            merchant_order_id: id.clone(),
            order_id: new_id("OMO"),
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
        store.orders.insert(id.clone(), order);
        self.expire_later(id, seconds);
        Ok(answer)
    }

    fn status_call(&self, parts: &Parts, id: &str) -> Reply {
        let query = form_pairs(parts.uri.query().unwrap_or_default());
        let is_set = |name| form_value(&query, name) == Some("true");
        let store = self.store();
        let order = find_order(&store, id)?;
        Ok(store.status(order, is_set("details"), is_set("errorContext")))
    }

    fn refund_call(&self, parts: &Parts, body: &Bytes) -> Reply {
        let body = json_body(parts, body)?;
        let id = identifier(&body, "merchantRefundId")?;
        let amount = amount(&body)?;
        let mut store = self.store();
        let order = find_order(&store, body["originalMerchantOrderId"].as_str().unwrap_or_default())?;
        if store.refunds.contains_key(&id) {
            let message = "A refund with this merchantRefundId exists already";
            return Err(ApiError::new(StatusCode::EXPECTATION_FAILED, "INVALID_TRANSACTION_ID", message));
        }
        if order.state != OrderState::Completed {
            return Err(ApiError::bad_request("Only a completed order can be refunded"));
        }
        if amount > store.refundable(order) {
            let message = "The refunds would exceed what was paid";
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "EXCESS_REFUND_AMOUNT", message));
        }
        let refund = Refund {
            merchant_refund_id: id.clone(),
            refund_id: new_id("OMR"),
            merchant_order_id: order.merchant_order_id.clone(),
            amount,
            state: RefundState::Pending,
            timestamp_ms: epoch_millis(),
            callback: None,
        };
        let answer = json!({"refundId": refund.refund_id, "amount": amount, "state": "PENDING"});
        let hold = store.hold_refunds;
        store.refunds.insert(id.clone(), refund);
        drop(store);
        if !hold {
            // The refund is new and pending, so this cannot fail.
            let _ = self.complete_refund(&id);
        }
        Ok(answer)
    }

    fn refund_status_call(&self, id: &str) -> Reply {
        match self.store().refunds.get(id) {
            Some(refund) => Ok(refund.to_json()),
            None => {
                let message = "No entry found for given merchant refund id";
                Err(ApiError::new(StatusCode::NOT_FOUND, "REFUND_NOT_FOUND", message))
            }
        }
    }
}

fn find_order<'a>(store: &'a Store, id: &str) -> Result<&'a Order, ApiError> {
    store.orders.get(id).ok_or_else(|| {
        let message = "No entry found for given merchant order id";
        ApiError::new(StatusCode::BAD_REQUEST, "INVALID_MERCHANT_ORDER_ID", message)
    })
}
