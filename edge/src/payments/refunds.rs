//! Asking PhonePe for and about refunds and applying the answer: the one path that route, webhook and cron share.

use gatehouse_core::api::RefundView;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::payment::next_refund_check;
use gatehouse_core::payment::phonepe::RefundAnswer;
use gatehouse_core::time;
use serde::Deserialize;
use serde_json::json;

use crate::clients::phonepe::{self, Known, Refunded};
use crate::clients::postgrest;
use crate::platform;
use crate::scope::Scope;

/// `apply_refund_event()` of the database.
#[derive(Deserialize)]
pub struct Applied {
    /// `applied`, `unchanged`, `incident` or `unknown_refund`.
    pub outcome: String,
    /// The refund afterwards.
    pub refund: Option<RefundView>,
}

/// Sends a new refund to PhonePe and applies the answer.
///
/// # Errors
/// `dependency_unavailable`: PhonePe may or may not have accepted it; the cron asks. `refund_refused`: it has failed.
pub async fn send(scope: &Scope, refund: &RefundView, source: &'static str) -> Result<RefundView, Error> {
    let sent = phonepe::refund(scope, &refund.refund_id, &refund.order_id, refund.amount).await?;
    let (answer, refused) = match sent {
        Refunded::Taken(answer) => (answer, false),
        Refunded::Refused(code) => {
            scope.note_cause(format!("refund {} was refused: {code}", refund.refund_id));
            let failed = RefundAnswer {
                state: "FAILED".to_owned(),
                error_code: Some(code),
                ..RefundAnswer::default()
            };
            (failed, true)
        }
    };
    let applied = apply(scope, &refund.refund_id, Some(&refund.created_at), &answer, source, None).await?;
    if refused {
        return Err(ErrorCode::RefundRefused.into());
    }
    applied.refund.ok_or_else(|| ErrorCode::Internal.into())
}

/// Asks PhonePe for a refund's status; one that it does not know is sent again, under the same id.
///
/// # Errors
/// As [`send`].
pub async fn follow_up(
    scope: &Scope,
    refund: &RefundView,
    source: &'static str,
) -> Result<RefundView, Error> {
    match phonepe::refund_status(scope, &refund.refund_id).await? {
        Known::Nothing => send(scope, refund, source).await,
        Known::Status(answer) => {
            let applied =
                apply(scope, &refund.refund_id, Some(&refund.created_at), &answer, source, None).await?;
            applied.refund.ok_or_else(|| ErrorCode::Internal.into())
        }
    }
}

/// Asks PhonePe about the refund that a webhook names and applies the answer.
///
/// # Errors
/// `dependency_unavailable`: nothing was applied, and asking again is safe.
pub async fn ask_and_apply(
    scope: &Scope,
    refund_id: &str,
    source: &'static str,
    inbox_id: Option<i64>,
) -> Result<Applied, Error> {
    let answer = match phonepe::refund_status(scope, refund_id).await? {
        Known::Status(answer) => answer,
        // The row still says what the webhook was about, and an unknown refund becomes an incident there.
        Known::Nothing => RefundAnswer::default(),
    };
    apply(scope, refund_id, None, &answer, source, inbox_id).await
}

/// Without `created_at` the next check stays when it was to be.
async fn apply(
    scope: &Scope,
    refund_id: &str,
    created_at: Option<&str>,
    answer: &RefundAnswer,
    source: &'static str,
    inbox_id: Option<i64>,
) -> Result<Applied, Error> {
    let next = created_at.and_then(time::parse).map(|created| next_refund_check(created, platform::now()));
    let arguments = json!({
        "p_refund_id": refund_id, "p_source": source, "p_state": answer.state, "p_amount": answer.amount,
        "p_provider_refund_id": answer.refund_id, "p_details": {"error_code": answer.error_code},
        "p_next_check_at": next.map(time::format), "p_inbox_id": inbox_id, "p_request_id": scope.request_id,
    });
    let applied: Applied = postgrest::rpc_as_service(scope, "rpc/apply_refund_event", &arguments).await?;
    if applied.outcome == "incident" {
        scope.note_cause(format!("an incident was stored for refund {refund_id}"));
    }
    Ok(applied)
}
