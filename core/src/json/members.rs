//! Reads members of an object without serde, whose generated readers weigh more in the browser than what is read. A
//! member that is `null` is as good as absent, where nothing else is said.

use std::cell::Cell;

use super::Json;

/// A member that is neither absent nor null.
pub(crate) fn optional<'a>(json: &'a Json, name: &str) -> Option<&'a Json> {
    json.get(name).filter(|value| !matches!(value, Json::Null))
}

/// Reads members one after the other and remembers the first one that is amiss. In the browser, an early return for each
/// of many members is more code than all the rest.
#[derive(Default)]
pub(crate) struct Members {
    /// The member's name, and what is amiss.
    amiss: Cell<Option<(&'static str, &'static str)>>,
}

impl Members {
    /// What was read, unless something was amiss.
    ///
    /// # Errors
    /// What was amiss first, as the end of a sentence.
    pub fn finish<T>(&self, read: Option<T>) -> Result<T, String> {
        let (name, what) = self.amiss.get().unwrap_or_default();
        read.filter(|_| what.is_empty()).ok_or_else(|| format!("`{name}` {what}"))
    }

    /// Whether nothing was amiss so far.
    pub fn are_good(&self) -> bool {
        self.amiss.get().is_none()
    }

    /// Notes that something is amiss.
    pub fn note(&self, name: &'static str, what: &'static str) {
        if self.are_good() {
            self.amiss.set(Some((name, what)));
        }
    }

    /// A value that must be there.
    pub fn needed<T>(&self, value: Option<T>, name: &'static str) -> Option<T> {
        if value.is_none() {
            self.note(name, "is missing");
        }
        value
    }

    /// A text, as it stands there.
    pub fn text<'a>(&self, json: &'a Json, name: &'static str) -> Option<&'a str> {
        let text = optional(json, name)?.as_text();
        if text.is_none() {
            self.note(name, "is no text");
        }
        text
    }

    /// A text, read by its vocabulary.
    pub fn word<T>(&self, json: &Json, name: &'static str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let word = parse(self.text(json, name)?);
        if word.is_none() {
            self.note(name, "is not a word of its vocabulary");
        }
        word
    }

    /// A whole number, written as one.
    pub fn count(&self, json: &Json, name: &'static str) -> Option<u32> {
        let count = optional(json, name)?.as_count();
        if count.is_none() {
            self.note(name, "is no whole number below 2^32");
        }
        count
    }

    /// A flag; `null` is none.
    pub fn flag(&self, json: &Json, name: &'static str) -> Option<bool> {
        let flag = match json.get(name)? {
            Json::Bool(is) => Some(*is),
            _ => None,
        };
        if flag.is_none() {
            self.note(name, "is neither true nor false");
        }
        flag
    }

    /// A list, which must be there.
    pub fn list<'a>(&self, json: &'a Json, name: &'static str) -> &'a [Json] {
        match json.get(name) {
            Some(Json::List(items)) => items,
            _ => {
                self.note(name, "is no list");
                &[]
            }
        }
    }
}
