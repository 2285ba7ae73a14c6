//! The types of a question and a step. The questions themselves are in `core/schema`, one schema for each step.

use super::ids::{FieldId, StepId};

/// What kind of answer a field takes. Lengths count Unicode characters, never bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One line of text.
    Text {
        /// The most characters.
        max: usize,
    },
    /// Several lines of text.
    LongText {
        /// The most characters.
        max: usize,
    },
    /// A web address; `https://` is added when the scheme is left out.
    Url,
    /// Separate items, one on each line of a textarea. Commas never split an item.
    List {
        /// The most items.
        max_items: usize,
        /// The most characters of an item.
        max: usize,
    },
}

/// One question.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its id, on the wire and in storage.
    pub id: FieldId,
    /// The step it is asked in.
    pub step: StepId,
    /// Its label in a form; sentences about it begin with this.
    pub label: &'static str,
    /// The kind of answer.
    pub kind: Kind,
    /// Whether onboarding cannot be finished without it.
    pub required: bool,
}

/// One step.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Its id.
    pub id: StepId,
    /// Its heading.
    pub title: &'static str,
}
