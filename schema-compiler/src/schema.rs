//! Finding one's way in schemas: places, references, the keywords that are known.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

/// Keywords with a meaning for the validator.
const ASSERTIONS: [&str; 19] = [
    "$ref",
    "additionalProperties",
    "const",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "pattern",
    "properties",
    "required",
    "type",
    "uniqueItems",
];
/// Keywords that only say something about a schema.
const ANNOTATIONS: [&str; 9] =
    ["$comment", "$defs", "$schema", "default", "description", "examples", "title", "x-error", "x-step"];

/// A place in a schema: the schema's name and a JSON pointer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    schema: String,
    pointer: String,
}

impl Place {
    /// The whole of a schema.
    pub fn root(schema: &str) -> Self {
        Self { schema: schema.to_owned(), pointer: String::new() }
    }

    /// A place below.
    pub fn below(&self, segments: &[&str]) -> Self {
        let mut pointer = self.pointer.clone();
        for segment in segments {
            pointer.push('/');
            pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
        }
        Self { schema: self.schema.clone(), pointer }
    }

    /// Where a `$ref` that stands here leads.
    fn follow(&self, reference: &str) -> Result<Self> {
        let (file, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let schema = match file.strip_suffix(".json") {
            Some(name) => name,
            None if file.is_empty() => &self.schema,
            None => bail!("{self}: $ref leads outside: {reference}"),
        };
        if !fragment.is_empty() && !fragment.starts_with('/') {
            bail!("{self}: $ref to an anchor is not known here: {reference}");
        }
        Ok(Self { schema: schema.to_owned(), pointer: percent_decoded(fragment)? })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.json#{}", self.schema, self.pointer)
    }
}

fn percent_decoded(text: &str) -> Result<String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend(before.bytes());
        let code = after.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(code.with_context(|| format!("bad escape in $ref {text}"))?);
        rest = after.get(2..).unwrap_or_default();
    }
    bytes.extend(rest.bytes());
    Ok(String::from_utf8(bytes)?)
}

/// What stands at a place, when all of its keywords are known.
pub enum Found<'a> {
    /// `true` or `false`.
    Fixed(bool),
    /// Keywords.
    Keywords(&'a Map<String, Value>),
}

/// Reads a place.
pub fn find<'a>(schemas: &'a BTreeMap<String, Value>, place: &Place) -> Result<Found<'a>> {
    let schema = schemas.get(&place.schema).with_context(|| format!("there is no schema {place}"))?;
    match schema.pointer(&place.pointer) {
        Some(Value::Bool(fixed)) => Ok(Found::Fixed(*fixed)),
        Some(Value::Object(keywords)) => {
            for keyword in keywords.keys().map(String::as_str) {
                if !ASSERTIONS.contains(&keyword) && !ANNOTATIONS.contains(&keyword) {
                    bail!("{place}: the keyword {keyword} is not known here");
                }
            }
            Ok(Found::Keywords(keywords))
        }
        _ => bail!("there is no schema at {place}"),
    }
}

/// A place together with all that its references lead to, itself first.
pub fn with_references(schemas: &BTreeMap<String, Value>, place: Place, into: &mut Vec<Place>) -> Result<()> {
    if into.contains(&place) {
        return Ok(());
    }
    into.push(place.clone());
    if let Found::Keywords(keywords) = find(schemas, &place)?
        && let Some(reference) = keywords.get("$ref")
    {
        let reference = reference.as_str().with_context(|| format!("{place}: $ref is no text"))?;
        with_references(schemas, place.follow(reference)?, into)?;
    }
    Ok(())
}
