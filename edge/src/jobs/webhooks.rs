//! Stored webhooks, applied: at once after they came, and by the cron where that failed.

use gatehouse_core::error::Error;
use gatehouse_core::payment::Subject;
use serde::Deserialize;
use serde_json::{Value, json};

use super::note;
use crate::clients::postgrest::{self, Failure};
use crate::observe::counters;
use crate::payments::orders::{self, Question};
use crate::payments::refunds;
use crate::platform;
use crate::scope::Scope;

/// A webhook of `claim_due_work()`.
#[derive(Deserialize)]
pub(super) struct Stored {
    inbox_id: i64,
    event: Option<String>,
    /// Of an order, or of a refund.
    order_id: Option<String>,
}

/// Asks PhonePe about the order or refund that a webhook spoke of, and applies the answer. The inbox row is settled in
/// the same transaction; one that names nothing is settled as ignored.
pub async fn apply(scope: &Scope, inbox_id: i64, event: &str, about: Option<&str>) {
    let Some(id) = about else {
        return finish(scope, inbox_id, "ignored", "It names no order and no refund.").await;
    };
    let (source, inbox_id_given) = ("webhook", Some(inbox_id));
    let failed = match Subject::of(event, id) {
        Subject::Order => {
            let now = platform::now();
            let question =
                Question { order_id: id, created_at: now, expires_at: now, source, inbox_id: inbox_id_given };
            orders::ask_and_apply(scope, &question).await.err()
        }
        Subject::Refund => refunds::ask_and_apply(scope, id, source, inbox_id_given).await.err(),
    };
    let outcome = if failed.is_none() { "applied" } else { "failed" };
    counters::count("gatehouse_webhooks_total", &[("outcome", outcome)], 1);
    if let Some(error) = failed {
        finish(scope, inbox_id, "failed", &error.detail).await;
        note(scope, "apply_webhook", Some(error));
    }
}

/// Applies what was still waiting.
pub(super) async fn retry(scope: &Scope, webhooks: Vec<Stored>) {
    for webhook in webhooks {
        let event = webhook.event.unwrap_or_default();
        apply(scope, webhook.inbox_id, &event, webhook.order_id.as_deref()).await;
    }
}

async fn finish(scope: &Scope, inbox_id: i64, state: &str, why: &str) {
    let arguments = json!({"p_inbox_id": inbox_id, "p_state": state, "p_error": why});
    let finished: Result<Value, Failure> =
        postgrest::rpc_as_service(scope, "rpc/finish_webhook", &arguments).await;
    note(scope, "finish_webhook", finished.err().map(Error::from));
}
