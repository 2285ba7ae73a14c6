//! What a request leaves behind: one log line and the `Server-Timing` header.

use gatehouse_core::log::{CallLine, TierLine};

use crate::app::Scope;

/// `Server-Timing`: each call in order, then the total against the route's budget.
pub fn server_timing(calls: &[CallLine], total_ms: u32, budget_ms: u32) -> String {
    let mut out = String::new();
    for call in calls {
        out.push_str(&format!("{};desc=\"{}\";dur={}, ", call.neighbour, call.operation, call.ms));
    }
    out.push_str(&format!("total;dur={total_ms}, budget;dur={budget_ms}"));
    out
}

/// Tells what a cache tier gave or was given: into the request's log line, or that of its work after the answer.
pub fn observe_tier(scope: &Scope, line: TierLine) {
    scope.note_tier(line);
}
