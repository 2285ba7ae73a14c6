//! The formats that our schemas name, asserted.

/// An RFC 3339 date and time (§5.6): a real day, an offset, and a leap second only where one can be.
pub(super) fn is_date_time(text: &[u8]) -> bool {
    parse(text).is_some()
}

fn parse(text: &[u8]) -> Option<()> {
    let number = |from: usize, to: usize| {
        let digits = text.get(from..to)?;
        digits.iter().try_fold(0, |all, digit| {
            Some(all * 10 + u32::from(digit.is_ascii_digit().then(|| digit - b'0')?))
        })
    };
    let mark = |at: usize, any: &[u8]| text.get(at).is_some_and(|byte| any.contains(byte));
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let marks = mark(4, b"-") && mark(7, b"-") && mark(10, b"Tt") && mark(13, b":") && mark(16, b":");
    if !marks {
        return None;
    }
    let leap_year = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap_year => 29,
        2 => 28,
        _ => return None,
    };
    if day == 0 || day > days || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut at = 19;
    if mark(at, b".") {
        let digits = text.get(20..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        at = 20 + digits;
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
    // Leap seconds are inserted at 23:59:60 UTC.
    let minutes = |hour: u32, minute: u32| i64::from(hour) * 60 + i64::from(minute);
    let utc = (minutes(hour, minute) - sign * minutes(off_hour, off_minute)).rem_euclid(24 * 60);
    (second < 60 || utc == 24 * 60 - 1).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_instants_and_only_those_are_date_times() {
        for good in
            ["2026-02-01T06:30:00Z", "2024-02-29t23:59:59.123456789+05:30", "1998-12-31T15:59:60-08:00"]
        {
            assert!(is_date_time(good.as_bytes()), "{good}");
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
            assert!(!is_date_time(bad.as_bytes()), "{bad}");
        }
    }
}
