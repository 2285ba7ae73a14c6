//! A tokenizer's data: which characters are letters, numbers and spaces, and which two tokens merge into which.
//!
//! `core/tokens/generate.mjs` writes a table's file:
//!
//! | part | bytes |
//! |---|---|
//! | number of merges *n*, of class runs, of levels | `u32`, `u16`, `u16`, little-endian |
//! | runs of characters of one [`Class`], from U+0000 on: length × 4 + class | varints |
//! | number of merges of each level | varints |
//! | which tokens are the left part of a merge, and which the right | two bit sets of 256 + *n* |
//! | each merge's left part: its place among the left parts | *n* low bytes, *n* high bytes |
//! | each merge's right part: how far its place is from the one before in the level | varints |
//!
//! Tokens 0 to 255 are the bytes; merge *i* makes token 256 + *i*. Byte-pair encoding applies the merges in the order of
//! their ranks, but two merges that cannot take a part from each other may swap: a *level* holds merges of which no two
//! can. So the order of the levels is all that the file keeps of the ranks, and within a level merges are sorted. That makes
//! all of cl100k 232 KB gzip, and would be 331 KB by rank.

/// What the pattern of cl100k tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Punctuation, signs, marks and whatever else none of the others is.
    Other,
    /// `\p{L}`. Vowel signs of Indian scripts are marks and not letters.
    Letter,
    /// `\p{N}`.
    Number,
    /// `\s`, line breaks among them.
    Space,
}

/// Decoded data of a tokenizer, 0.5 to 2.5 MB. Decode it once and keep it.
/// The empty one merges nothing: it counts bytes.
#[derive(Debug, Default)]
pub struct Table {
    /// The class of each character, up to the last that is not [`Class::Other`].
    classes: Vec<Class>,
    /// An open-addressing hash table, a power of two long: left part, right part and merged token, 17 bits each; 0 is free.
    slots: Vec<u64>,
    /// How far the hash of a pair is shifted to get its slot.
    shift: u32,
    merges: usize,
}

const TOKEN_BITS: u32 = 17;
const TOKEN_MASK: u64 = (1 << TOKEN_BITS) - 1;
/// The merges of the whole of cl100k_base.
const ALL_MERGES: usize = 100_000;

impl Table {
    /// Decodes a file of `core/tokens/generate.mjs`; `None` if it is not one.
    #[must_use]
    pub fn decode(file: &[u8]) -> Option<Self> {
        let mut file = Reader(file);
        let merges = usize::try_from(u32::from_le_bytes(file.array()?)).ok()?;
        let class_runs = u16::from_le_bytes(file.array()?);
        let levels = u16::from_le_bytes(file.array()?);
        let tokens = merges.checked_add(256).filter(|tokens| *tokens < 1 << TOKEN_BITS)?;
        let classes = file.classes(class_runs)?;
        let levels: Vec<u32> = (0..levels).map(|_| file.varint()).collect::<Option<_>>()?;
        let lefts = file.bit_set(tokens)?;
        let rights = file.bit_set(tokens)?;
        let (low, high) = (file.bytes(merges)?, file.bytes(merges)?);
        let mut left = low.iter().zip(high).map(|(low, high)| u16::from_le_bytes([*low, *high]));
        let slots = (merges * 2).next_power_of_two();
        let shift = u64::BITS - slots.trailing_zeros();
        let mut table = Self { classes, slots: vec![0; slots], shift, merges };
        let mut token = 256;
        for merges in levels {
            let mut place: u32 = 0;
            for _ in 0..merges {
                place = place.checked_add(file.varint()?)?;
                let left = *lefts.get(usize::from(left.next()?))?;
                let right = *rights.get(usize::try_from(place).ok()?)?;
                table.insert(left, right, token)?;
                token += 1;
            }
        }
        (usize::try_from(token).ok()? == tokens).then_some(table)
    }

    /// Whether it has all merges of cl100k_base: counts are then exact, and otherwise never too low.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.merges == ALL_MERGES
    }

    /// The class of a character.
    pub(super) fn class(&self, character: char) -> Class {
        self.classes.get(character as usize).copied().unwrap_or(Class::Other)
    }

    /// The token that two neighbours merge into. A lower number merges earlier.
    pub(super) fn merged(&self, left: u32, right: u32) -> Option<u32> {
        let pair = pair(left, right);
        let mut at = self.first_slot(pair);
        loop {
            let slot = self.slots.get(at).copied().filter(|slot| *slot != 0)?;
            if slot >> TOKEN_BITS == pair {
                return u32::try_from(slot & TOKEN_MASK).ok();
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// `None` where a part is not older than the merge.
    fn insert(&mut self, left: u32, right: u32, merged: u32) -> Option<()> {
        if left >= merged || right >= merged {
            return None;
        }
        let pair = pair(left, right);
        let mut at = self.first_slot(pair);
        while *self.slots.get(at)? != 0 {
            at = (at + 1) & (self.slots.len() - 1);
        }
        *self.slots.get_mut(at)? = pair << TOKEN_BITS | u64::from(merged);
        Some(())
    }

    fn first_slot(&self, pair: u64) -> usize {
        // The multiplier of Fibonacci hashing: 2^64 divided by the golden ratio.
        (pair.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize
    }
}

fn pair(left: u32, right: u32) -> u64 {
    u64::from(left) << TOKEN_BITS | u64::from(right)
}

/// The rest of a file.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    fn varint(&mut self) -> Option<u32> {
        let mut value = 0;
        for shift in [0, 7, 14, 21] {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u32::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn classes(&mut self, runs: u16) -> Option<Vec<Class>> {
        let mut classes = Vec::new();
        for _ in 0..runs {
            let run = self.varint()?;
            let class = match run & 3 {
                0 => Class::Other,
                1 => Class::Letter,
                2 => Class::Number,
                _ => Class::Space,
            };
            let end = classes.len() + usize::try_from(run >> 2).ok()?;
            if end > 0x11_0000 {
                return None;
            }
            classes.resize(end, class);
        }
        Some(classes)
    }

    /// The places of the bits that are set.
    fn bit_set(&mut self, length: usize) -> Option<Vec<u32>> {
        let mut places = Vec::new();
        for (byte, first) in self.bytes(length.div_ceil(8))?.iter().zip((0..).step_by(8)) {
            let mut rest = *byte;
            while rest != 0 {
                places.push(first + rest.trailing_zeros());
                rest &= rest - 1;
            }
        }
        Some(places)
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
