//! Validates documents against the schemas of `core/schema` while reading them: one pass over the text, without a value
//! tree, and every violation with its pointer, keyword, code, sentence and step.
//!
//! The schema compiler writes `tables.rs` from the schemas, and the code here follows the tables. Beyond the schemas it
//! refuses duplicate names, halves of surrogate pairs, numbers of 10^308 or more, and more than 64 levels, each with
//! its own sentence.

mod canonical;
mod packed;
mod place;
mod sentence;
mod table;
#[rustfmt::skip]
mod tables;
mod walk;

pub use canonical::canonical;
pub use packed::unpack;
pub use sentence::append_to_list;
pub use table::{ANY, Check, Choice, Lengths, NEVER, Node, NodeId, Pattern, Program, kind};

use std::sync::LazyLock;

use serde::Serialize;

use crate::json::Reader;
use crate::onboarding::{FieldId, StepId};

/// The schemas of `core/schema`, compiled.
pub static PROGRAM: LazyLock<Program> = LazyLock::new(|| unpack(tables::TABLES));

/// One violation of a schema, or of JSON itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// JSON Pointer (RFC 6901) to what is wrong; to the missing or unknown member where that is it.
    pub pointer: String,
    /// The violated keyword of the schema; `json` for what no schema may allow.
    pub keyword: &'static str,
    /// Stable code of the rule, such as `required` or `too_long`.
    pub code: &'static str,
    /// The sentence to show.
    pub message: String,
    /// The onboarding step that it belongs to, where it belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<&'static str>,
}

impl Violation {
    /// A violation by the document as a whole, which belongs to no keyword and no step.
    fn of_document(code: &'static str, message: String) -> Self {
        Self { pointer: String::new(), keyword: "json", code, message, step: None }
    }
}

/// The schema that a text is validated against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The answers of one step.
    Step(StepId),
    /// The answers of all steps.
    Answers,
    /// One answer alone, as at a keystroke.
    Field(FieldId),
    /// A business context.
    Context,
    /// A manifest.
    Manifest,
}

impl Subject {
    /// The subject with this name: a step's id, `answers`, `business_context`, `manifest` or a field's id.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "answers" => Some(Self::Answers),
            "business_context" => Some(Self::Context),
            "manifest" => Some(Self::Manifest),
            _ => StepId::parse(name).map(Self::Step).or_else(|| FieldId::parse(name).map(Self::Field)),
        }
    }

    fn node(self) -> NodeId {
        let root = |name| PROGRAM.root(name).unwrap_or(NEVER);
        match self {
            Self::Step(step) => root(step.as_str()),
            Self::Answers => root("answers"),
            Self::Field(field) => PROGRAM
                .nodes
                .get(usize::from(root("answers")))
                .and_then(|answers| answers.property(field.as_str().as_bytes(), 0))
                .map_or(NEVER, |(_, node)| node),
            Self::Context => root("business_context"),
            Self::Manifest => root("manifest"),
        }
    }
}

/// Every violation of a JSON text, in document order; empty when it is valid. Lengths count Unicode characters. Stops
/// after 1,000 violations.
pub fn validate(subject: Subject, text: &str) -> Vec<Violation> {
    validate_node(&PROGRAM, subject.node(), text)
}

/// Validates bytes, such as a body; bytes that are not UTF-8 are not JSON (RFC 8259 §8.1).
pub fn validate_bytes(subject: Subject, bytes: &[u8]) -> Vec<Violation> {
    let (violations, read) = walk::walk(&PROGRAM, subject.node(), Reader::from_bytes(bytes));
    if read {
        // The reader has checked every string, and allows nothing else outside of ASCII.
        return violations;
    }
    match std::str::from_utf8(bytes) {
        Ok(_) => violations,
        Err(error) => {
            let message = format!("The text is not UTF-8: byte {} begins no character.", error.valid_up_to());
            vec![Violation::of_document("not_utf8", message)]
        }
    }
}

/// Validates bytes that an encoder has written, which are UTF-8. `None` when they are not JSON or have a U+FFFD, which
/// may have been half of a character: the caller then has to write that as an escape and validate again.
pub fn validate_encoded(subject: Subject, bytes: &[u8]) -> Option<Vec<Violation>> {
    let (violations, read) = walk::walk(&PROGRAM, subject.node(), Reader::from_encoded(bytes));
    read.then_some(violations)
}

/// Validates against any node of any program, for the compiler's own tests.
pub fn validate_node(program: &Program, node: NodeId, text: &str) -> Vec<Violation> {
    walk::walk(program, node, Reader::new(text)).0
}
