//! Finds a question by its id, or the questions of a step.

use super::fields::Field;
use super::ids::{FieldId, StepId};
use super::questions::FIELDS;

impl FieldId {
    /// The question with this id.
    pub fn field(self) -> Option<&'static Field> {
        FIELDS.iter().find(|field| field.id == self)
    }
}

/// The questions of one step, in order.
pub fn fields_in(step: StepId) -> impl Iterator<Item = &'static Field> {
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
        assert!(STEPS.iter().all(|step| fields_in(step.id).count() > 0));
    }
}
