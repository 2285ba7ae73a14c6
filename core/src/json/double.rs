//! Converts a decimal to the nearest double, and a double to its shortest decimal in RFC 8785's form.
//!
//! It calculates exactly, with whole numbers of any length, because the tables of Rust's own conversions are 25 KB in
//! the browser bundle. It is slow, but a manifest hardly ever has a number, and rarely one with more than the fifteen
//! digits that every double keeps.

use std::cmp::Ordering;

use super::Decimal;
use super::natural::Natural;

/// Decimals with this many digits all have different doubles, so each is the shortest one for its double.
const KEPT_DIGITS: usize = 15;
/// Between these powers of ten doubles have full precision.
const FULL: std::ops::RangeInclusive<i32> = -306..=307;
/// Bits of a mantissa.
const BITS: i32 = 53;
/// The powers of two of the first and last bit that a double can have.
const POWERS: (i32, i32) = (-1_074, 1_023);

/// The RFC 8785 text of a JSON number: section 3.2.2.3, which is how ECMAScript writes the double that it stands for.
/// `None` for what is too large for a double.
pub(crate) fn canonical_number(text: &str) -> Option<String> {
    let decimal = Decimal::parse_any_size(text.as_bytes())?;
    let digits: Vec<u8> = decimal.digits().copied().collect();
    if digits.len() <= KEPT_DIGITS && (digits.is_empty() || FULL.contains(&decimal.exponent)) {
        return Some(write(decimal.negative, &digits, decimal.exponent));
    }
    let double = Double::nearest(&digits, decimal.exponent)?;
    Some(double.text(decimal.negative))
}

/// The RFC 8785 text of a double; `null` for NaN and infinity, as in ECMAScript.
pub fn canonical_double(double: f64) -> String {
    let bits = double.to_bits();
    let (exponent, fraction) = (bits >> 52 & 0x7ff, bits & ((1 << 52) - 1));
    let (mantissa, from_first) = match exponent {
        0x7ff => return "null".to_owned(),
        0 => (fraction, 0),
        _ => (fraction | 1 << 52, exponent - 1),
    };
    let power = POWERS.0 + i32::try_from(from_first).unwrap_or_default();
    Double { mantissa, power }.text(double < 0.0)
}

/// The double of a JSON number; `None` when it is too large for one.
pub(crate) fn double(text: &str) -> Option<f64> {
    let decimal = Decimal::parse_any_size(text.as_bytes())?;
    let digits: Vec<u8> = decimal.digits().copied().collect();
    let Double { mantissa, power } = Double::nearest(&digits, decimal.exponent)?;
    let bits = match mantissa >> 52 {
        0 => mantissa,
        _ => (u64::try_from(power - POWERS.0).ok()? + 1) << 52 | mantissa & ((1 << 52) - 1),
    };
    Some(f64::from_bits(u64::from(decimal.negative) << 63 | bits))
}

/// `mantissa × 2^power`, not negative; the mantissa has 53 bits, or fewer at the lowest power.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Double {
    mantissa: u64,
    power: i32,
}

impl Double {
    /// The nearest to `0.digits × 10^exponent`; of two equally near ones that with the even mantissa.
    fn nearest(digits: &[u8], exponent: i32) -> Option<Self> {
        let zero = Self { mantissa: 0, power: POWERS.0 };
        // Beyond any double; keeps the numbers below small.
        if digits.is_empty() || exponent < -330 {
            return Some(zero);
        }
        if exponent > 310 {
            return None;
        }
        let tens = exponent - i32::try_from(digits.len()).ok()?;
        let (mut number, mut one) = (Natural::from_digits(digits), Natural::one());
        if tens > 0 {
            number.multiply(10, tens)
        } else {
            one.multiply(10, -tens)
        }
        // The value is number / one × 2^power, scaled so that 1 ≤ number / one < 2.
        let mut power = number.bits() - one.bits();
        if power > 0 {
            one.multiply(2, power)
        } else {
            number.multiply(2, -power)
        }
        if number < one {
            number.multiply(2, 1);
            power -= 1;
        }
        let bits = BITS.min(power - POWERS.0 + 1);
        if bits < 0 {
            return Some(zero);
        }
        let mut mantissa = 0;
        for _ in 0..bits {
            mantissa = mantissa * 2 + u64::from(number.try_subtract(&one));
            number.multiply(2, 1);
        }
        let up = match number.cmp(&one) {
            Ordering::Greater => 1,
            Ordering::Equal => mantissa & 1,
            Ordering::Less => 0,
        };
        mantissa += up;
        let mut last = power - bits + 1;
        if mantissa >> BITS != 0 {
            mantissa >>= 1;
            last += 1;
        }
        (last + BITS - 1 <= POWERS.1).then_some(Self { mantissa, power: last })
    }

    /// The shortest decimal that reads back as this double and, of those, the nearest.
    fn text(self, negative: bool) -> String {
        if self.mantissa == 0 {
            return "0".to_owned();
        }
        let (mut number, mut one) =
            (Natural::from_digits(self.mantissa.to_string().as_bytes()), Natural::one());
        if self.power > 0 {
            number.multiply(2, self.power)
        } else {
            one.multiply(2, -self.power)
        }
        // The value is number / one × 10^(exponent - 1), scaled so that 1 ≤ number / one < 10.
        let mut exponent = (number.bits() - one.bits()) * 3 / 10;
        if exponent > 0 {
            one.multiply(10, exponent)
        } else {
            number.multiply(10, -exponent)
        }
        while number < one {
            number.multiply(10, 1);
            exponent -= 1;
        }
        exponent += 1;
        loop {
            let mut ten = one.clone();
            ten.multiply(10, 1);
            if number < ten {
                break;
            }
            one = ten;
            exponent += 1;
        }
        let enough = if self.mantissa >> (BITS - 1) == 0 { 1 } else { KEPT_DIGITS };
        let mut half = one.clone();
        half.multiply(5, 1);
        let (mut taken, mut length) = (0_u64, 0);
        loop {
            let mut digit = 0;
            while number.try_subtract(&one) {
                digit += 1;
            }
            number.multiply(10, 1);
            taken = taken * 10 + digit;
            length += 1;
            if length < enough {
                continue;
            }
            // Try the decimals just below and above, the nearer one first.
            let above = match number.cmp(&half) {
                Ordering::Greater => 1,
                Ordering::Equal => taken & 1,
                Ordering::Less => 0,
            };
            for candidate in [taken + above, taken + 1 - above] {
                let written = candidate.to_string();
                // One digit more when it was rounded up to a power of ten.
                let exponent = exponent + i32::from(written.len() > length);
                if length > 17 || Self::nearest(written.as_bytes(), exponent) == Some(self) {
                    let zeros = written.bytes().rev().take_while(|digit| *digit == b'0').count();
                    return write(
                        negative,
                        written.as_bytes().get(..written.len() - zeros).unwrap_or_default(),
                        exponent,
                    );
                }
            }
        }
    }
}

/// `0.digits × 10^exponent` as ECMAScript writes it (ECMA-262, Number::toString): without an `e` from 0.000001 to below
/// 10^21.
fn write(negative: bool, digits: &[u8], exponent: i32) -> String {
    let Some((first, rest)) = digits.split_first() else { return "0".to_owned() };
    let text = |digits: &[u8]| digits.iter().map(|digit| char::from(*digit)).collect::<String>();
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    let behind_point =
        |digits: &[u8]| if digits.is_empty() { String::new() } else { format!(".{}", text(digits)) };
    let sign = if negative { "-" } else { "" };
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    match exponent {
        1..=21 => {
            let (before, after) = digits.split_at(usize::try_from(exponent.min(count)).unwrap_or_default());
            format!("{sign}{}{}{}", text(before), zeros(exponent - count), behind_point(after))
        }
        -5..=0 => format!("{sign}0.{}{}", zeros(-exponent), text(digits)),
        _ => format!("{sign}{}{}e{:+}", char::from(*first), behind_point(rest), exponent - 1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn agree(text: &str) {
        let theirs: f64 = text.parse().unwrap();
        assert_eq!(double(text), Some(theirs).filter(|double| double.is_finite()), "{text}");
        let written = theirs.is_finite().then(|| ecmascript(theirs));
        assert_eq!(canonical_number(text), written, "{text}");
    }

    fn ecmascript(double: f64) -> String {
        serde_json_canonicalizer::to_string(&double).unwrap()
    }

    proptest! {
        #[test]
        fn any_double_is_written_as_the_crate_writes_it(bits in any::<u64>()) {
            let double = f64::from_bits(bits);
            prop_assume!(double.is_finite());
            prop_assert_eq!(canonical_double(double), ecmascript(double));
            agree(&format!("{double:e}"));
        }

        #[test]
        fn any_decimal_is_read_as_rust_reads_it(text in "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,30})?(e[+-]?[0-9]{1,3})?") {
            agree(&text);
        }
    }

    #[test]
    fn the_ends_and_the_middles_are_read_and_written_as_rust_does_it() {
        for text in [
            "0",
            "-0",
            "0e999",
            "1e23",
            "9007199254740993",
            "9007199254740993.0000000000000000000000001",
            "18446744073709551615",
            "0.000001",
            "1e-7",
            "123456789012345680000",
            "1e21",
            "4.9406564584124654e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "2.2250738585072011e-308",
            "2.2250738585072014e-308",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "1e309",
            "1e-400",
            "5e-324",
        ] {
            agree(text);
        }
        // Near a power of two the double below is half as far as the one above.
        for power in -1_074..=1_023 {
            let double = if power < -1_022 {
                f64::from_bits(1 << (power + 1_074))
            } else {
                f64::from_bits(((power + 1_023) as u64) << 52)
            };
            assert_eq!(canonical_double(double), ecmascript(double), "2^{power}");
        }
        assert_eq!(canonical_number("1e99999999999"), None);
    }
}
