//! Parts of a text that are counted once and joined often.
//!
//! The tokens of two texts do not add up when they are joined: `"tea` and `."` become the pieces `"tea` and `."`, but a
//! comma before the first quote changes both of its pieces. They do add up at a *seam*, a place where cl100k ends a piece
//! whatever stands around it:
//!
//! | between | and | in JSON, for example |
//! |---|---|---|
//! | a letter or number | anything but these | after the last word of a string: `tea` &#124; `","` |
//! | a letter | a number, and the reverse | `B` &#124; `2` &#124; `B` |
//! | a sign | a number | `₹` &#124; `499` |
//! | a sign | a space that is no line break | `tea,` &#124; ` milk` |
//! | two signs | a letter | before the first word of a string: `,"` &#124; `Tea` |
//!
//! Signs are all characters that are no letter, number or space: vowel signs of Indian scripts, too, so a string that
//! ends in one has its seam before that. The ends of a text are no seams.

use super::counter::Counter;
use super::table::{Class, Table};

/// A part of a text: what stands before its first seam, the tokens between its first and last, and what stands after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// The whole text, if it has no seam.
    start: String,
    /// `None` without a seam. Otherwise the tokens between the outer seams, which may be one and the same.
    inner: Option<u32>,
    end: String,
}

impl Fragment {
    /// Counts a text that may stand anywhere.
    #[must_use]
    pub fn of_text(counter: &mut Counter<'_>, text: &str) -> Self {
        Self::new(counter, text, None)
    }

    /// Counts the canonical text of a value that stands in a JSON object or list. A sign always stands before it, so a
    /// string has a seam right after its opening quote, unless its text begins with a sign.
    #[must_use]
    pub fn of_json_value(counter: &mut Counter<'_>, canonical: &str) -> Self {
        Self::new(counter, canonical, Some(Class::Other))
    }

    fn new(counter: &mut Counter<'_>, text: &str, before: Option<Class>) -> Self {
        let parts = outer_seams(counter.table(), text, before)
            .and_then(|(first, last)| Some((text.get(..first)?, text.get(first..last)?, text.get(last..)?)));
        match parts {
            Some((start, inner, end)) => {
                Self { start: start.to_owned(), inner: Some(counter.count(inner)), end: end.to_owned() }
            }
            None => Self { start: text.to_owned(), inner: None, end: String::new() },
        }
    }

    /// Puts `next` after this one. Counts only what stands between the outer seams of the two, for strings in JSON a few
    /// signs.
    pub fn append(&mut self, counter: &mut Counter<'_>, next: &Self) {
        let Some(inner) = self.inner else {
            let mut joined = Self::of_text(counter, &(std::mem::take(&mut self.start) + &next.start));
            if next.inner.is_some() {
                joined.close(counter, next);
            }
            *self = joined;
            return;
        };
        self.end.push_str(&next.start);
        if next.inner.is_some() {
            self.close(counter, next);
            return;
        }
        let end = Self::of_text(counter, &self.end);
        if let Some(further) = end.inner {
            self.inner = Some(inner.saturating_add(counter.count(&end.start)).saturating_add(further));
            self.end = end.end;
        }
    }

    /// Puts after this one what follows the first seam of `next`.
    fn close(&mut self, counter: &mut Counter<'_>, next: &Self) {
        let further = next.inner.unwrap_or_default();
        self.inner = Some(match self.inner {
            Some(inner) => inner.saturating_add(counter.count(&self.end)).saturating_add(further),
            None => further,
        });
        self.end.clone_from(&next.end);
    }

    /// The tokens of a text that consists of this fragment alone.
    #[must_use]
    pub fn tokens(&self, counter: &mut Counter<'_>) -> u32 {
        let ends = counter.count(&self.start).saturating_add(counter.count(&self.end));
        ends.saturating_add(self.inner.unwrap_or_default())
    }
}

/// The first and the last seam of a text, with the class of the character before it if that is known.
fn outer_seams(table: &Table, text: &str, mut before: Option<Class>) -> Option<(usize, usize)> {
    let mut seams = None;
    let mut last: Option<Class> = None;
    for (at, character) in text.char_indices() {
        let class = table.class(character);
        let is_seam = match (last, class) {
            (Some(Class::Letter | Class::Number), Class::Other | Class::Space)
            | (Some(Class::Letter), Class::Number)
            | (Some(Class::Number), Class::Letter)
            | (Some(Class::Other), Class::Number) => true,
            (Some(Class::Other), Class::Space) => !matches!(character, '\r' | '\n'),
            (Some(Class::Other), Class::Letter) => before == Some(Class::Other),
            _ => false,
        };
        if is_seam {
            seams = Some((seams.map_or(at, |(first, _)| first), at));
        }
        if last.is_some() {
            before = last;
        }
        last = Some(class);
    }
    seams
}

#[cfg(test)]
#[path = "fragment_tests.rs"]
mod tests;
