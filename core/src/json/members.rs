//! Reads members of an object without serde, whose generated readers weigh more in the browser than what is read. A
//! member that is `null` is as good as absent, where nothing else is said.

use super::Json;

/// A value that must be there.
pub(crate) fn needed<T>(value: Option<T>, name: &str) -> Result<T, String> {
    value.ok_or_else(|| format!("`{name}` is missing"))
}

/// A member that is neither absent nor null.
pub(crate) fn optional<'a>(json: &'a Json, name: &str) -> Option<&'a Json> {
    json.get(name).filter(|value| !matches!(value, Json::Null))
}

/// A flag; `null` is none.
pub(crate) fn flag(json: &Json, name: &str) -> Result<Option<bool>, String> {
    match json.get(name) {
        None => Ok(None),
        Some(Json::Bool(is)) => Ok(Some(*is)),
        Some(_) => Err(format!("`{name}` is neither true nor false")),
    }
}

/// A whole number, written as one.
pub(crate) fn count(json: &Json, name: &str) -> Result<Option<u32>, String> {
    match optional(json, name).map(Json::as_count) {
        Some(None) => Err(format!("`{name}` is no whole number below 2^32")),
        read => Ok(read.flatten()),
    }
}

/// A text, read by its vocabulary.
pub(crate) fn word<T>(json: &Json, name: &str, parse: fn(&str) -> Option<T>) -> Result<Option<T>, String> {
    match text(json, name)?.map(parse) {
        Some(None) => Err(format!("`{name}` is not a word of its vocabulary")),
        read => Ok(read.flatten()),
    }
}

/// A text, as it stands there.
pub(crate) fn text<'a>(json: &'a Json, name: &str) -> Result<Option<&'a str>, String> {
    match optional(json, name) {
        None => Ok(None),
        Some(Json::Text(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{name}` is no text")),
    }
}
