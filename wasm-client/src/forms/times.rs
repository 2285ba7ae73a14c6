//! Rules that depend on the time: a manifest's freshness and when to poll a payment.

use gatehouse_core::context::{self, FreshnessView};
use gatehouse_core::payment;
use gatehouse_core::time::{self, Timestamp};
use serde::Serialize;

use crate::response::{Problem, parse_now, to_response};

#[derive(Serialize)]
struct FreshnessResponse {
    view: FreshnessView,
}

/// The freshness of a manifest confirmed at `confirmed_at`, RFC 3339.
pub fn freshness(confirmed_at: Option<&str>, now_ms: f64) -> String {
    to_response(parse_now(now_ms).and_then(|now| {
        // An unreadable time must not count as "no manifest": a founder would think that it is gone.
        let confirmed =
            confirmed_at.map(|text| parse_time(text, "The manifest's `confirmed_at`")).transpose()?;
        Ok(FreshnessResponse { view: context::freshness(confirmed, now) })
    }))
}

#[derive(Serialize)]
struct PollResponse {
    next_at: String,
    give_up_at: String,
}

/// When to check an order again.
pub fn next_poll(created_at: &str, expires_at: &str, now_ms: f64) -> String {
    to_response(parse_now(now_ms).and_then(|now| {
        let created = parse_time(created_at, "The order's `created_at`")?;
        let expires = parse_time(expires_at, "The order's `expires_at`")?;
        let poll = payment::next_poll(created, expires, now);
        Ok(PollResponse { next_at: time::format(poll.next_at), give_up_at: time::format(poll.give_up_at) })
    }))
}

fn parse_time(text: &str, name: &str) -> Result<Timestamp, Problem> {
    time::parse(text).ok_or_else(|| {
        Problem::input("time_invalid", format!("{name} is not RFC 3339."), "Pass it as the Worker sent it.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreadable_times_are_refused_and_are_not_a_missing_manifest() {
        let refused = |text: String| text.starts_with(r#"{"ok":false,"problem":{"code":"time_invalid""#);
        assert!(refused(freshness(Some("yesterday"), 0.0)));
        for now in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
            assert!(refused(freshness(None, now)), "{now}");
        }
        assert!(!refused(freshness(None, 0.0)));
        assert!(refused(next_poll("1970-01-01T00:00:00Z", "", 0.0)));
    }

    #[test]
    fn an_order_is_asked_about_on_phonepes_schedule() {
        let start = "1970-01-01T00:00:00Z";
        assert_eq!(
            next_poll(start, "1970-01-01T00:20:00Z", 22_000.0),
            r#"{"ok":true,"next_at":"1970-01-01T00:00:25.000Z","give_up_at":"1970-01-01T00:22:00.000Z"}"#
        );
    }
}
