//! `POST /api/webhooks/phonepe`

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_core::api::WebhookAnswer;
use gatehouse_core::context::sha256_hex;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::payment::webhook;
use serde::Deserialize;
use serde_json::json;

use crate::clients::postgrest;
use crate::entry::{Bytes, Call, Proof};
use crate::http::Reply;
use crate::jobs;
use crate::observe::counters;
use crate::scope::Scope;

/// `receive_webhook()` of the database.
#[derive(Deserialize)]
struct Received {
    inbox_id: Option<i64>,
    duplicate: bool,
}

/// Receives a webhook. In V2 its header is a fixed secret that does not sign the body, so the body is a hint: PhonePe is
/// asked about the order or refund before anything follows from it.
///
/// 1. The proof, compared in constant time.
/// 2. Store the raw body first: 503, and PhonePe sends it again. An unauthorized one is stored as rejected: 401.
/// 3. 200; what follows from it happens after the answer, and the cron repeats it where it fails.
pub async fn webhook(scope: &Scope, call: Call<'_, Proof, (), Bytes>) -> Result<Reply, Error> {
    // 1.
    let (Proof(proof), Bytes(body)) = (&call.caller, &call.body);
    let hint = webhook::verify_and_parse(&scope.settings.phonepe.keys, proof, body);
    // 2.
    let arguments = json!({
        "p_raw_base64": STANDARD.encode(body), "p_headers": {"user-agent": call.user_agent()},
        "p_sha256": sha256_hex(body), "p_verified": hint.verified, "p_event": hint.event,
        "p_order_id": hint.about, "p_request_id": scope.request_id,
    });
    let received: Received = postgrest::rpc_as_service(scope, "rpc/receive_webhook", &arguments).await?;
    let outcome = match (hint.verified, received.duplicate) {
        (false, _) => "rejected",
        (true, true) => "duplicate",
        (true, false) => "received",
    };
    counters::count("gatehouse_webhooks_total", &[("outcome", outcome)], 1);
    if !hint.verified {
        return Err(ErrorCode::WebhookRejected.into());
    }
    // 3.
    if let (Some(inbox_id), false) = (received.inbox_id, received.duplicate) {
        let background = scope.background();
        scope.wait_until(async move {
            jobs::webhooks::apply(&background, inbox_id, &hint.event, hint.about.as_deref()).await;
            jobs::emails::drain(&background).await;
        });
    }
    Ok(Reply::json(200, &WebhookAnswer { received: true, duplicate: received.duplicate }))
}
