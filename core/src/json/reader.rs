//! Reads the parts of JSON text (RFC 8259): white space, strings, numbers, words. It keeps no tree.
//!
//! What is read is bytes. Everything outside of strings is ASCII or refused, so only strings need to be looked at as
//! UTF-8, and of them only those with something else than ASCII.

use std::borrow::Cow;

/// Why the text cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The byte where it broke.
    pub at: usize,
    /// What was expected there, as the end of a sentence.
    pub expected: &'static str,
}

/// A decoded string.
pub(crate) struct Text<'a> {
    /// What it says, in UTF-8. A half of a surrogate pair has become U+FFFD.
    pub bytes: Cow<'a, [u8]>,
    /// Whether all of it is printable ASCII; may say no where it is.
    pub plain: bool,
    /// Whether a `\u` escape was half of a surrogate pair, which is no character.
    pub lone_surrogate: bool,
}

impl Text<'_> {
    /// What it says, for a sentence or a comparison of characters.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

/// A place in a text. A function that cannot read on answers `None` and leaves the reason in `broken`.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    /// Whether somebody has seen to it that the bytes are UTF-8.
    is_utf8: bool,
    /// The next byte.
    pub at: usize,
    /// Why it cannot be read on, once it cannot.
    pub broken: Option<Broken>,
}

impl<'a> Reader<'a> {
    /// At the beginning of a text.
    pub fn new(text: &'a str) -> Self {
        Self::of_utf8(text.as_bytes())
    }

    /// At the beginning of bytes that may not be UTF-8.
    pub fn of_bytes(bytes: &'a [u8]) -> Self {
        Self { bytes, is_utf8: false, at: 0, broken: None }
    }

    /// At the beginning of bytes that an encoder has written.
    pub fn of_utf8(bytes: &'a [u8]) -> Self {
        Self { is_utf8: true, ..Self::of_bytes(bytes) }
    }

    /// What was read since `start`.
    pub fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    /// The next byte; 0, which JSON has nowhere, at the end.
    #[inline]
    pub fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// The next byte that is no white space.
    #[inline]
    #[cfg_attr(gatehouse_small, optimize(speed))]
    pub fn next_token(&mut self) -> u8 {
        loop {
            let byte = self.peek();
            if byte > b' ' || !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return byte;
            }
            self.pass(1);
        }
    }

    /// Goes past so many bytes, all of which have been seen.
    #[inline]
    pub fn pass(&mut self, bytes: usize) {
        // No text is near the end of the address space, so this cannot wrap.
        self.at = self.at.wrapping_add(bytes);
    }

    /// Whether nothing but white space is left.
    pub fn at_end(&mut self) -> bool {
        self.next_token();
        self.at >= self.bytes.len()
    }

    /// Stops here.
    #[cold]
    pub fn stop<T>(&mut self, expected: &'static str) -> Option<T> {
        self.broken = Some(Broken { at: self.at, expected });
        None
    }

    /// Goes past `byte`, after white space.
    #[inline]
    pub fn expect(&mut self, byte: u8, expected: &'static str) -> Option<()> {
        if self.next_token() != byte {
            return self.stop(expected);
        }
        self.pass(1);
        Some(())
    }

    /// Whether another member or item follows; goes past the comma or the closing `end`.
    #[inline]
    #[cfg_attr(gatehouse_small, optimize(speed))]
    pub fn another(&mut self, end: u8, expected: &'static str) -> Option<bool> {
        let byte = self.next_token();
        if byte != b',' && byte != end {
            return self.stop(expected);
        }
        self.pass(1);
        Some(byte == b',')
    }

    /// Goes past the bracket that opens a list or an object; whether anything is in it, else also past its `end`.
    #[inline]
    #[cfg_attr(gatehouse_small, optimize(speed))]
    pub fn opened(&mut self, end: u8) -> bool {
        self.pass(1);
        let more = self.next_token() != end;
        if !more {
            self.pass(1);
        }
        more
    }

    /// Goes past `true`, `false` or `null`.
    pub fn word(&mut self, word: &str) -> Option<()> {
        if !self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            return self.stop("expected a value");
        }
        self.pass(word.len());
        Some(())
    }

    /// Goes past a name that stands here as it is, without an escape; stays here at any other.
    #[inline]
    #[cfg_attr(gatehouse_small, optimize(speed))]
    pub fn is_name(&mut self, name: &str) -> bool {
        let end = name.len().wrapping_add(1);
        let here = self.bytes.get(self.at..).and_then(|rest| rest.get(1..end.wrapping_add(1)));
        let Some((b'"', found)) = here.and_then(<[u8]>::split_last) else { return false };
        let is = self.peek() == b'"' && same(found, name.as_bytes());
        if is {
            self.pass(end.wrapping_add(1));
        }
        is
    }

    /// Reads a string of printable ASCII without escapes, which nearly all are; stays here at any other.
    #[inline]
    #[cfg_attr(gatehouse_small, optimize(speed))]
    pub fn plain_string(&mut self) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.at.wrapping_add(1)..)?;
        let length = until(rest, not_plain);
        let (text, rest) = rest.split_at_checked(length)?;
        if rest.first() != Some(&b'"') || self.peek() != b'"' {
            return None;
        }
        self.pass(length.wrapping_add(2));
        Some(text)
    }

    /// Reads a string from its opening quote on.
    #[cfg_attr(gatehouse_small, optimize(speed))]
    pub fn string(&mut self) -> Option<Text<'a>> {
        if let Some(text) = self.plain_string() {
            return Some(Text { bytes: Cow::Borrowed(text), plain: true, lone_surrogate: false });
        }
        if self.peek() != b'"' {
            return self.stop("expected a name in double quotes");
        }
        self.pass(1);
        let start = self.run()?;
        if self.peek() == b'"' {
            self.pass(1);
            return Some(Text { bytes: Cow::Borrowed(start), plain: false, lone_surrogate: false });
        }
        let mut text = start.to_vec();
        let mut lone_surrogate = false;
        while self.peek() == b'\\' {
            self.pass(1);
            let (decoded, lone) = self.escape()?;
            text.extend_from_slice(decoded.encode_utf8(&mut [0; 4]).as_bytes());
            lone_surrogate |= lone;
            text.extend_from_slice(self.run()?);
        }
        self.pass(1);
        Some(Text { bytes: Cow::Owned(text), plain: false, lone_surrogate })
    }

    /// Everything up to the next quote or backslash.
    #[cfg_attr(gatehouse_small, optimize(speed))]
    fn run(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        self.pass(until(rest, ends_run));
        if !matches!(self.peek(), b'"' | b'\\') {
            let ends = self.at >= self.bytes.len();
            return self.stop(if ends {
                "the text ends within a string"
            } else {
                "a control character in a string must be written as an escape"
            });
        }
        let run = self.since(start);
        // Who asked for the document is told about the byte and not about this place.
        if self.is_utf8 || std::str::from_utf8(run).is_ok() { Some(run) } else { self.stop("expected UTF-8") }
    }

    /// The character after a backslash, and whether it was half of a surrogate pair.
    fn escape(&mut self) -> Option<(char, bool)> {
        let decoded = match self.peek() {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.pass(1);
                return self.unicode_escape();
            }
            _ => return self.stop("unknown escape"),
        };
        self.pass(1);
        Some((decoded, false))
    }

    fn unicode_escape(&mut self) -> Option<(char, bool)> {
        let unit = self.four_digits()?;
        let follows = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(b"\\u"));
        if (0xd800..0xdc00).contains(&unit) && follows {
            let back = self.at;
            self.pass(2);
            let low = self.four_digits()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                return Some((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), false));
            }
            self.at = back;
        }
        Some(char::from_u32(unit).map_or((char::REPLACEMENT_CHARACTER, true), |decoded| (decoded, false)))
    }

    fn four_digits(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            let Some(digit) = char::from(self.peek()).to_digit(16) else {
                return self.stop("expected four hexadecimal digits");
            };
            unit = unit * 16 + digit;
            self.pass(1);
        }
        Some(unit)
    }

    /// Reads a number and answers it as it is written.
    pub fn number(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        if self.peek() == b'-' {
            self.pass(1);
        }
        match self.peek() {
            b'0' => self.pass(1),
            b'1'..=b'9' => self.digits()?,
            _ => return self.stop("expected a value"),
        }
        if self.peek() == b'.' {
            self.pass(1);
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.pass(1);
            if matches!(self.peek(), b'+' | b'-') {
                self.pass(1);
            }
            self.digits()?;
        }
        Some(self.since(start))
    }

    fn digits(&mut self) -> Option<()> {
        if !self.peek().is_ascii_digit() {
            return self.stop("expected a digit");
        }
        while self.peek().is_ascii_digit() {
            self.pass(1);
        }
        Some(())
    }

    /// Line and column of a byte, from 1, in characters.
    pub fn position(&self, at: usize) -> (usize, usize) {
        let before = self.bytes.get(..at).unwrap_or_default();
        let lines = before.split(|byte| *byte == b'\n');
        let column =
            lines.clone().next_back().map_or(0, |line| String::from_utf8_lossy(line).chars().count());
        (lines.count(), column + 1)
    }
}

/// Eight times the same byte.
const fn all(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Marks the highest bit of each byte of eight that is not printable ASCII, or is `"` or `\`. Only the lowest mark is
/// sure: the subtractions borrow, and only from a byte that is marked itself.
#[inline]
fn not_plain(eight: u64) -> u64 {
    // With this bit turned over, `"` is 0x20 and what is below 0x20 stays there: one subtraction finds both.
    let control_or_quote = (eight ^ all(2)).wrapping_sub(all(0x21));
    let backslash = (eight ^ all(b'\\')).wrapping_sub(all(1));
    // Of bytes of 0x7f and more, the sum or the byte itself has the highest bit.
    (control_or_quote | backslash | eight | eight.wrapping_add(all(1))) & all(0x80)
}

/// Marks in the same way where a run of any characters ends: at `"`, `\` or a control character.
#[inline]
fn ends_run(eight: u64) -> u64 {
    let is = |byte| (eight ^ all(byte)).wrapping_sub(all(1)) & !(eight ^ all(byte));
    (is(b'"') | is(b'\\') | (eight.wrapping_sub(all(b' ')) & !eight)) & all(0x80)
}

/// How many bytes there are before the first one that `marks` marks.
#[inline]
#[cfg_attr(gatehouse_small, optimize(speed))]
fn until(bytes: &[u8], marks: fn(u64) -> u64) -> usize {
    let (words, tail) = bytes.as_chunks::<8>();
    let mut length = 0_usize;
    for word in words {
        let marked = marks(u64::from_le_bytes(*word));
        if marked != 0 {
            return length.wrapping_add(marked.trailing_zeros() as usize / 8);
        }
        length = length.wrapping_add(8);
    }
    let mut last = [0; 8];
    last.iter_mut().zip(tail).for_each(|(to, from)| *to = *from);
    // The zeros that fill up are marked, so this is at most the length of the tail.
    length.wrapping_add(marks(u64::from_le_bytes(last)).trailing_zeros() as usize / 8)
}

/// Whether two names are equal: eight bytes at a time, because `memcmp` goes byte by byte in wasm.
#[inline]
#[cfg_attr(gatehouse_small, optimize(speed))]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let ((ones, rest), (others, other_rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    ones.iter().zip(others).all(|(one, other)| word(one) == word(other))
        && rest.iter().zip(other_rest).all(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bytes_are_judged_as_each_of_them_is() {
        for byte in 0..=255_u8 {
            let printable = (0x20..0x7f).contains(&byte) && !b"\"\\".contains(&byte);
            let goes_on = byte >= 0x20 && !b"\"\\".contains(&byte);
            for at in 0..20 {
                let mut text = [b'a'; 20];
                // Marks above the first one may be wrong, so the others after it are bytes that lead astray.
                text.iter_mut().skip(at).for_each(|after| *after = b'!');
                text[at] = byte;
                for marks in [(printable, until(&text, not_plain)), (goes_on, until(&text, ends_run))] {
                    assert_eq!(marks.1, if marks.0 { 20 } else { at }, "{byte:#x} at {at}");
                }
            }
        }
    }

    #[test]
    fn names_are_the_same_only_when_every_byte_is() {
        let name = b"positioningStatement";
        assert!(same(name, name) && same(b"", b""));
        assert!(!same(name, &name[..19]));
        for at in 0..name.len() {
            let mut other = *name;
            other[at] ^= 1;
            assert!(!same(name, &other), "{at}");
        }
    }
}
