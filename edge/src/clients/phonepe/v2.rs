//! PhonePe V2 Standard Checkout: a token kept to half of its life, and the four calls that it opens.

use gatehouse_core::env::ClientKeys;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::payment::phonepe::{OrderStatus, RefundAnswer, TokenAnswer, pay_request, refund_request};
use serde::Deserialize;

use super::{DEADLINE_MS, Known, Paid, Refunded, faulty, return_url, unavailable};
use crate::outbound::{Answer, Call};
use crate::scope::Scope;
use crate::{isolate, platform};

/// PhonePe's error body, in its several spellings.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Fault {
    code: Option<String>,
    error_code: Option<String>,
}

impl Fault {
    fn of(answer: &Answer) -> String {
        let fault: Self = serde_json::from_slice(&answer.body).unwrap_or_default();
        fault.code.or(fault.error_code).unwrap_or_default()
    }
}

pub(super) async fn pay(
    scope: &Scope,
    keys: &ClientKeys,
    order_id: &str,
    amount: i64,
) -> Result<Paid, Error> {
    let body = pay_request(order_id, amount, &return_url(scope, order_id)).to_string();
    let answer = authorized(scope, keys, ("POST", "pay"), "/checkout/v2/pay", Some(body)).await?;
    match answer.status {
        200 => read(scope, "pay", &answer).map(Paid::Open),
        400..=499 => {
            scope.note_cause(format!("pay answered {} {}", answer.status, Fault::of(&answer)));
            Ok(Paid::Refused)
        }
        status => Err(faulty(scope, "pay", status)),
    }
}

pub(super) async fn order_status(
    scope: &Scope,
    keys: &ClientKeys,
    order_id: &str,
) -> Result<Known<OrderStatus>, Error> {
    let path = format!("/checkout/v2/order/{order_id}/status?details=false&errorContext=false");
    let answer = authorized(scope, keys, ("GET", "order status"), &path, None).await?;
    match answer.status {
        200 => read(scope, "order status", &answer).map(Known::Status),
        400 | 404 | 417 if Fault::of(&answer).contains("ORDER_ID") => Ok(Known::Nothing),
        status => Err(faulty(scope, "order status", status)),
    }
}

pub(super) async fn refund(
    scope: &Scope,
    keys: &ClientKeys,
    refund_id: &str,
    order_id: &str,
    amount: i64,
) -> Result<Refunded, Error> {
    let body = refund_request(refund_id, order_id, amount).to_string();
    let answer = authorized(scope, keys, ("POST", "refund"), "/payments/v2/refund", Some(body)).await?;
    match answer.status {
        200 => read(scope, "refund", &answer).map(Refunded::Taken),
        // The id is known already: an earlier request got through, and the next check says what became of it.
        409 | 417 => Ok(Refunded::Taken(RefundAnswer::default())),
        401 | 408 | 429 | 500..=599 => Err(faulty(scope, "refund", answer.status)),
        _ => Ok(Refunded::Refused(Fault::of(&answer))),
    }
}

pub(super) async fn refund_status(
    scope: &Scope,
    keys: &ClientKeys,
    refund_id: &str,
) -> Result<Known<RefundAnswer>, Error> {
    let path = format!("/payments/v2/refund/{refund_id}/status");
    let answer = authorized(scope, keys, ("GET", "refund status"), &path, None).await?;
    match answer.status {
        200 => read(scope, "refund status", &answer).map(Known::Status),
        400 | 404 | 417 if Fault::of(&answer).contains("REFUND") => Ok(Known::Nothing),
        status => Err(faulty(scope, "refund status", status)),
    }
}

/// A call with the token; one that PhonePe no longer takes is replaced once.
async fn authorized(
    scope: &Scope,
    keys: &ClientKeys,
    (method, operation): (&'static str, &'static str),
    path: &str,
    body: Option<String>,
) -> Result<Answer, Error> {
    let url = format!("{}{path}", scope.settings.phonepe.pg_url);
    let mut token = match isolate::phonepe_token(platform::now()) {
        Some(token) => token,
        None => fetch_token(scope, keys).await?,
    };
    for last in [false, true] {
        let bearer = format!("O-Bearer {token}");
        let call = Call {
            service: "phonepe",
            operation,
            method,
            url: &url,
            headers: &[("authorization", &bearer)],
            body: body.clone(),
            deadline_ms: DEADLINE_MS,
        };
        let answer = scope.outbound.send(call).await.map_err(|unanswered| unavailable(scope, &unanswered))?;
        if answer.status != 401 || last {
            return Ok(answer);
        }
        token = fetch_token(scope, keys).await?;
    }
    Err(ErrorCode::Internal.into())
}

async fn fetch_token(scope: &Scope, settings: &ClientKeys) -> Result<String, Error> {
    let form = js_sys::encode_uri_component;
    let body = format!(
        "client_id={}&client_version={}&client_secret={}&grant_type=client_credentials",
        form(&settings.client_id),
        form(&settings.client_version),
        form(&settings.client_secret)
    );
    let url = format!("{}/v1/oauth/token", settings.oauth_url);
    let call = Call {
        service: "phonepe",
        operation: "token",
        method: "POST",
        url: &url,
        headers: &[("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")],
        body: Some(body),
        deadline_ms: DEADLINE_MS,
    };
    let answer = scope.outbound.send(call).await.map_err(|unanswered| unavailable(scope, &unanswered))?;
    if answer.status != 200 {
        return Err(faulty(scope, "token", answer.status));
    }
    let token: TokenAnswer = read(scope, "token", &answer)?;
    isolate::keep_phonepe_token(&token, platform::now());
    Ok(token.access_token)
}

fn read<T: serde::de::DeserializeOwned>(scope: &Scope, operation: &str, answer: &Answer) -> Result<T, Error> {
    serde_json::from_slice(&answer.body).map_err(|error| {
        scope.note_cause(format!("phonepe answered {operation} in another shape: {error}"));
        Error::with_detail(ErrorCode::DependencyUnavailable, "PhonePe is not answering.")
    })
}
