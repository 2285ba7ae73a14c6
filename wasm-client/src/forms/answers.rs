//! Answers in, normalised answers or sentences out.

use gatehouse_core::error::FieldError;
use gatehouse_core::onboarding::{self, Answers, StepId};
use gatehouse_core::validator::enlist;
use serde::Serialize;

use crate::answer::{read_answers, tagged};

#[derive(Serialize)]
struct Good {
    answers: Answers,
}

/// What is wrong, sentence by sentence.
#[derive(Serialize)]
pub struct Bad {
    /// Everything that is.
    pub errors: Vec<FieldError>,
}

fn checked(result: Result<Answers, Vec<FieldError>>) -> String {
    match result {
        Ok(answers) => tagged(true, &Good { answers }),
        Err(errors) => tagged(false, &Bad { errors }),
    }
}

/// Checks one step's answers.
pub fn validate_step(step: &str, json: &str) -> String {
    let Some(id) = StepId::parse(step) else {
        let mut known = String::new();
        StepId::TEXTS.iter().for_each(|step| enlist(&mut known, ", ", step));
        let name: String = step.chars().take(64).collect();
        return checked(Err(vec![FieldError {
            pointer: String::new(),
            code: "unknown_step".to_owned(),
            message: format!("“{name}” is not a step; the steps are {known}."),
            step: None,
        }]));
    };
    checked(
        read_answers(json)
            .map_err(|error| vec![error])
            .and_then(|given| onboarding::validate_step(id, given)),
    )
}

/// Checks all answers.
pub fn validate_answers(json: &str) -> String {
    checked(read_answers(json).map_err(|error| vec![error]).and_then(onboarding::validate_answers))
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
            for checked in [validate_step("company", garbage), validate_answers(garbage)] {
                assert_eq!(read(&checked)["errors"][0]["code"], "not_an_object", "{garbage}");
            }
        }
        // Half of a character is said where it was typed.
        let half = read(&validate_step("company", "{\"company_name\":\"\\ud800\"}"));
        assert_eq!(half["errors"][0]["pointer"], "/answers/company_name");
        assert_eq!(half["errors"][0]["step"], "company");
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
