//! Numbers as exact decimals: comparing needs no binary fraction, and Rust's own parser weighs 14 KB in the browser.

use std::borrow::Cow;
use std::cmp::Ordering;

/// The most bytes of a number.
const LONGEST: usize = 256;
/// Numbers must be below 10 to this power, so that every reader of the document can hold them.
const LARGEST_POWER: i32 = 308;

/// `0.digits × 10^exponent`, without zeros at either end; zero has no digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal<'a> {
    negative: bool,
    digits: Cow<'a, str>,
    exponent: i32,
}

impl<'a> Decimal<'a> {
    /// Reads a number that keeps to the grammar of JSON.
    ///
    /// # Errors
    /// A number of 10^308 or more, or of more than 256 bytes.
    pub fn read(text: &'a str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let negative = text.starts_with('-');
        let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let whole = mantissa.trim_start_matches('-');
        let (whole, fraction) = whole.split_once('.').unwrap_or((whole, ""));
        let whole = whole.trim_start_matches('0');
        let small = fraction.trim_start_matches('0');
        // Where the point stands, from the first digit that is not zero.
        let point =
            if whole.is_empty() { -signed(fraction.len() - small.len())? } else { signed(whole.len())? };
        let digits = match (whole, fraction.trim_end_matches('0')) {
            (whole, "") => Cow::Borrowed(whole.trim_end_matches('0')),
            ("", _) => Cow::Borrowed(small.trim_end_matches('0')),
            (whole, fraction) => Cow::Owned([whole, fraction].concat()),
        };
        if digits.is_empty() {
            return Some(Self { negative: false, digits, exponent: 0 });
        }
        // A power too long for an i32 is huge or a fraction too small to tell from its neighbours.
        let power: i32 = match power.trim_start_matches('+').parse() {
            Ok(power) => power,
            Err(_) if power.starts_with('-') => -1_000_000_000,
            Err(_) => return None,
        };
        let exponent = point.saturating_add(power);
        (exponent <= LARGEST_POWER).then_some(Self { negative, digits, exponent })
    }

    /// Whether there is nothing behind the point.
    pub fn is_integer(&self) -> bool {
        usize::try_from(self.exponent.max(0)).is_ok_and(|whole| self.digits.len() <= whole)
    }

    /// The one way to write this number.
    pub fn canonical(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{}e{}", self.digits, self.exponent)
    }
}

fn signed(length: usize) -> Option<i32> {
    i32::try_from(length).ok()
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits.is_empty(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let size = || (self.exponent, &self.digits).cmp(&(other.exponent, &other.digits));
        sign(self).cmp(&sign(other)).then_with(|| match sign(self) {
            0 => Ordering::Equal,
            1 => size(),
            _ => size().reverse(),
        })
    }
}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Decimal<'_> {
        Decimal::read(text).unwrap()
    }

    #[test]
    fn one_number_has_one_form_however_it_is_written() {
        for (a, b) in [("1", "1.0"), ("100", "1e2"), ("0.5", "5E-1"), ("-0", "0.0e9"), ("12.30", "0.123e+2")]
        {
            assert_eq!(read(a), read(b), "{a} {b}");
        }
        assert_ne!(read("1").canonical(), read("10").canonical());
        assert_ne!(read("1").canonical(), read("-1").canonical());
    }

    #[test]
    fn the_order_is_that_of_the_numbers_to_the_last_digit() {
        let rising = [
            "-1e300",
            "-2",
            "-1.5",
            "-1",
            "-1e-999999999999",
            "0",
            "1e-9",
            "0.1",
            "0.10000000000000000001",
            "1",
            "1.5",
            "9",
            "10",
            "99",
            "1e2",
        ];
        for pair in rising.windows(2) {
            assert!(read(pair[0]) < read(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn integers_have_no_fraction() {
        for (text, integer) in [
            ("1", true),
            ("1.0", true),
            ("1.50e1", true),
            ("1.5", false),
            ("1e-1", false),
            ("0", true),
            ("-7e300", true),
        ] {
            assert_eq!(read(text).is_integer(), integer, "{text}");
        }
    }

    #[test]
    fn what_is_too_large_to_hold_is_refused() {
        assert_eq!(Decimal::read("1e308"), None);
        assert_eq!(Decimal::read("-1e99999999999999"), None);
        assert_eq!(Decimal::read(&"9".repeat(257)), None);
        assert!(Decimal::read("9.9e307").is_some() && Decimal::read("0e99").is_some());
    }
}
