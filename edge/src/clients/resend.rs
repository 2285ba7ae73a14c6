//! Resend: one e-mail a call, under an idempotency key, so that a repeated send is one e-mail.

use gatehouse_core::email::Email;
use serde::Deserialize;
use serde_json::json;

use crate::outbound::Call;
use crate::scope::Scope;

const DEADLINE_MS: u32 = 5_000;

#[derive(Deserialize)]
struct Sent {
    id: String,
}

/// Sends an e-mail and answers Resend's id of it.
///
/// # Errors
/// A sentence for the outbox row; it names no address.
pub async fn send(scope: &Scope, to: &str, email: &Email, idempotency_key: &str) -> Result<String, String> {
    let settings = &scope.settings;
    let url = format!("{}/emails", settings.resend_url);
    let bearer = format!("Bearer {}", settings.resend_api_key);
    let body = json!({
        "from": settings.email_from, "to": [to], "subject": email.subject, "text": email.text, "html": email.html,
    });
    let call = Call {
        service: "resend",
        operation: "emails",
        method: "POST",
        url: &url,
        // Resend refuses a request without a User-Agent, and Workers add none.
        headers: &[
            ("authorization", &bearer),
            ("user-agent", "gatehouse"),
            ("idempotency-key", idempotency_key),
        ],
        body: Some(body.to_string()),
        deadline_ms: DEADLINE_MS,
    };
    let answer = scope.outbound.send(call).await.map_err(|unanswered| {
        if unanswered.timed_out {
            "Resend did not answer in time.".to_owned()
        } else {
            "Resend cannot be reached.".to_owned()
        }
    })?;
    match (answer.status, serde_json::from_slice::<Sent>(&answer.body)) {
        (200, Ok(sent)) => Ok(sent.id),
        (status, _) => Err(format!("Resend answered {status}.")),
    }
}
