//! What the manifest's cache tiers do, for metrics and log.

use gatehouse_core::log::{TierLine, TierOutcome};

use super::counters;
use crate::scope::Scope;

/// Records what a cache tier gave or was given: in the metrics, and in the log line of the request or of its work after
/// the answer.
pub fn record_tier(scope: &Scope, line: TierLine) {
    let labels = [("tier", line.tier), ("outcome", line.outcome.as_str())];
    counters::count("gatehouse_tier_total", &labels, 1);
    if line.bytes > 0 {
        counters::count("gatehouse_tier_bytes_total", &labels, i64::try_from(line.bytes).unwrap_or(i64::MAX));
    }
    if line.outcome == TierOutcome::Hit {
        let seconds = |ms: u64| i64::try_from(ms / 1_000).unwrap_or(i64::MAX);
        let tier = [("tier", line.tier)];
        if let Some(age_ms) = line.age_ms {
            counters::count("gatehouse_tier_hit_age_seconds_total", &tier, seconds(age_ms));
        }
        if let Some(ttl_ms) = line.ttl_ms {
            counters::count("gatehouse_tier_hit_ttl_seconds_total", &tier, seconds(ttl_ms));
        }
    }
    scope.note_tier(line);
}
