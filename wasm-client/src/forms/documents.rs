//! Whole documents, steps and single answers against the schemas.

use gatehouse_core::error::FieldError;
use gatehouse_core::json::Json;
use gatehouse_core::onboarding::{self, Answer, FieldId};
use gatehouse_core::validator::{Subject, Violation, validate_bytes, validate_encoded};
use serde::Serialize;

use super::answers::Bad;
use crate::answer::{half, tagged};
use crate::text::json_text;

/// Holds a document against the schema with this name; answers its faults as a JSON list, or an empty text. `is_text`
/// says that it was a text, whose bytes are UTF-8; `?` asks for it anew, with half characters as escapes and as any bytes.
pub fn validate_document(schema: &[u8], json: &[u8], is_text: bool) -> String {
    let schema = str::from_utf8(schema).unwrap_or_default();
    let found = match Subject::parse(schema) {
        Some(subject) if is_text => match validate_encoded(subject, json) {
            Some(found) => found,
            None => return "?".to_owned(),
        },
        Some(subject) => validate_bytes(subject, json),
        None => vec![unknown_schema(schema)],
    };
    if found.is_empty() { String::new() } else { json_text(&found) }
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
struct Good {
    /// In normal form; `null` when it says nothing.
    answer: Option<Answer>,
}

/// Checks one answer, given as JSON.
pub fn validate_field(field: &str, json: &str) -> String {
    let pointer = || format!("/answers/{}", field.chars().take(64).collect::<String>());
    let told =
        |error: FieldError| tagged(false, &Bad { errors: vec![FieldError { pointer: pointer(), ..error }] });
    let refused = |code: &str, message: &str| {
        told(FieldError {
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
        return half(Subject::Field(id), json)
            .map_or_else(|| refused("not_json", "The answer is not JSON."), told);
    };
    match onboarding::validate_field(id, &answer) {
        Ok(answer) => tagged(true, &Good { answer }),
        Err(errors) => tagged(false, &Bad { errors }),
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
        let half = validate_field("brand_tone", "\"a\\ud83c\"");
        assert!(
            half.contains("\"/answers/brand_tone\",\"code\":\"lone_surrogate\"")
                && half.contains("\"voice\""),
            "{half}"
        );
        for (field, json) in [("shoe_size", "1"), ("industry", "{")] {
            assert!(validate_field(field, json).starts_with("{\"ok\":false"), "{field}");
        }
    }
}
