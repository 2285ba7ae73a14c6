//! UTC instants as the wire has them: RFC 3339 text outside, [`jiff::Timestamp`] inside.

pub use jiff::Timestamp;

/// One second, in milliseconds.
pub const SECOND_MS: i64 = 1_000;
/// One hour, in milliseconds.
pub const HOUR_MS: i64 = 3_600 * SECOND_MS;
/// One day of 24 hours, in milliseconds. Freshness counts these, not calendar days.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// Reads an RFC 3339 instant in any offset, as PostgREST (`+00:00`) and browsers (`Z`) write it.
pub fn parse(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// Writes an instant as RFC 3339 UTC with whole milliseconds and a `Z`, the one form we put on the wire.
pub fn format(at: Timestamp) -> String {
    let ms = Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
    format!("{ms:.3}")
}

/// Brings an instant's text into our one form, so that every path to it gives the same bytes; a text that is no
/// instant stays as it is.
pub fn normalise(text: &str) -> String {
    parse(text).map_or_else(|| text.to_owned(), format)
}

/// `at` moved by `ms` milliseconds; stays at `at` where the calendar ends (year 9999).
pub fn plus_ms(at: Timestamp, ms: i64) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond().saturating_add(ms)).unwrap_or(at)
}

/// India is 5:30 hours ahead of UTC, and has no summer time.
const INDIA_MS: i64 = 19_800 * SECOND_MS;

/// The day of an instant for a sentence, as a calendar in India shows it, such as `3 Feb 2026`.
pub fn day_in_india(at: Timestamp) -> String {
    plus_ms(at, INDIA_MS).strftime("%-d %b %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_told_by_indias_calendar() {
        assert_eq!(day_in_india(parse("2026-02-03T18:29:59.999Z").unwrap()), "3 Feb 2026");
        assert_eq!(day_in_india(parse("2026-02-03T18:30:00Z").unwrap()), "4 Feb 2026");
    }

    #[test]
    fn postgres_and_browser_forms_are_one_instant_and_one_text() {
        let postgres = parse("2026-02-01T12:00:00.123456+05:30").unwrap();
        let browser = parse("2026-02-01T06:30:00.123Z").unwrap();
        assert_eq!(format(postgres), "2026-02-01T06:30:00.123Z");
        assert_eq!(format(browser), "2026-02-01T06:30:00.123Z");
        assert_eq!(format(parse("2026-02-01T06:30:00Z").unwrap()), "2026-02-01T06:30:00.000Z");
        assert_eq!(parse("yesterday"), None);
    }

    #[test]
    fn arithmetic_stops_at_the_end_of_the_calendar() {
        assert_eq!(plus_ms(Timestamp::MAX, DAY_MS), Timestamp::MAX);
    }
}
