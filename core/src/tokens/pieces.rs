//! Cuts a text into the pieces that cl100k encodes one by one.
//!
//! The pattern, of which the first alternative that matches is taken, as far as it reaches:
//! ```text
//! '(?i:[sdmt]|ll|ve|re) | [^\r\n\p{L}\p{N}]?\p{L}+ | \p{N}{1,3} |  ?[^\s\p{L}\p{N}]+[\r\n]* | \s*[\r\n]+ | \s+(?!\S) | \s+
//! ```

use super::table::{Class, Table};

/// The pieces of a text, in order; together they are the text.
pub(super) struct Pieces<'a> {
    table: &'a Table,
    rest: &'a str,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(table: &'a Table, text: &'a str) -> Self {
        Self { table, rest: text }
    }

    /// The end of the run of characters of one class that begins at `start`, at most `most` long.
    fn end_of_run(&self, start: usize, class: Class, most: usize) -> usize {
        let run = self.rest.get(start..).unwrap_or_default();
        let characters = run.chars().take(most).take_while(|character| self.table.class(*character) == class);
        start + characters.map(char::len_utf8).sum::<usize>()
    }

    /// The length of the first piece, 0 at the end of the text.
    fn first(&self) -> usize {
        let mut characters = self.rest.chars();
        let Some(first) = characters.next() else { return 0 };
        let second = characters.next();
        let class_of_second = second.map(|second| self.table.class(second));
        let class = self.table.class(first);
        if first == '\''
            && let Some(length) = contraction(self.rest)
        {
            return length;
        }
        match class {
            Class::Letter => self.end_of_run(0, Class::Letter, usize::MAX),
            Class::Number => self.end_of_run(0, Class::Number, 3),
            _ if class_of_second == Some(Class::Letter) && !is_line_break(first) => {
                self.end_of_run(first.len_utf8(), Class::Letter, usize::MAX)
            }
            Class::Other => self.signs(0),
            Class::Space if first == ' ' && class_of_second == Some(Class::Other) => self.signs(1),
            Class::Space => self.spaces(),
        }
    }

    /// Signs from `start` on, and the line breaks after them.
    fn signs(&self, start: usize) -> usize {
        let end = self.end_of_run(start, Class::Other, usize::MAX);
        let breaks = self.rest.bytes().skip(end).take_while(|byte| matches!(byte, b'\r' | b'\n'));
        end + breaks.count()
    }

    /// A run of spaces ends after its last line break. Without one, its last space is left for what follows.
    fn spaces(&self) -> usize {
        let end = self.end_of_run(0, Class::Space, usize::MAX);
        let run = self.rest.get(..end).unwrap_or_default();
        if let Some(last) = run.rfind(is_line_break) {
            return last + 1;
        }
        match run.char_indices().next_back() {
            Some((last, _)) if last > 0 && end < self.rest.len() => last,
            _ => end,
        }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (piece, rest) = self.rest.split_at_checked(self.first())?;
        self.rest = rest;
        (!piece.is_empty()).then_some(piece)
    }
}

fn is_line_break(character: char) -> bool {
    matches!(character, '\r' | '\n')
}

/// The length of `'s`, `'ll` and the like at the beginning of a text that begins with an apostrophe.
fn contraction(text: &str) -> Option<usize> {
    let mut letters = text.bytes().skip(1).map(|byte| byte.to_ascii_lowercase());
    match (letters.next()?, letters.next()) {
        (b's' | b'd' | b'm' | b't', _) => Some(2),
        (b'l', Some(b'l')) | (b'v' | b'r', Some(b'e')) => Some(3),
        _ => None,
    }
}

#[cfg(test)]
#[path = "pieces_tests.rs"]
mod tests;
