//! PhonePe V2 Standard Checkout: a token kept to half of its life, pay, and order status.

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::payment::phonepe::{OrderStatus, PayAnswer, TokenAnswer, pay_request};
use serde::Deserialize;

use super::unavailable;
use crate::app::Scope;
use crate::outbound::{Answer, Call};
use crate::{isolate, platform};

const DEADLINE_MS: u32 = 5_000;

/// How an attempt to open a payment page ended.
pub enum Paid {
    /// The page is open.
    Open(PayAnswer),
    /// PhonePe refused; the page is not open.
    Refused,
}

/// What PhonePe knows of an order.
pub enum Known {
    /// Its state.
    Status(OrderStatus),
    /// It has never heard of the order: nobody can have paid it.
    Nothing,
}

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

/// Opens a payment page for an order of ours. `amount` is in paise.
///
/// # Errors
/// `dependency_unavailable`: the page may or may not be open.
pub async fn pay(scope: &Scope, order_id: &str, amount: i64) -> Result<Paid, Error> {
    let return_url = format!("{}/payment/{order_id}", scope.settings.web_url);
    let body = pay_request(order_id, amount, &return_url).to_string();
    let url = format!("{}/checkout/v2/pay", scope.settings.phonepe.pg_url);
    let answer = authorized(scope, "POST", "pay", &url, Some(body)).await?;
    match answer.status {
        200 => read(scope, "pay", &answer).map(Paid::Open),
        400..=499 => {
            scope.note_cause(format!("pay answered {} {}", answer.status, Fault::of(&answer)));
            Ok(Paid::Refused)
        }
        status => Err(faulty(scope, "pay", status)),
    }
}

/// Asks for an order's state.
///
/// # Errors
/// `dependency_unavailable`.
pub async fn order_status(scope: &Scope, order_id: &str) -> Result<Known, Error> {
    let host = &scope.settings.phonepe.pg_url;
    let url = format!("{host}/checkout/v2/order/{order_id}/status?details=false&errorContext=false");
    let answer = authorized(scope, "GET", "order status", &url, None).await?;
    match answer.status {
        200 => read(scope, "order status", &answer).map(Known::Status),
        400 | 404 | 417 if Fault::of(&answer).contains("ORDER_ID") => Ok(Known::Nothing),
        status => Err(faulty(scope, "order status", status)),
    }
}

/// A call with the token; one that PhonePe no longer takes is replaced once.
async fn authorized(
    scope: &Scope,
    method: &'static str,
    operation: &'static str,
    url: &str,
    body: Option<String>,
) -> Result<Answer, Error> {
    let mut token = match isolate::phonepe_token(platform::now()) {
        Some(token) => token,
        None => fetch_token(scope).await?,
    };
    for last in [false, true] {
        let bearer = format!("O-Bearer {token}");
        let call = Call {
            neighbour: "phonepe",
            operation,
            method,
            url,
            headers: &[("authorization", &bearer)],
            body: body.clone(),
            deadline_ms: DEADLINE_MS,
        };
        let answer = scope.outbound.send(call).await.map_err(|unanswered| unavailable(scope, &unanswered))?;
        if answer.status != 401 || last {
            return Ok(answer);
        }
        token = fetch_token(scope).await?;
    }
    Err(ErrorCode::Internal.into())
}

async fn fetch_token(scope: &Scope) -> Result<String, Error> {
    let settings = &scope.settings.phonepe;
    let form = js_sys::encode_uri_component;
    let body = format!(
        "client_id={}&client_version={}&client_secret={}&grant_type=client_credentials",
        form(&settings.client_id),
        form(&settings.client_version),
        form(&settings.client_secret)
    );
    let url = format!("{}/v1/oauth/token", settings.oauth_url);
    let call = Call {
        neighbour: "phonepe",
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
        unanswering()
    })
}

fn faulty(scope: &Scope, operation: &str, status: u16) -> Error {
    scope.note_cause(format!("phonepe answered {operation} with {status}"));
    unanswering()
}

fn unanswering() -> Error {
    Error::with_detail(ErrorCode::DependencyUnavailable, "PhonePe is not answering.")
}
