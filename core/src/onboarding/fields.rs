//! What a question is. The questions themselves stand in `core/schema`, one schema a step.

use super::questions::{FIELDS, FieldId, StepId};

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
    /// Separate items, one a line in a textarea. Commas stand inside items and never split.
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
    /// What a form calls it; sentences about it begin with this.
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

impl FieldId {
    /// The question with this id.
    pub fn field(self) -> Option<&'static Field> {
        FIELDS.iter().find(|field| field.id == self)
    }
}

/// The questions of one step, in order.
pub fn fields_of(step: StepId) -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(move |field| field.step == step)
}

#[cfg(test)]
mod tests {
    use super::super::STEPS;
    use super::*;

    #[test]
    fn there_are_21_questions_and_16_are_required() {
        assert_eq!(FIELDS.len(), 21);
        assert_eq!(FIELDS.iter().filter(|field| field.required).count(), 16);
        assert_eq!(FieldId::ALL, FIELDS.iter().map(|field| field.id).collect::<Vec<_>>());
        assert_eq!(StepId::ALL, STEPS.iter().map(|step| step.id).collect::<Vec<_>>());
        assert!(STEPS.iter().all(|step| fields_of(step.id).count() > 0));
    }
}
