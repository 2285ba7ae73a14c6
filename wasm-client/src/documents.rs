//! Whole documents, steps and single answers against the schemas.

use gatehouse_core::error::FieldError;
use gatehouse_core::json::Json;
use gatehouse_core::onboarding::{self, Answer, FieldId};
use gatehouse_core::validator::{Subject, Violation, validate, validate_bytes};
use serde::Serialize;

/// The result of holding a document against a schema.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Whether nothing is wrong.
    pub ok: bool,
    /// Everything that is wrong.
    pub errors: Vec<Violation>,
}

impl From<Vec<Violation>> for Judged {
    fn from(errors: Vec<Violation>) -> Self {
        Self { ok: errors.is_empty(), errors }
    }
}

/// A document as it comes in.
pub enum Document<'a> {
    /// JSON text.
    Text(&'a str),
    /// Its bytes.
    Bytes(&'a [u8]),
}

/// Holds a document against the schema with this name.
pub fn validate_document(schema: &str, document: &Document<'_>) -> Judged {
    let Some(subject) = Subject::parse(schema) else {
        let name: String = schema.chars().take(64).collect();
        let message =
            format!("“{name}” is not a schema; name a step, a field, answers, business_context or manifest.");
        let error = Violation {
            pointer: String::new(),
            keyword: "json",
            code: "unknown_schema",
            message,
            step: None,
        };
        return vec![error].into();
    };
    match document {
        Document::Text(text) => validate(subject, text),
        Document::Bytes(bytes) => validate_bytes(subject, bytes),
    }
    .into()
}

/// The result of checking one answer.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum CheckedField {
    /// It is good.
    Good {
        /// Always true.
        ok: bool,
        /// The answer in normal form; `null` when it says nothing.
        answer: Option<Answer>,
    },
    /// It is not.
    Bad {
        /// Always false.
        ok: bool,
        /// Everything that is wrong.
        errors: Vec<FieldError>,
    },
}

/// Checks one answer, given as JSON.
pub fn validate_field(field: &str, json: &str) -> CheckedField {
    let refused = |code: &str, message: String| {
        let pointer = format!("/answers/{}", field.chars().take(64).collect::<String>());
        CheckedField::Bad {
            ok: false,
            errors: vec![FieldError { pointer, code: code.to_owned(), message, step: None }],
        }
    };
    let Some(id) = FieldId::parse(field) else {
        return refused("unknown_field", "There is no such question.".to_owned());
    };
    let Ok(answer) = Json::read(json) else {
        return refused("not_json", "The answer is not JSON.".to_owned());
    };
    match onboarding::validate_field(id, &answer) {
        Ok(answer) => CheckedField::Good { ok: true, answer },
        Err(errors) => CheckedField::Bad { ok: false, errors },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_no_schema_is_refused_by_name() {
        let judged = validate_document("companies", &Document::Text("{}"));
        assert_eq!(judged.errors[0].code, "unknown_schema");
        assert!(validate_document("company_name", &Document::Text("\"Chaya\"")).ok);
    }

    #[test]
    fn one_answer_is_checked_alone_and_in_normal_form() {
        let good = serde_json::to_value(validate_field("brand_tone", "\" Warm \\nwarm\""));
        assert_eq!(good.ok(), Some(serde_json::json!({"ok": true, "answer": ["Warm"]})));
        let bad = serde_json::to_value(validate_field("company_website", "\"chaya\""));
        assert_eq!(bad.ok().map(|json| json["errors"][0]["code"] == "not_a_url"), Some(true));
        for (field, json) in [("shoe_size", "1"), ("industry", "{")] {
            assert!(matches!(validate_field(field, json), CheckedField::Bad { .. }), "{field}");
        }
    }
}
