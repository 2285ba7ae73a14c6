//! Reads and writes JSON text. Our own code, because a JSON library would outweigh the rules in the browser bundle.

mod decimal;
mod double;
pub(crate) mod member_reader;
mod natural;
mod reader;
mod scan;
mod with_serde;

pub(crate) use decimal::Decimal;
pub use double::canonical_double;
pub(crate) use double::canonical_number;
pub(crate) use reader::{Reader, SyntaxError, Text, utf8};
pub(crate) use scan::bytes_equal;

use serde_json::Value;

/// The most levels that a document may nest.
pub(crate) const MAX_DEPTH: usize = 64;

/// A JSON value. Two are equal when their canonical texts are: `1` and `1.0`, members in any order.
#[derive(Clone, Debug, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// Members in the order in which they stand; of two with one name the last counts.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a JSON text.
    ///
    /// # Errors
    /// What was expected and where, as the end of a sentence.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut reader = Reader::new(text);
        let read = value(&mut reader, 0);
        if let Some(json) = read
            && reader.is_at_end()
        {
            return Ok(json);
        }
        let SyntaxError { at, expected } =
            reader.error.unwrap_or(SyntaxError { at: reader.at, expected: "expected the end of the text" });
        let (line, column) = reader.position(at);
        Err(format!("{expected} at line {line}, column {column}"))
    }

    /// The member of an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The member of an object, mutable.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Self> {
        let Self::Object(members) = self else { return None };
        members.iter_mut().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The text; `None` for any other value.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The number, if it is written as a whole number below 2^32.
    pub fn as_count(&self) -> Option<u32> {
        if let Self::Number(number) = self { number.parse().ok() } else { None }
    }

    /// Its JSON text.
    pub fn write(&self) -> String {
        let mut out = String::new();
        self.write_to::<false>(&mut out);
        out
    }

    /// Its RFC 8785 text, which is the same for equal values. A number too large for a double has no form in the RFC
    /// and stays as it is written.
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        self.write_to::<true>(&mut out);
        out
    }

    fn write_to<const CANONICAL: bool>(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(number) if CANONICAL => match canonical_number(number) {
                Some(canonical) => out.push_str(&canonical),
                None => out.push_str(number),
            },
            Self::Number(number) => out.push_str(number),
            Self::Text(text) => write_text(text, out),
            Self::List(items) => {
                out.push('[');
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    item.write_to::<CANONICAL>(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                if CANONICAL {
                    // Section 3.2.3: by UTF-16 code units, which is another order than that of the characters.
                    members.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
                }
                out.push('{');
                for (number, (name, value)) in members.into_iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write_to::<CANONICAL>(out);
                }
                out.push('}');
            }
        }
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Number(one), Self::Number(other)) => {
                one == other || canonical_number(one).is_some_and(|one| canonical_number(other) == Some(one))
            }
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::List(one), Self::List(other)) => one == other,
            (Self::Object(one), Self::Object(others)) => {
                one.len() == others.len()
                    && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| other == value))
            }
            _ => false,
        }
    }
}

impl From<&Value> for Json {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(is) => Self::Bool(*is),
            Value::Number(number) => Self::Number(number.to_string()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(members) => {
                Self::Object(members.iter().map(|(name, value)| (name.clone(), value.into())).collect())
            }
        }
    }
}

fn value(reader: &mut Reader<'_>, depth: usize) -> Option<Json> {
    if depth > MAX_DEPTH {
        return reader.fail("expected fewer levels");
    }
    Some(match reader.next_token() {
        b'"' => Json::Text(text(reader)?),
        b'[' => {
            let mut items = Vec::new();
            let mut more = reader.open(b']');
            while more {
                items.push(value(reader, depth + 1)?);
                more = reader.next_item(b']', "expected a comma or the end of the list")?;
            }
            Json::List(items)
        }
        b'{' => {
            let mut members = Vec::new();
            let mut more = reader.open(b'}');
            while more {
                reader.next_token();
                let name = text(reader)?;
                reader.expect(b':', "expected a colon")?;
                members.push((name, value(reader, depth + 1)?));
                more = reader.next_item(b'}', "expected a comma or the end of the object")?;
            }
            Json::Object(members)
        }
        b't' => reader.literal("true").map(|()| Json::Bool(true))?,
        b'f' => reader.literal("false").map(|()| Json::Bool(false))?,
        b'n' => reader.literal("null").map(|()| Json::Null)?,
        _ => Json::Number(utf8(reader.number()?).to_owned()),
    })
}

fn text(reader: &mut Reader<'_>) -> Option<String> {
    let read = reader.string()?;
    if read.lone_surrogate {
        return reader.fail("expected no half of a surrogate pair");
    }
    Some(read.text().to_owned())
}

/// A name as a segment of a JSON Pointer (RFC 6901 section 3), with the slash before it.
pub(crate) fn pointer_segment(name: &str) -> String {
    let mut segment = "/".to_owned();
    for character in name.chars() {
        match character {
            '~' => segment.push_str("~0"),
            '/' => segment.push_str("~1"),
            other => segment.push(other),
        }
    }
    segment
}

/// Writes a text with its quotes, as short as JSON allows (RFC 8259 section 7), which is RFC 8785's form, too.
pub fn write_text(text: &str, out: &mut String) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let mut rest = text;
    out.push('"');
    while let Some(at) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        let (plain, after) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = after.chars();
        match chars.next() {
            Some('\u{8}') => out.push_str("\\b"),
            Some('\t') => out.push_str("\\t"),
            Some('\n') => out.push_str("\\n"),
            Some('\u{c}') => out.push_str("\\f"),
            Some('\r') => out.push_str("\\r"),
            Some(c @ ('"' | '\\')) => out.extend(['\\', c]),
            Some(control) => {
                let code = control as usize;
                out.push_str("\\u00");
                out.extend([code / 16, code % 16].into_iter().filter_map(|digit| DIGITS.get(digit)));
            }
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_the_library_reads_and_writes() {
        for text in [
            "null",
            " [ true , false,null ] ",
            r#"{"a":[1,-2.5e3,{"b":"चाय \u0001\"\\\n\ud83c\udf75/"}],"":[],"c":{}}"#,
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            let json = Json::read(text).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&json.write()).unwrap(), value, "{text}");
            assert_eq!(serde_json::from_str::<Value>(&Json::from(&value).write()).unwrap(), value, "{text}");
        }
    }

    #[test]
    fn invalid_json_is_refused_with_the_place_of_the_error() {
        for (text, why) in [
            ("", "expected a value at line 1, column 1"),
            ("{\n\"a\" 1}", "expected a colon at line 2, column 5"),
            ("[1] x", "expected the end of the text at line 1, column 5"),
            (r#""\ud800""#, "expected no half of a surrogate pair at line 1, column 9"),
        ] {
            assert_eq!(Json::read(text), Err(why.to_owned()), "{text}");
        }
        assert!(Json::read(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn of_two_members_with_one_name_the_last_counts() {
        assert_eq!(Json::read(r#"{"a":1,"a":true}"#).unwrap().get("a"), Some(&Json::Bool(true)));
    }
}
