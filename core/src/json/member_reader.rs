//! Reads the members of a JSON object without serde, whose generated code is large in the browser bundle. Unless a
//! function says otherwise, `null` counts as absent.

use std::cell::Cell;

use super::Json;

/// A member, unless it is absent or `null`.
pub(crate) fn optional<'a>(json: &'a Json, name: &str) -> Option<&'a Json> {
    json.get(name).filter(|value| !matches!(value, Json::Null))
}

/// Reads members one after the other and records the first problem. An early return for each member would be more code
/// in the browser bundle than all the rest.
#[derive(Default)]
pub(crate) struct MemberReader {
    /// The member's name, and what is wrong with it.
    problem: Cell<Option<(&'static str, &'static str)>>,
}

impl MemberReader {
    /// What was read, unless there was a problem.
    ///
    /// # Errors
    /// The first problem, as the end of a sentence.
    pub fn finish<T>(&self, read: Option<T>) -> Result<T, String> {
        let (name, what) = self.problem.get().unwrap_or_default();
        read.filter(|_| what.is_empty()).ok_or_else(|| format!("`{name}` {what}"))
    }

    /// Whether there was no problem so far.
    pub fn is_ok(&self) -> bool {
        self.problem.get().is_none()
    }

    /// Records a problem, unless there was one before.
    pub fn record_problem(&self, name: &'static str, what: &'static str) {
        if self.is_ok() {
            self.problem.set(Some((name, what)));
        }
    }

    /// Records a problem when the value is absent.
    pub fn required<T>(&self, value: Option<T>, name: &'static str) -> Option<T> {
        if value.is_none() {
            self.record_problem(name, "is missing");
        }
        value
    }

    /// A text.
    pub fn text<'a>(&self, json: &'a Json, name: &'static str) -> Option<&'a str> {
        let text = optional(json, name)?.as_text();
        if text.is_none() {
            self.record_problem(name, "is no text");
        }
        text
    }

    /// A word of a vocabulary; `parse` reads it.
    pub fn word<T>(&self, json: &Json, name: &'static str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let word = parse(self.text(json, name)?);
        if word.is_none() {
            self.record_problem(name, "is not a word of its vocabulary");
        }
        word
    }

    /// A whole number below 2^32.
    pub fn count(&self, json: &Json, name: &'static str) -> Option<u32> {
        let count = optional(json, name)?.as_count();
        if count.is_none() {
            self.record_problem(name, "is no whole number below 2^32");
        }
        count
    }

    /// `true` or `false`; `null` is a problem.
    pub fn flag(&self, json: &Json, name: &'static str) -> Option<bool> {
        let flag = match json.get(name)? {
            Json::Bool(is) => Some(*is),
            _ => None,
        };
        if flag.is_none() {
            self.record_problem(name, "is neither true nor false");
        }
        flag
    }

    /// A list; an absent one is a problem.
    pub fn list<'a>(&self, json: &'a Json, name: &'static str) -> &'a [Json] {
        match json.get(name) {
            Some(Json::List(items)) => items,
            _ => {
                self.record_problem(name, "is no list");
                &[]
            }
        }
    }
}
