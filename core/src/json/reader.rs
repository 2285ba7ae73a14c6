//! Reads the parts of JSON text (RFC 8259): white space, strings, numbers, words. It keeps no tree.
//!
//! What is read is bytes. Everything outside of strings is ASCII or refused, so only strings need to be looked at as
//! UTF-8, and of them only those with something else than ASCII.

use std::borrow::Cow;

use super::scan::{ends_run, not_plain, same, until};

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
    pub fn text(&self) -> &str {
        utf8(&self.bytes)
    }
}

/// What a [`Reader`] has read, as text: it gives out nothing that is not UTF-8.
pub(crate) fn utf8(read: &[u8]) -> &str {
    std::str::from_utf8(read).unwrap_or_default()
}

/// What is looked for in each string, where it is not certain that it is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refused {
    Nothing,
    /// What is not UTF-8.
    OtherBytes,
    /// U+FFFD, for which an encoder may have found half of a character.
    Replaced,
}

/// A place in a text. A function that cannot read on answers `None` and leaves the reason in `broken`.
///
/// What is inlined always is what each token asks for: a tenth of the time, and no byte more in the browser.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    /// What must not be in a string.
    refused: Refused,
    /// The next byte.
    pub at: usize,
    /// Why it cannot be read on, once it cannot.
    pub broken: Option<Broken>,
}

impl<'a> Reader<'a> {
    /// At the beginning of a text.
    pub fn new(text: &'a str) -> Self {
        Self { refused: Refused::Nothing, ..Self::of_bytes(text.as_bytes()) }
    }

    /// At the beginning of bytes that may not be UTF-8.
    pub fn of_bytes(bytes: &'a [u8]) -> Self {
        Self { bytes, refused: Refused::OtherBytes, at: 0, broken: None }
    }

    /// At the beginning of bytes that an encoder has written, which can be read up to the first U+FFFD.
    pub fn of_encoded(bytes: &'a [u8]) -> Self {
        Self { refused: Refused::Replaced, ..Self::of_bytes(bytes) }
    }

    /// What was read since `start`.
    pub fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    /// The next byte; 0, which JSON has nowhere, at the end.
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

    /// The same, apart from what every token asks for: most texts have no white space.
    #[inline(never)]
    fn after_space(&mut self) -> u8 {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.pass(1);
        }
        self.peek()
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
    #[inline(always)]
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
        let good = match self.refused {
            Refused::Nothing => true,
            Refused::OtherBytes => std::str::from_utf8(run).is_ok(),
            Refused::Replaced => !run.windows(3).any(|three| matches!(three, [0xef, 0xbf, 0xbd])),
        };
        if good { Some(run) } else { self.stop("expected UTF-8") }
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
        // Each character has one byte that is no continuation of another.
        let column =
            lines.clone().next_back().unwrap_or_default().iter().filter(|byte| **byte & 0xc0 != 0x80);
        (lines.clone().count(), column.count() + 1)
    }
}
