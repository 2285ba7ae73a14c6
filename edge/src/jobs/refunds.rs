//! Pending refunds: the cron asks PhonePe what became of them, and asks again for those that never got through.

use gatehouse_core::api::RefundView;
use serde_json::json;

use super::{BATCH, note};
use crate::app::Scope;
use crate::clients::postgrest::{self, Failure};
use crate::refunds;

/// Follows up on every refund whose next check is due.
pub async fn run(scope: &Scope) {
    let claimed: Result<Vec<RefundView>, Failure> =
        postgrest::rpc_as_service(scope, "rpc/claim_due_refunds", &json!({"p_limit": BATCH})).await;
    match claimed {
        Ok(due) => {
            for refund in due {
                note(scope, "refund", refunds::follow_up(scope, &refund, "cron").await.err());
            }
        }
        Err(failure) => note(scope, "claim_due_refunds", Some(failure.into_error())),
    }
}
