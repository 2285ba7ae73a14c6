//! What a request leaves behind: one log line and the `Server-Timing` header.

use gatehouse_core::log::{CallLine, TierLine, TierOutcome};

use crate::app::Scope;
use crate::metrics;

/// `Server-Timing`: each call in order, then the total against the route's budget.
pub fn server_timing(calls: &[CallLine], total_ms: u32, budget_ms: u32) -> String {
    let mut out = String::new();
    for call in calls {
        out.push_str(&format!("{};desc=\"{}\";dur={}, ", call.neighbour, call.operation, call.ms));
    }
    out.push_str(&format!("total;dur={total_ms}, budget;dur={budget_ms}"));
    out
}

/// Tells what a cache tier gave or was given: into the metrics, and into the log line of the request or of its work
/// after the answer.
pub fn observe_tier(scope: &Scope, line: TierLine) {
    let labels = [("tier", line.tier), ("outcome", line.outcome.as_str())];
    metrics::count("gatehouse_tier_total", &labels, 1);
    if line.bytes > 0 {
        metrics::count("gatehouse_tier_bytes_total", &labels, i64::try_from(line.bytes).unwrap_or(i64::MAX));
    }
    if line.outcome == TierOutcome::Hit {
        let seconds = |ms: u64| i64::try_from(ms / 1_000).unwrap_or(i64::MAX);
        let tier = [("tier", line.tier)];
        if let Some(age_ms) = line.age_ms {
            metrics::count("gatehouse_tier_hit_age_seconds_total", &tier, seconds(age_ms));
        }
        if let Some(ttl_ms) = line.ttl_ms {
            metrics::count("gatehouse_tier_hit_ttl_seconds_total", &tier, seconds(ttl_ms));
        }
    }
    scope.note_tier(line);
}
