//! Whole numbers of any length, for exact arithmetic beyond the built-in types.

use std::cmp::Ordering;

/// A natural number as 32-bit parts, the lowest first, without leading zero parts.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Natural(Vec<u32>);

impl Natural {
    /// 1.
    pub(super) fn one() -> Self {
        Self(vec![1])
    }

    /// The number with these decimal digits (ASCII).
    pub(super) fn from_digits(digits: &[u8]) -> Self {
        let mut number = Self(Vec::new());
        for digit in digits {
            number.multiply_add(10, digit.wrapping_sub(b'0'));
        }
        number
    }

    fn multiply_add(&mut self, factor: u32, plus: u8) {
        let mut carry = u64::from(plus);
        for part in &mut self.0 {
            carry += u64::from(*part) * u64::from(factor);
            *part = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    /// Multiplies by `base` to this power.
    pub(super) fn multiply(&mut self, base: u32, power: i32) {
        for _ in 0..power / 8 {
            self.multiply_add(base.pow(8), 0);
        }
        for _ in 0..power % 8 {
            self.multiply_add(base, 0);
        }
    }

    /// The number of bits.
    pub(super) fn bits(&self) -> i32 {
        let last = self.0.last().map_or(0, |part| 32 - part.leading_zeros());
        i32::try_from(self.0.len().saturating_sub(1) * 32 + last as usize).unwrap_or(i32::MAX)
    }

    /// Subtracts `other` if it is not larger; returns whether it did.
    pub(super) fn try_subtract(&mut self, other: &Self) -> bool {
        if *self < *other {
            return false;
        }
        let mut borrow = 0;
        for (at, part) in self.0.iter_mut().enumerate() {
            let less = i64::from(*part) - i64::from(other.0.get(at).copied().unwrap_or(0)) - borrow;
            *part = less as u32;
            borrow = i64::from(less < 0);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        true
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = self.0.len().cmp(&other.0.len());
        size.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
