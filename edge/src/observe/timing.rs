//! The `Server-Timing` header.

use gatehouse_core::log::CallLine;

/// `Server-Timing`: each call in order, then the total against the route's budget.
pub fn server_timing(calls: &[CallLine], total_ms: u32, budget_ms: u32) -> String {
    let mut out = String::new();
    for call in calls {
        out.push_str(&format!("{};desc=\"{}\";dur={}, ", call.service, call.operation, call.ms));
    }
    out.push_str(&format!("total;dur={total_ms}, budget;dur={budget_ms}"));
    out
}
