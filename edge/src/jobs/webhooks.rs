//! Stored webhooks, applied: at once after they came, and by the cron where that failed.

use serde::Deserialize;
use serde_json::{Value, json};

use super::note;
use crate::app::Scope;
use crate::clients::postgrest::{self, Failure};
use crate::payments::{self, Question};
use crate::platform;

/// A webhook of `claim_due_work()`.
#[derive(Deserialize)]
pub(super) struct Stored {
    inbox_id: i64,
    order_id: Option<String>,
}

/// Asks PhonePe about the order that a webhook spoke of, and applies the answer. The inbox row is settled in the same
/// transaction; one without an order is settled as ignored.
pub async fn apply(scope: &Scope, inbox_id: i64, order_id: Option<&str>) {
    let Some(order_id) = order_id else {
        return finish(scope, inbox_id, "ignored", "It names no order.").await;
    };
    let now = platform::now();
    let question =
        Question { order_id, created_at: now, expires_at: now, source: "webhook", inbox_id: Some(inbox_id) };
    if let Err(error) = payments::ask_and_apply(scope, &question).await {
        finish(scope, inbox_id, "failed", &error.detail).await;
        note(scope, "apply_webhook", Some(error));
    }
}

/// Applies what was still waiting.
pub(super) async fn retry(scope: &Scope, webhooks: Vec<Stored>) {
    for webhook in webhooks {
        apply(scope, webhook.inbox_id, webhook.order_id.as_deref()).await;
    }
}

async fn finish(scope: &Scope, inbox_id: i64, state: &str, why: &str) {
    let arguments = json!({"p_inbox_id": inbox_id, "p_state": state, "p_error": why});
    let finished: Result<Value, Failure> =
        postgrest::rpc_as_service(scope, "rpc/finish_webhook", &arguments).await;
    note(scope, "finish_webhook", finished.err().map(Failure::into_error));
}
