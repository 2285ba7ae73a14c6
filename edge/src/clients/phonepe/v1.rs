//! PhonePe V1: every request carries its own `X-VERIFY`, so there is no token.

use gatehouse_core::env::SaltKeys;
use gatehouse_core::error::Error;
use gatehouse_core::payment::phonepe::{OrderStatus, PayAnswer, RefundAnswer};
use gatehouse_core::payment::phonepe_v1::{
    Answer, PAY_PATH, REFUND_PATH, pay_payload, refund_payload, signed_request, status_path, x_verify,
};
use serde_json::Value;

use super::{DEADLINE_MS, Known, Paid, Refunded, faulty, return_url, unavailable};
use crate::outbound::Call;
use crate::scope::Scope;

pub(super) async fn pay(scope: &Scope, keys: &SaltKeys, order_id: &str, amount: i64) -> Result<Paid, Error> {
    let back = return_url(scope, order_id);
    let payload = pay_payload(&keys.merchant_id, order_id, amount, &back, &keys.callback_url);
    let (status, answer) = post(scope, keys, "pay", PAY_PATH, &payload).await?;
    match (status, answer.page()) {
        // V1 gives the order no id of its own, and does not say when the page closes.
        (200, Some(redirect_url)) => {
            Ok(Paid::Open(PayAnswer { order_id: None, redirect_url, expire_at: None }))
        }
        (400..=499, _) => {
            scope.note_cause(format!("pay answered {status} {}", answer.code));
            Ok(Paid::Refused)
        }
        _ => Err(faulty(scope, "pay", status)),
    }
}

pub(super) async fn order_status(
    scope: &Scope,
    keys: &SaltKeys,
    order_id: &str,
) -> Result<Known<OrderStatus>, Error> {
    let (status, answer) = ask(scope, keys, "order status", order_id).await?;
    match answer.order_status() {
        Some(known) => Ok(Known::Status(known)),
        None if answer.is_unknown() => Ok(Known::Nothing),
        None => Err(faulty(scope, "order status", status)),
    }
}

pub(super) async fn refund(
    scope: &Scope,
    keys: &SaltKeys,
    refund_id: &str,
    order_id: &str,
    amount: i64,
) -> Result<Refunded, Error> {
    let payload = refund_payload(&keys.merchant_id, refund_id, order_id, amount, &keys.callback_url);
    let (status, answer) = post(scope, keys, "refund", REFUND_PATH, &payload).await?;
    match (status, answer.refund_answer()) {
        (_, Some(taken)) => Ok(Refunded::Taken(taken)),
        (401 | 408 | 429 | 500..=599, None) => Err(faulty(scope, "refund", status)),
        _ => Ok(Refunded::Refused(answer.code)),
    }
}

pub(super) async fn refund_status(
    scope: &Scope,
    keys: &SaltKeys,
    refund_id: &str,
) -> Result<Known<RefundAnswer>, Error> {
    let (status, answer) = ask(scope, keys, "refund status", refund_id).await?;
    match answer.refund_answer() {
        Some(known) => Ok(Known::Status(known)),
        None if answer.is_unknown() => Ok(Known::Nothing),
        None => Err(faulty(scope, "refund status", status)),
    }
}

async fn post(
    scope: &Scope,
    keys: &SaltKeys,
    operation: &'static str,
    path: &str,
    payload: &Value,
) -> Result<(u16, Answer), Error> {
    let (body, proof) = signed_request(payload, path, &keys.salt);
    send(scope, ("POST", operation), path, &[("x-verify", &proof)], Some(body)).await
}

/// Payments and refunds have their status at the same address.
async fn ask(
    scope: &Scope,
    keys: &SaltKeys,
    operation: &'static str,
    transaction_id: &str,
) -> Result<(u16, Answer), Error> {
    let path = status_path(&keys.merchant_id, transaction_id);
    let proof = x_verify(&path, &keys.salt);
    let headers = [
        ("x-verify", proof.as_str()),
        ("x-merchant-id", keys.merchant_id.as_str()),
        ("content-type", "application/json"),
    ];
    send(scope, ("GET", operation), &path, &headers, None).await
}

/// The code in the body decides, so the HTTP status only goes along. An answer without a code has none.
async fn send(
    scope: &Scope,
    (method, operation): (&'static str, &'static str),
    path: &str,
    headers: &[(&str, &str)],
    body: Option<String>,
) -> Result<(u16, Answer), Error> {
    let url = format!("{}{path}", scope.settings.phonepe.pg_url);
    let call =
        Call { service: "phonepe", operation, method, url: &url, headers, body, deadline_ms: DEADLINE_MS };
    let answer = scope.outbound.send(call).await.map_err(|unanswered| unavailable(scope, &unanswered))?;
    Ok((answer.status, Answer::read(&answer.body).unwrap_or_default()))
}
