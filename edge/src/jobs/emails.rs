//! The outbox: e-mails written in the transaction of what they tell, sent here, each once.

use gatehouse_core::email::render;
use gatehouse_core::error::Error;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{BATCH, Batch, claim, note};
use crate::clients::postgrest::{self, Failure};
use crate::clients::resend;
use crate::scope::Scope;

/// An e-mail of `claim_due_work()`.
#[derive(Deserialize)]
pub(super) struct Waiting {
    id: Value,
    to: String,
    template: String,
    data: Value,
    idempotency_key: String,
}

/// Sends what waits in the outbox, without waiting for the cron.
pub async fn drain(scope: &Scope) {
    send_all(scope, claim(scope, Batch { emails: BATCH, ..Batch::default() }).await.emails).await;
}

/// Sends what was claimed.
pub(super) async fn send_all(scope: &Scope, emails: Vec<Waiting>) {
    for email in emails {
        send(scope, email).await;
    }
}

async fn send(scope: &Scope, row: Waiting) {
    let sent = match render(&row.template, &row.data, &scope.settings.web_url) {
        Some(email) => resend::send(scope, &row.to, &email, &row.idempotency_key).await,
        None => Err(format!("There is no template {}.", row.template)),
    };
    let (provider_id, error) = match &sent {
        Ok(id) => (Some(id), None),
        Err(error) => (None, Some(error)),
    };
    let arguments =
        json!({"p_id": row.id, "p_sent": sent.is_ok(), "p_provider_id": provider_id, "p_error": error});
    let finished: Result<Value, Failure> =
        postgrest::rpc_as_service(scope, "rpc/finish_email", &arguments).await;
    note(scope, "finish_email", finished.err().map(Error::from));
}
