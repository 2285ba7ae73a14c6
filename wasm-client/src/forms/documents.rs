//! Validates whole documents, steps and single answers against the schemas.

use gatehouse_core::error::FieldError;
use gatehouse_core::json::Json;
use gatehouse_core::onboarding::{self, Answer, FieldId};
use gatehouse_core::validator::{Subject, Violation, validate_bytes, validate_encoded};
use serde::Serialize;

use super::answers::InvalidAnswers;
use crate::json_text::json_text;
use crate::response::{lone_surrogate_error, tagged_json};

/// Validates a document against the schema with this name: its violations as a JSON list, or an empty text when there
/// are none. `is_text` says that an encoder made the bytes from a text. Then `?` asks the caller to call again without
/// `is_text`, with lone surrogates written as escapes.
pub fn validate_document(schema: &[u8], json: &[u8], is_text: bool) -> String {
    let schema = str::from_utf8(schema).unwrap_or_default();
    let violations = match Subject::parse(schema) {
        Some(subject) if is_text => match validate_encoded(subject, json) {
            Some(violations) => violations,
            None => return "?".to_owned(),
        },
        Some(subject) => validate_bytes(subject, json),
        None => vec![unknown_schema(schema)],
    };
    if violations.is_empty() { String::new() } else { json_text(&violations) }
}

fn unknown_schema(schema: &str) -> Violation {
    let name: String = schema.chars().take(64).collect();
    Violation {
        pointer: String::new(),
        keyword: "json",
        code: "unknown_schema",
        message: format!(
            "“{name}” is not a schema; name a step, a field, answers, business_context or manifest."
        ),
        step: None,
    }
}

#[derive(Serialize)]
struct ValidAnswer {
    /// Normalised; `null` when it is empty.
    answer: Option<Answer>,
}

/// Validates one answer in JSON.
pub fn validate_field(field: &str, json: &str) -> String {
    let pointer = || format!("/answers/{}", field.chars().take(64).collect::<String>());
    let rejected = |error: FieldError| {
        tagged_json(false, &InvalidAnswers { errors: vec![FieldError { pointer: pointer(), ..error }] })
    };
    let refused = |code: &str, message: &str| {
        rejected(FieldError {
            pointer: String::new(),
            code: code.to_owned(),
            message: message.to_owned(),
            step: None,
        })
    };
    let Some(id) = FieldId::parse(field) else {
        return refused("unknown_field", "There is no such question.");
    };
    let Ok(answer) = Json::read(json) else {
        return lone_surrogate_error(Subject::Field(id), json)
            .map_or_else(|| refused("not_json", "The answer is not JSON."), rejected);
    };
    match onboarding::validate_field(id, &answer) {
        Ok(answer) => tagged_json(true, &ValidAnswer { answer }),
        Err(errors) => tagged_json(false, &InvalidAnswers { errors }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_no_schema_is_refused_by_name() {
        assert!(validate_document(b"companies", b"{}", true).contains("unknown_schema"));
        assert_eq!(validate_document(b"company_name", b"\"Chaya\"", true), "");
        assert_eq!(validate_document(b"company_name", "\"\u{fffd}\"".as_bytes(), true), "?");
        assert_eq!(validate_document(b"company_name", "\"\u{fffd}\"".as_bytes(), false), "");
        assert!(validate_document(b"company_name", b"\xff", false).contains("not_utf8"));
    }

    #[test]
    fn one_answer_is_checked_alone_and_in_normal_form() {
        assert_eq!(validate_field("brand_tone", "\" Warm \\nwarm\""), r#"{"ok":true,"answer":["Warm"]}"#);
        assert!(validate_field("company_website", "\"chaya\"").contains("not_a_url"));
        let error = validate_field("brand_tone", "\"a\\ud83c\"");
        assert!(
            error.contains("\"/answers/brand_tone\",\"code\":\"lone_surrogate\"")
                && error.contains("\"voice\""),
            "{error}"
        );
        for (field, json) in [("shoe_size", "1"), ("industry", "{")] {
            assert!(validate_field(field, json).starts_with("{\"ok\":false"), "{field}");
        }
    }
}
