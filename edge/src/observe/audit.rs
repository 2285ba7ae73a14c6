//! Events that change no row: written to the audit log after the answer has gone out.

use std::cell::RefCell;

use gatehouse_core::error::Error;
use gatehouse_core::vocabulary::AuditAction;
use serde_json::{Value, json};

use crate::clients::postgrest::{self, Failure};
use crate::scope::Scope;

/// How many denials an isolate remembers, so that a caller who repeats a refused request all night leaves one row.
const REMEMBERED: usize = 256;

thread_local! {
    static DENIED: RefCell<Vec<(String, String)>> = const { RefCell::new(Vec::new()) };
}

/// Records an event of a person in a workspace. A failure is logged; the answer stands.
pub fn record(scope: &Scope, action: AuditAction, workspace_id: &str, user_id: &str, details: Value) {
    let background = scope.background();
    let event = json!({"action": action, "workspace_id": workspace_id, "actor": user_id, "details": details});
    scope.wait_until(async move {
        let recorded: Result<Value, Failure> =
            postgrest::rpc_as_service(&background, "rpc/record_events", &json!({"p_events": [event]})).await;
        background.log_background("record_events", recorded.err().map(Error::from));
    });
}

/// Records that somebody was refused a workspace's manifest, once for each person, workspace and isolate.
pub fn record_denied(scope: &Scope, workspace_id: &str, user_id: &str) {
    let pair = (workspace_id.to_owned(), user_id.to_owned());
    let is_new = DENIED.with_borrow_mut(|denied| {
        if denied.contains(&pair) {
            return false;
        }
        if denied.len() >= REMEMBERED {
            denied.remove(0);
        }
        denied.push(pair);
        true
    });
    if is_new {
        record(scope, AuditAction::BcmReadDenied, workspace_id, user_id, json!({}));
    }
}
