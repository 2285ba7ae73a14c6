//! How old a manifest is, from the moment a person last confirmed it.

use serde::Serialize;

use crate::time::{DAY_MS, Timestamp, format, plus_ms};
use crate::vocabulary::Freshness;

const STALE_AFTER_MS: i64 = 7 * DAY_MS;
const EXPIRED_AFTER_MS: i64 = 14 * DAY_MS;

/// A freshness label with its reason and the time of its next change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FreshnessView {
    /// The label.
    pub freshness: Freshness,
    /// Why, in a sentence.
    pub reason: String,
    /// When the label changes next unless somebody confirms the manifest, RFC 3339 UTC; absent when it is expired or
    /// missing.
    pub changes_at: Option<String>,
}

/// The freshness of a manifest last confirmed at `confirmed_at` (absent when there is none).
/// A confirmation ahead of the clock counts as now: clocks differ by seconds.
pub fn freshness(confirmed_at: Option<Timestamp>, now: Timestamp) -> FreshnessView {
    let Some(confirmed) = confirmed_at else {
        return FreshnessView {
            freshness: Freshness::Missing,
            reason: "There is no manifest yet.".to_owned(),
            changes_at: None,
        };
    };
    let age_ms = (now.as_millisecond() - confirmed.as_millisecond()).max(0);
    let days = age_ms / DAY_MS;
    let (label, next) = match age_ms {
        age if age < STALE_AFTER_MS => (Freshness::Fresh, Some(STALE_AFTER_MS)),
        age if age < EXPIRED_AFTER_MS => (Freshness::Stale, Some(EXPIRED_AFTER_MS)),
        _ => (Freshness::Expired, None),
    };
    let reason = match days {
        0 => "Confirmed today.".to_owned(),
        1 => "Confirmed 1 day ago.".to_owned(),
        days => format!("Confirmed {days} days ago."),
    };
    FreshnessView { freshness: label, reason, changes_at: next.map(|ms| format(plus_ms(confirmed, ms))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{HOUR_MS, parse};

    #[test]
    fn labels_change_at_7_and_14_days_to_the_millisecond() {
        let confirmed = parse("2026-02-01T06:30:00Z").unwrap();
        let at = |ms| freshness(Some(confirmed), plus_ms(confirmed, ms));
        assert_eq!(at(0).freshness, Freshness::Fresh);
        assert_eq!(at(STALE_AFTER_MS - 1).freshness, Freshness::Fresh);
        assert_eq!(at(STALE_AFTER_MS).freshness, Freshness::Stale);
        assert_eq!(at(EXPIRED_AFTER_MS - 1).freshness, Freshness::Stale);
        assert_eq!(at(EXPIRED_AFTER_MS).freshness, Freshness::Expired);
        assert_eq!(at(0).changes_at.as_deref(), Some("2026-02-08T06:30:00.000Z"));
        assert_eq!(at(EXPIRED_AFTER_MS).changes_at, None);
        assert_eq!(
            at(-HOUR_MS).freshness,
            Freshness::Fresh,
            "a confirmation ahead of the clock counts as now"
        );
        assert_eq!(freshness(None, confirmed).freshness, Freshness::Missing);
    }
}
