//! Numbers as exact decimals: comparing needs no binary fraction, and Rust's own parser weighs 14 KB in the browser.

use std::cmp::Ordering;

/// The most bytes of a number.
const MAX_BYTES: usize = 256;
/// A document's numbers must be below 10 to this power, so that every parser can represent them.
const LARGEST_POWER: i32 = 308;

/// `0.digits × 10^exponent`, without zeros at either end; zero has no digits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decimal<'a> {
    pub negative: bool,
    /// The digits: what stood before the point and what stood after it.
    digits: (&'a [u8], &'a [u8]),
    pub exponent: i32,
}

impl<'a> Decimal<'a> {
    /// Reads a number that keeps to the grammar of JSON; `None` for one of 10^308 or more, or of more than 256 bytes.
    pub fn read(text: &'a [u8]) -> Option<Self> {
        Self::parse_any_size(text).filter(|number| number.exponent <= LARGEST_POWER)
    }

    /// Reads a number of any size; `None` for one of more than 256 bytes, or whose exponent does not fit an `i32`.
    pub fn parse_any_size(text: &'a [u8]) -> Option<Self> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let (mantissa, power) = split(text, |byte| byte | 0x20 == b'e');
        let (whole, fraction) = split(mantissa, |byte| byte == b'.');
        let whole = without_first_zeros(whole);
        let fraction = without_last_zeros(fraction);
        // Where the point stands, from the first digit that is not zero.
        let (digits, point) = if whole.is_empty() {
            let small = without_first_zeros(fraction);
            ((whole, small), -signed(fraction.len() - small.len())?)
        } else if fraction.is_empty() {
            ((without_last_zeros(whole), fraction), signed(whole.len())?)
        } else {
            ((whole, fraction), signed(whole.len())?)
        };
        if digits.0.is_empty() && digits.1.is_empty() {
            return Some(Self { negative: false, digits, exponent: 0 });
        }
        Some(Self { negative, digits, exponent: point.saturating_add(exponent(power)?) })
    }

    /// Whether it has no fraction.
    pub fn is_integer(&self) -> bool {
        let digits = self.digits.0.len() + self.digits.1.len();
        usize::try_from(self.exponent.max(0)).is_ok_and(|whole| digits <= whole)
    }

    /// The digits, none for zero.
    pub fn digits(&self) -> impl Iterator<Item = &u8> {
        self.digits.0.iter().chain(self.digits.1)
    }

    /// The canonical text of this number, in our own form.
    pub fn canonical(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        let digits: String = self.digits().map(|digit| char::from(*digit)).collect();
        format!("{sign}{digits}e{}", self.exponent)
    }
}

/// The parts before and after the first byte for which `is` holds.
fn split(text: &[u8], is: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let (before, rest) = text.split_at(text.iter().position(|byte| is(*byte)).unwrap_or(text.len()));
    (before, rest.split_first().map_or(rest, |(_, behind)| behind))
}

fn without_first_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.get(zeros..).unwrap_or_default()
}

fn without_last_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().rev().take_while(|digit| **digit == b'0').count();
    digits.get(..digits.len() - zeros).unwrap_or_default()
}

/// The power of ten behind an `e`. One too long for an i32 is huge (`None`), or makes a fraction too small to tell from
/// its neighbours.
fn exponent(power: &[u8]) -> Option<i32> {
    const SMALLEST: i32 = -1_000_000_000;
    let (negative, digits) = match power {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    let power = digits
        .iter()
        .try_fold(0_i32, |all, digit| all.checked_mul(10)?.checked_add(i32::from(digit.wrapping_sub(b'0'))));
    match (power, negative) {
        (Some(power), false) => Some(power),
        (Some(power), true) => Some(-power),
        (None, true) => Some(SMALLEST),
        (None, false) => None,
    }
}

fn signed(length: usize) -> Option<i32> {
    i32::try_from(length).ok()
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits().next().is_none(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let size = || self.exponent.cmp(&other.exponent).then_with(|| self.digits().cmp(other.digits()));
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

impl PartialEq for Decimal<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Decimal<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Decimal<'_> {
        Decimal::read(text.as_bytes()).unwrap()
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
        assert_eq!(Decimal::read(b"1e308"), None);
        assert_eq!(Decimal::read(b"-1e99999999999999"), None);
        assert_eq!(Decimal::read(&[b'9'; 257]), None);
        assert!(Decimal::read(b"9.9e307").is_some() && Decimal::read(b"0e99").is_some());
    }
}
