//! Reads the tokens of JSON text (RFC 8259): white space, strings, numbers, literals. It builds no tree.
//!
//! It reads bytes. Everything outside of strings is ASCII or an error, so only strings with other characters are
//! checked as UTF-8.

use std::borrow::Cow;

use super::scan::{bytes_equal, count_before, ends_run, not_plain};

/// Where and why the text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// The byte offset.
    pub at: usize,
    /// What was expected there, as the end of a sentence.
    pub expected: &'static str,
}

/// A decoded string.
pub(crate) struct Text<'a> {
    /// The characters in UTF-8. Half of a surrogate pair has become U+FFFD.
    pub bytes: Cow<'a, [u8]>,
    /// True only if all of it is printable ASCII; may be false for such a string too.
    pub plain: bool,
    /// Whether a `\u` escape was half of a surrogate pair, which is no character.
    pub lone_surrogate: bool,
}

impl Text<'_> {
    /// The string as text.
    pub fn text(&self) -> &str {
        utf8(&self.bytes)
    }
}

/// Bytes of a [`Reader`] as text. The reader returns only UTF-8.
pub(crate) fn utf8(read: &[u8]) -> &str {
    std::str::from_utf8(read).unwrap_or_default()
}

/// What must not be in a string. Checked only where it could be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ForbiddenBytes {
    Nothing,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// U+FFFD: an encoder may have written it for half of a surrogate pair.
    ReplacementCharacter,
}

/// A position in a text. A function that finds a syntax error returns `None` and leaves the error in `error`.
///
/// The functions that every token needs are always inlined: that saves a tenth of the time and costs no bytes in the
/// browser bundle.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    /// What must not be in a string.
    forbidden: ForbiddenBytes,
    /// The next byte.
    pub at: usize,
    /// The syntax error, once there is one.
    pub error: Option<SyntaxError>,
}

impl<'a> Reader<'a> {
    /// At the beginning of a text.
    pub fn new(text: &'a str) -> Self {
        Self { forbidden: ForbiddenBytes::Nothing, ..Self::from_bytes(text.as_bytes()) }
    }

    /// At the beginning of bytes that may not be UTF-8.
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        Self { bytes, forbidden: ForbiddenBytes::NotUtf8, at: 0, error: None }
    }

    /// At the beginning of bytes that an encoder has written. A U+FFFD in a string is an error.
    pub fn from_encoded(bytes: &'a [u8]) -> Self {
        Self { forbidden: ForbiddenBytes::ReplacementCharacter, ..Self::from_bytes(bytes) }
    }

    /// What was read since `start`.
    pub fn slice_from(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    /// The next byte; at the end 0, which is nowhere in JSON.
    #[inline(always)]
    pub fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// The next byte that is no white space.
    #[inline(always)]
    pub fn next_token(&mut self) -> u8 {
        let byte = self.peek();
        if byte > b' ' { byte } else { self.after_space() }
    }

    /// The next byte after white space. Not inlined, because most texts have none.
    #[inline(never)]
    fn after_space(&mut self) -> u8 {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.advance(1);
        }
        self.peek()
    }

    /// Moves forward by this many bytes, all of which were read already.
    #[inline]
    pub fn advance(&mut self, bytes: usize) {
        // No text is near the end of the address space, so this cannot wrap.
        self.at = self.at.wrapping_add(bytes);
    }

    /// Skips white space; returns whether the text ends there.
    pub fn is_at_end(&mut self) -> bool {
        self.next_token();
        self.at >= self.bytes.len()
    }

    /// Records a syntax error here.
    #[cold]
    pub fn fail<T>(&mut self, expected: &'static str) -> Option<T> {
        self.error = Some(SyntaxError { at: self.at, expected });
        None
    }

    /// Skips white space and then `byte`, which must be there.
    #[inline]
    pub fn expect(&mut self, byte: u8, expected: &'static str) -> Option<()> {
        if self.next_token() != byte {
            return self.fail(expected);
        }
        self.advance(1);
        Some(())
    }

    /// Skips the comma or the closing `end`; returns whether another member or item follows.
    #[inline]
    #[cfg_attr(gatehouse_small, optimize(speed))]
    pub fn next_item(&mut self, end: u8, expected: &'static str) -> Option<bool> {
        let byte = self.next_token();
        if byte != b',' && byte != end {
            return self.fail(expected);
        }
        self.advance(1);
        Some(byte == b',')
    }

    /// Skips the bracket that opens a list or an object; returns whether it has items. Of an empty one also skips the
    /// `end`.
    #[inline]
    #[cfg_attr(gatehouse_small, optimize(speed))]
    pub fn open(&mut self, end: u8) -> bool {
        self.advance(1);
        let more = self.next_token() != end;
        if !more {
            self.advance(1);
        }
        more
    }

    /// Skips `true`, `false` or `null`.
    pub fn literal(&mut self, literal: &str) -> Option<()> {
        if !self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(literal.as_bytes())) {
            return self.fail("expected a value");
        }
        self.advance(literal.len());
        Some(())
    }

    /// Skips this name if it is here, written without escapes; returns whether it was.
    #[inline]
    #[cfg_attr(gatehouse_small, optimize(speed))]
    pub fn skip_name(&mut self, name: &str) -> bool {
        let end = name.len().wrapping_add(1);
        let here = self.bytes.get(self.at..).and_then(|rest| rest.get(1..end.wrapping_add(1)));
        let Some((b'"', found)) = here.and_then(<[u8]>::split_last) else { return false };
        let is = self.peek() == b'"' && bytes_equal(found, name.as_bytes());
        if is {
            self.advance(end.wrapping_add(1));
        }
        is
    }

    /// Reads a string of printable ASCII without escapes, as nearly all are. `None` for any other, without moving.
    #[inline(always)]
    #[cfg_attr(gatehouse_small, optimize(speed))]
    pub fn plain_string(&mut self) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.at.wrapping_add(1)..)?;
        let length = count_before(rest, not_plain);
        let (text, rest) = rest.split_at_checked(length)?;
        if rest.first() != Some(&b'"') || self.peek() != b'"' {
            return None;
        }
        self.advance(length.wrapping_add(2));
        Some(text)
    }

    /// Reads a string from its opening quote on.
    #[cfg_attr(gatehouse_small, optimize(speed))]
    pub fn string(&mut self) -> Option<Text<'a>> {
        if let Some(text) = self.plain_string() {
            return Some(Text { bytes: Cow::Borrowed(text), plain: true, lone_surrogate: false });
        }
        if self.peek() != b'"' {
            return self.fail("expected a name in double quotes");
        }
        self.advance(1);
        let start = self.run()?;
        if self.peek() == b'"' {
            self.advance(1);
            return Some(Text { bytes: Cow::Borrowed(start), plain: false, lone_surrogate: false });
        }
        let mut text = start.to_vec();
        let mut lone_surrogate = false;
        while self.peek() == b'\\' {
            self.advance(1);
            let (decoded, lone) = self.escape()?;
            text.extend_from_slice(decoded.encode_utf8(&mut [0; 4]).as_bytes());
            lone_surrogate |= lone;
            text.extend_from_slice(self.run()?);
        }
        self.advance(1);
        Some(Text { bytes: Cow::Owned(text), plain: false, lone_surrogate })
    }

    /// Everything up to the next quote or backslash.
    #[cfg_attr(gatehouse_small, optimize(speed))]
    fn run(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        self.advance(count_before(rest, ends_run));
        if !matches!(self.peek(), b'"' | b'\\') {
            let ends = self.at >= self.bytes.len();
            return self.fail(if ends {
                "the text ends within a string"
            } else {
                "a control character in a string must be written as an escape"
            });
        }
        let run = self.slice_from(start);
        // The caller reports the byte and not this position.
        let good = match self.forbidden {
            ForbiddenBytes::Nothing => true,
            ForbiddenBytes::NotUtf8 => std::str::from_utf8(run).is_ok(),
            ForbiddenBytes::ReplacementCharacter => {
                !run.windows(3).any(|three| matches!(three, [0xef, 0xbf, 0xbd]))
            }
        };
        if good { Some(run) } else { self.fail("expected UTF-8") }
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
                self.advance(1);
                return self.unicode_escape();
            }
            _ => return self.fail("unknown escape"),
        };
        self.advance(1);
        Some((decoded, false))
    }

    fn unicode_escape(&mut self) -> Option<(char, bool)> {
        let unit = self.four_digits()?;
        let follows = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(b"\\u"));
        if (0xd800..0xdc00).contains(&unit) && follows {
            let back = self.at;
            self.advance(2);
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
                return self.fail("expected four hexadecimal digits");
            };
            unit = unit * 16 + digit;
            self.advance(1);
        }
        Some(unit)
    }

    /// Reads a number and returns it as written.
    pub fn number(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        if self.peek() == b'-' {
            self.advance(1);
        }
        match self.peek() {
            b'0' => self.advance(1),
            b'1'..=b'9' => self.digits()?,
            _ => return self.fail("expected a value"),
        }
        if self.peek() == b'.' {
            self.advance(1);
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.advance(1);
            if matches!(self.peek(), b'+' | b'-') {
                self.advance(1);
            }
            self.digits()?;
        }
        Some(self.slice_from(start))
    }

    fn digits(&mut self) -> Option<()> {
        if !self.peek().is_ascii_digit() {
            return self.fail("expected a digit");
        }
        while self.peek().is_ascii_digit() {
            self.advance(1);
        }
        Some(())
    }

    /// Line and column of a byte, from 1, in characters.
    pub fn position(&self, at: usize) -> (usize, usize) {
        let before = self.bytes.get(..at).unwrap_or_default();
        let lines = before.split(|byte| *byte == b'\n');
        // Each character has exactly one byte that is not a continuation byte.
        let column =
            lines.clone().next_back().unwrap_or_default().iter().filter(|byte| **byte & 0xc0 != 0x80);
        (lines.clone().count(), column.count() + 1)
    }
}
