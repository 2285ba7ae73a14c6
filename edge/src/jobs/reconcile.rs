//! Pending payments: the cron is what completes them, a webhook only makes it faster.

use gatehouse_core::time;
use serde::Deserialize;
use serde_json::json;

use super::{BATCH, note};
use crate::app::Scope;
use crate::clients::postgrest::{self, Failure};
use crate::payments::{self, Question};
use crate::platform;

/// A row of `claim_due_orders()`.
#[derive(Deserialize)]
struct Due {
    order_id: String,
    created_at: String,
    expires_at: Option<String>,
}

/// Asks PhonePe about every order whose next check is due.
pub async fn run(scope: &Scope) {
    let claimed: Result<Vec<Due>, Failure> =
        postgrest::rpc_as_service(scope, "rpc/claim_due_orders", &json!({"p_limit": BATCH})).await;
    let due = match claimed {
        Ok(due) => due,
        Err(failure) => return note(scope, "claim_due_orders", Some(failure.into_error())),
    };
    for order in due {
        let created_at = time::parse(&order.created_at).unwrap_or_else(platform::now);
        let expires_at = order.expires_at.as_deref().and_then(time::parse).unwrap_or(created_at);
        let question =
            Question { order_id: &order.order_id, created_at, expires_at, source: "cron", inbox_id: None };
        note(scope, "reconcile", payments::ask_and_apply(scope, &question).await.err());
    }
}
