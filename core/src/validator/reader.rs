//! Reads the parts of JSON text (RFC 8259): white space, strings, numbers, words. It keeps no tree.

use std::borrow::Cow;

/// Why the text cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// The byte where it broke.
    pub at: usize,
    /// What was expected there, as the end of a sentence.
    pub expected: &'static str,
}

/// A decoded string.
pub(super) struct Text<'a> {
    /// What it says. A half of a surrogate pair has become U+FFFD.
    pub text: Cow<'a, str>,
    /// Whether all of it is printable ASCII; may say no where it is.
    pub plain: bool,
    /// Whether a `\u` escape was half of a surrogate pair, which is no character.
    pub lone_surrogate: bool,
}

/// A place in a text.
#[derive(Clone)]
pub(super) struct Reader<'a> {
    text: &'a str,
    /// The next byte.
    pub at: usize,
}

impl<'a> Reader<'a> {
    /// At the beginning.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// What was read since `start`.
    pub fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The next byte; 0, which JSON has nowhere, at the end.
    pub fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    /// The next byte that is no white space.
    pub fn next_token(&mut self) -> u8 {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
        self.peek()
    }

    /// Whether nothing but white space is left.
    pub fn at_end(&mut self) -> bool {
        self.next_token();
        self.at >= self.text.len()
    }

    /// Stops here.
    pub fn broken<T>(&self, expected: &'static str) -> Result<T, Broken> {
        Err(Broken { at: self.at, expected })
    }

    /// Goes past `byte`, after white space.
    pub fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Broken> {
        if self.next_token() != byte {
            return self.broken(expected);
        }
        self.at += 1;
        Ok(())
    }

    /// Whether another member or item follows; goes past the comma or the closing `end`.
    pub fn another(&mut self, end: u8, expected: &'static str) -> Result<bool, Broken> {
        let byte = self.next_token();
        if byte != b',' && byte != end {
            return self.broken(expected);
        }
        self.at += 1;
        Ok(byte == b',')
    }

    /// Goes past `true`, `false` or `null`.
    pub fn word(&mut self, word: &str) -> Result<(), Broken> {
        if !self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            return self.broken("expected a value");
        }
        self.at += word.len();
        Ok(())
    }

    /// Reads a string from its opening quote on.
    pub fn string(&mut self) -> Result<Text<'a>, Broken> {
        if self.peek() != b'"' {
            return self.broken("expected a name in double quotes");
        }
        self.at += 1;
        let (start, plain) = self.plain()?;
        if self.peek() == b'"' {
            self.at += 1;
            return Ok(Text { text: Cow::Borrowed(start), plain, lone_surrogate: false });
        }
        let mut text = start.to_owned();
        let mut lone_surrogate = false;
        while self.peek() == b'\\' {
            self.at += 1;
            let (decoded, lone) = self.escape()?;
            text.push(decoded);
            lone_surrogate |= lone;
            text.push_str(self.plain()?.0);
        }
        self.at += 1;
        Ok(Text { text: Cow::Owned(text), plain: false, lone_surrogate })
    }

    /// Everything up to the next quote or backslash, and whether it is printable ASCII.
    fn plain(&mut self) -> Result<(&'a str, bool), Broken> {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let mut plain = true;
        let length = rest.iter().position(|byte| {
            plain &= *byte < 0x7f;
            matches!(byte, b'"' | b'\\') || *byte < 0x20
        });
        self.at += length.unwrap_or(rest.len());
        if matches!(self.peek(), b'"' | b'\\') {
            return Ok((self.since(start), plain));
        }
        if self.at >= self.text.len() {
            return self.broken("the text ends within a string");
        }
        self.broken("a control character in a string must be written as an escape")
    }

    /// The character after a backslash, and whether it was half of a surrogate pair.
    fn escape(&mut self) -> Result<(char, bool), Broken> {
        let byte = self.peek();
        self.at += 1;
        Ok((
            match byte {
                b'"' => '"',
                b'\\' => '\\',
                b'/' => '/',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => return self.unicode_escape(),
                _ => {
                    self.at -= 1;
                    return self.broken("unknown escape");
                }
            },
            false,
        ))
    }

    fn unicode_escape(&mut self) -> Result<(char, bool), Broken> {
        let unit = self.four_digits()?;
        if (0xd800..0xdc00).contains(&unit)
            && self.text.get(self.at..).is_some_and(|rest| rest.starts_with("\\u"))
        {
            let back = self.at;
            self.at += 2;
            let low = self.four_digits()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                return Ok((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), false));
            }
            self.at = back;
        }
        Ok(char::from_u32(unit).map_or((char::REPLACEMENT_CHARACTER, true), |decoded| (decoded, false)))
    }

    fn four_digits(&mut self) -> Result<u32, Broken> {
        let mut unit = 0;
        for _ in 0..4 {
            let Some(digit) = char::from(self.peek()).to_digit(16) else {
                return self.broken("expected four hexadecimal digits");
            };
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }

    /// Reads a number and answers it as it is written.
    pub fn number(&mut self) -> Result<&'a str, Broken> {
        let start = self.at;
        if self.peek() == b'-' {
            self.at += 1;
        }
        match self.peek() {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits()?,
            _ => return self.broken("expected a value"),
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(self.since(start))
    }

    fn digits(&mut self) -> Result<(), Broken> {
        if !self.peek().is_ascii_digit() {
            return self.broken("expected a digit");
        }
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }

    /// Line and column of a byte, from 1, in characters.
    pub fn position(&self, at: usize) -> (usize, usize) {
        let before = String::from_utf8_lossy(self.text.as_bytes().get(..at).unwrap_or_default());
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count());
        (before.matches('\n').count() + 1, column + 1)
    }
}
