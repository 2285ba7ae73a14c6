//! UTC instants: RFC 3339 text on the wire, [`Timestamp`] inside. Our own code, because a calendar library with time
//! zones would outweigh all rules in the browser bundle.

mod calendar;
mod rfc3339;

pub use calendar::{Date, days_in_month};
pub(crate) use rfc3339::read;

/// One second, in milliseconds.
pub const SECOND_MS: i64 = 1_000;
/// One hour, in milliseconds.
pub const HOUR_MS: i64 = 3_600 * SECOND_MS;
/// One day of 24 hours, in milliseconds. Freshness counts these, not calendar days.
pub const DAY_MS: i64 = 24 * HOUR_MS;

const MS_US: i64 = 1_000;
const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = DAY_MS * MS_US;

/// An instant of the years 0 to 9999, to the microsecond as Postgres has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1 January 1970.
    pub const UNIX_EPOCH: Self = Self(0);
    /// The first instant of year 0.
    pub const MIN: Self = Self(-719_528 * DAY_US);
    /// The last instant of year 9999.
    pub const MAX: Self = Self(2_932_897 * DAY_US - 1);

    /// From microseconds since 1970; `None` outside of the years 0 to 9999.
    pub fn from_microsecond(us: i64) -> Option<Self> {
        Some(Self(us)).filter(|at| (Self::MIN..=Self::MAX).contains(at))
    }

    /// From milliseconds since 1970; `None` outside of the years 0 to 9999.
    pub fn from_millisecond(ms: i64) -> Option<Self> {
        Self::from_units(ms, MS_US)
    }

    /// From seconds since 1970; `None` outside of the years 0 to 9999.
    pub fn from_second(seconds: i64) -> Option<Self> {
        Self::from_units(seconds, SECOND_US)
    }

    /// From a number of units since 1970. The range is divided instead of multiplying the number, which could overflow.
    fn from_units(number: i64, unit_us: i64) -> Option<Self> {
        let calendar = Self::MIN.0 / unit_us..=Self::MAX.0 / unit_us;
        calendar.contains(&number).then(|| Self(number * unit_us))
    }

    /// Microseconds since 1970.
    pub fn as_microsecond(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since 1970.
    pub fn as_millisecond(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole seconds since 1970.
    pub fn as_second(self) -> i64 {
        self.0.div_euclid(SECOND_US)
    }

    /// The day in UTC, and the microseconds since it began.
    pub fn split(self) -> (Date, i64) {
        (Date::from_days(self.0.div_euclid(DAY_US)), self.0.rem_euclid(DAY_US))
    }

    /// The instant of a UTC day and the microseconds since it began.
    pub fn join(date: Date, since_midnight: i64) -> Option<Self> {
        Self::from_microsecond(date.days_since_epoch() * DAY_US + since_midnight)
    }
}

/// Reads an RFC 3339 instant in any offset, as PostgREST (`+00:00`) and browsers (`Z`) write it.
pub fn parse(text: &str) -> Option<Timestamp> {
    Timestamp::from_microsecond(read(text.as_bytes())?)
}

/// Writes an instant as RFC 3339 UTC with whole milliseconds and a `Z`, the one form we put on the wire.
pub fn format(at: Timestamp) -> String {
    let (Date { year, month, day }, since) = at.split();
    let seconds = since / SECOND_US;
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let ms = since / 1_000 % 1_000;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// Rewrites an instant's text in our one form, so that equal instants are equal bytes. A text that is not an instant is
/// returned unchanged.
pub fn normalise(text: &str) -> String {
    parse(text).map_or_else(|| text.to_owned(), format)
}

/// `at` moved by `ms` milliseconds; stays at `at` where the calendar ends (year 9999).
pub fn plus_ms(at: Timestamp, ms: i64) -> Timestamp {
    // More than the whole range, in either direction.
    const TOO_MUCH: i64 = (Timestamp::MAX.0 - Timestamp::MIN.0) / MS_US + 1;
    let us = ms.clamp(-TOO_MUCH, TOO_MUCH) * MS_US;
    Timestamp::from_microsecond(at.0 + us).unwrap_or(at)
}

/// India is 5:30 hours ahead of UTC, and has no summer time.
const INDIA_MS: i64 = 19_800 * SECOND_MS;

/// The date of an instant in India, for a sentence, such as `3 Feb 2026`.
pub fn day_in_india(at: Timestamp) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (Date { year, month, day }, _) = plus_ms(at, INDIA_MS).split();
    let month = usize::try_from(month - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"");
    format!("{day} {month} {year}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_day_in_india() {
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
        for none in ["yesterday", "2026-02-29T00:00:00Z", "0000-01-01T00:00:00+00:01"] {
            assert_eq!(parse(none), None, "{none}");
        }
    }

    #[test]
    fn arithmetic_stops_at_the_end_of_the_calendar() {
        assert_eq!(plus_ms(Timestamp::MAX, DAY_MS), Timestamp::MAX);
        assert_eq!(format(Timestamp::MAX), "9999-12-31T23:59:59.999Z");
        assert_eq!(format(Timestamp::MIN), "0000-01-01T00:00:00.000Z");
        for beyond in [i64::MAX, i64::MIN] {
            assert_eq!(Timestamp::from_millisecond(beyond), None);
            assert_eq!(Timestamp::from_second(beyond), None);
            assert_eq!(Timestamp::from_microsecond(beyond), None);
        }
    }
}
