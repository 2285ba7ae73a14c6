//! `POST /api/webhooks/phonepe`

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_core::api::WebhookAnswer;
use gatehouse_core::context::sha256_hex;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::payment::webhook;
use gatehouse_core::route::Route;
use serde::Deserialize;
use serde_json::json;

use crate::app::Scope;
use crate::clients::postgrest::{self, Failure};
use crate::http::{Reply, Request};
use crate::{jobs, metrics};

/// `receive_webhook()` of the database.
#[derive(Deserialize)]
struct Received {
    inbox_id: Option<i64>,
    duplicate: bool,
}

/// Takes a webhook. In V2 its header is a fixed secret that says nothing about the body, so the body is a hint: the
/// order or refund is asked about at PhonePe before anything follows from it.
///
/// 1. The raw body: 413.
/// 2. Its proof, in constant time.
/// 3. Store the raw body first: 503, and PhonePe sends it again. An unauthorized one is stored as rejected: 401.
/// 4. 200; what follows from it happens after the answer, and the cron repeats it where it fails.
pub async fn webhook(scope: &Scope, request: &Request<'_>, route: &Route) -> Result<Reply, Error> {
    // 1.
    let body = request.body(route.max_body).await?;
    // 2.
    let keys = &scope.settings.phonepe.keys;
    let proof = request.header(webhook::proof_header(keys)).unwrap_or_default();
    let hint = webhook::verify_and_parse(keys, &proof, &body);
    // 3.
    let arguments = json!({
        "p_raw_base64": STANDARD.encode(&body), "p_headers": {"user-agent": request.header("user-agent")},
        "p_sha256": sha256_hex(&body), "p_verified": hint.verified, "p_event": hint.event,
        "p_order_id": hint.about, "p_request_id": scope.request_id,
    });
    let received: Received = postgrest::rpc_as_service(scope, "rpc/receive_webhook", &arguments)
        .await
        .map_err(Failure::into_error)?;
    let outcome = match (hint.verified, received.duplicate) {
        (false, _) => "rejected",
        (true, true) => "duplicate",
        (true, false) => "received",
    };
    metrics::count("gatehouse_webhooks_total", &[("outcome", outcome)], 1);
    if !hint.verified {
        return Err(ErrorCode::WebhookRejected.into());
    }
    // 4.
    if let (Some(inbox_id), false) = (received.inbox_id, received.duplicate) {
        let background = scope.background();
        scope.after(async move {
            jobs::webhooks::apply(&background, inbox_id, &hint.event, hint.about.as_deref()).await;
            jobs::emails::drain(&background).await;
        });
    }
    Ok(Reply::json(200, &WebhookAnswer { received: true, duplicate: received.duplicate }))
}
