//! Parses RFC 3339, for our own times and for the schemas' `date-time`.

use super::calendar::{Date, days_in_month};

/// Microseconds since 1970 of an RFC 3339 date and time (§5.6): a real day, an offset, and a leap second only where one
/// can be, which counts as the second before it. Digits after the sixth of a fraction are dropped.
pub(crate) fn read(text: &[u8]) -> Option<i64> {
    let number = |from: usize, to: usize| {
        let digits = text.get(from..to)?;
        digits.iter().try_fold(0_i64, |all, digit| {
            Some(all * 10 + i64::from(digit.is_ascii_digit().then(|| digit - b'0')?))
        })
    };
    let mark = |at: usize, any: &[u8]| text.get(at).is_some_and(|byte| any.contains(byte));
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let marks = mark(4, b"-") && mark(7, b"-") && mark(10, b"Tt") && mark(13, b":") && mark(16, b":");
    if !marks {
        return None;
    }
    if day == 0 || day > days_in_month(year, month) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (mut at, mut micros) = (19, 0);
    if mark(at, b".") {
        let digits = text.get(20..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        at = 20 + digits;
        micros = number(20, at.min(26))? * i64::pow(10, u32::try_from(6_usize.saturating_sub(digits)).ok()?);
    }
    let (sign, off_hour, off_minute) = if mark(at, b"Zz") && text.len() == at + 1 {
        (1, 0, 0)
    } else if mark(at, b"+-") && mark(at + 3, b":") && text.len() == at + 6 {
        (if mark(at, b"-") { -1 } else { 1 }, number(at + 1, at + 3)?, number(at + 4, at + 6)?)
    } else {
        return None;
    };
    if off_hour > 23 || off_minute > 59 {
        return None;
    }
    let minutes = Date { year, month, day }.days_since_epoch() * 24 * 60 + hour * 60 + minute
        - sign * (off_hour * 60 + off_minute);
    // Leap seconds are inserted at 23:59:60 UTC.
    if second == 60 && minutes.rem_euclid(24 * 60) != 24 * 60 - 1 {
        return None;
    }
    Some((minutes * 60 + second.min(59)) * 1_000_000 + micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_the_same_however_it_is_written() {
        for (text, micros) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.9Z", -100_000),
            ("2026-02-01T12:00:00.123456789+05:30", 1_769_927_400_123_456),
            ("2016-12-31T23:59:60Z", 1_483_228_799_000_000),
        ] {
            assert_eq!(read(text.as_bytes()), Some(micros), "{text}");
        }
    }

    #[test]
    fn real_instants_and_only_those_are_date_times() {
        for good in
            ["2026-02-01T06:30:00Z", "2024-02-29t23:59:59.123456789+05:30", "1998-12-31T15:59:60-08:00"]
        {
            assert!(read(good.as_bytes()).is_some(), "{good}");
        }
        for bad in [
            "",
            "2026-02-01",
            "2026-02-29T00:00:00Z",
            "2026-02-01 06:30:00Z",
            "2026-02-01T24:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-02-01T06:30:00",
            "2026-02-01T06:30:00.Z",
            "2026-02-01T06:30:00+0530",
            "2026-02-01T06:30:60Z",
            "2026-02-01T06:30:00Zz",
            "२०२६-02-01T06:30:00Z",
            "+026-02-01T06:30:00Z",
            "2026-00-01T06:30:00Z",
            "2026-02-00T06:30:00Z",
        ] {
            assert!(read(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
