//! Answers in, normalised answers or sentences out.

use gatehouse_core::error::FieldError;
use gatehouse_core::onboarding::{self, Answers, StepId};
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use crate::refusal::read_answers;

/// The result of a check.
#[derive(Debug, PartialEq, Eq)]
pub enum Checked {
    /// Every rule holds; the answers are trimmed and without empties and repeats.
    Good(Answers),
    /// Some rule does not hold.
    Bad(Vec<FieldError>),
}

impl Serialize for Checked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Checked", 2)?;
        match self {
            Self::Good(answers) => {
                out.serialize_field("ok", &true)?;
                out.serialize_field("answers", answers)?;
            }
            Self::Bad(errors) => {
                out.serialize_field("ok", &false)?;
                out.serialize_field("errors", errors)?;
            }
        }
        out.end()
    }
}

impl From<Result<Answers, Vec<FieldError>>> for Checked {
    fn from(result: Result<Answers, Vec<FieldError>>) -> Self {
        result.map_or_else(Self::Bad, Self::Good)
    }
}

/// Checks one step's answers.
pub fn validate_step(step: &str, json: &str) -> Checked {
    let Some(id) = StepId::parse(step) else {
        let known = StepId::TEXTS.join(", ");
        let name: String = step.chars().take(64).collect();
        return Checked::Bad(vec![FieldError {
            pointer: String::new(),
            code: "unknown_step".to_owned(),
            message: format!("“{name}” is not a step; the steps are {known}."),
            step: None,
        }]);
    };
    match read_answers(json) {
        Ok(answers) => onboarding::validate_step(id, answers).into(),
        Err(error) => Checked::Bad(vec![error]),
    }
}

/// Checks all answers.
pub fn validate_answers(json: &str) -> Checked {
    match read_answers(json) {
        Ok(answers) => onboarding::validate_answers(answers).into(),
        Err(error) => Checked::Bad(vec![error]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(checked: Checked) -> Vec<String> {
        match checked {
            Checked::Bad(errors) => errors.into_iter().map(|error| error.code).collect(),
            Checked::Good(_) => Vec::new(),
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_no_exception() {
        for garbage in ["", "{", "[]", "null", "7", "\"text\"", "{\"company_name\":\"\\ud800\"}"] {
            assert_eq!(codes(validate_step("company", garbage)), ["not_an_object"], "{garbage}");
            assert_eq!(codes(validate_answers(garbage)), ["not_an_object"], "{garbage}");
        }
        assert_eq!(codes(validate_step("1", "{}")), ["unknown_step"]);
    }

    #[test]
    fn a_result_is_tagged() {
        let bad = serde_json::to_value(validate_step("voice", "{}"));
        assert_eq!(bad.ok().map(|json| json["ok"] == false && json["errors"].is_array()), Some(true));
        let good = serde_json::to_value(validate_step("voice", r#"{"brand_tone":" Warm \nwarm"}"#));
        assert_eq!(good.ok(), Some(serde_json::json!({"ok": true, "answers": {"brand_tone": ["Warm"]}})));
    }
}
