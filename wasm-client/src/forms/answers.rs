//! Validates and normalises answers.

use gatehouse_core::error::FieldError;
use gatehouse_core::onboarding::{self, Answers, StepId};
use gatehouse_core::validator::append_to_list;
use serde::Serialize;

use crate::response::{parse_answers, tagged_json};

#[derive(Serialize)]
struct ValidAnswers {
    answers: Answers,
}

/// The errors of invalid answers.
#[derive(Serialize)]
pub struct InvalidAnswers {
    /// Every error.
    pub errors: Vec<FieldError>,
}

fn to_json(result: Result<Answers, Vec<FieldError>>) -> String {
    match result {
        Ok(answers) => tagged_json(true, &ValidAnswers { answers }),
        Err(errors) => tagged_json(false, &InvalidAnswers { errors }),
    }
}

/// Validates one step's answers.
pub fn validate_step(step: &str, json: &str) -> String {
    let Some(id) = StepId::parse(step) else {
        let mut known = String::new();
        StepId::TEXTS.iter().for_each(|step| append_to_list(&mut known, ", ", step));
        let name: String = step.chars().take(64).collect();
        return to_json(Err(vec![FieldError {
            pointer: String::new(),
            code: "unknown_step".to_owned(),
            message: format!("“{name}” is not a step; the steps are {known}."),
            step: None,
        }]));
    };
    to_json(
        parse_answers(json).map_err(|error| vec![error]).and_then(|raw| onboarding::validate_step(id, raw)),
    )
}

/// Validates all answers.
pub fn validate_answers(json: &str) -> String {
    to_json(parse_answers(json).map_err(|error| vec![error]).and_then(onboarding::validate_answers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(text: &str) -> Value {
        serde_json::from_str(text).unwrap_or_default()
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_no_exception() {
        for garbage in ["", "{", "[]", "null", "7", "\"text\"", "{\"company_name\":\"\\ud800\""] {
            for response in [validate_step("company", garbage), validate_answers(garbage)] {
                assert_eq!(read(&response)["errors"][0]["code"], "not_an_object", "{garbage}");
            }
        }
        // A lone surrogate is reported at the field where it was typed.
        let lone_surrogate = read(&validate_step("company", "{\"company_name\":\"\\ud800\"}"));
        assert_eq!(lone_surrogate["errors"][0]["pointer"], "/answers/company_name");
        assert_eq!(lone_surrogate["errors"][0]["step"], "company");
        assert_eq!(read(&validate_step("1", "{}"))["errors"][0]["code"], "unknown_step");
    }

    #[test]
    fn a_result_is_tagged() {
        let bad = read(&validate_step("voice", "{}"));
        assert!(bad["ok"] == false && bad["errors"].is_array());
        let good = read(&validate_step("voice", r#"{"brand_tone":" Warm \nwarm"}"#));
        assert_eq!(good, json!({"ok": true, "answers": {"brand_tone": ["Warm"]}}));
    }
}
