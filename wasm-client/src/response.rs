//! The responses of calls, and parsing of the inputs that both modules have.

use gatehouse_core::error::{Error, ErrorCode, FieldError};
use gatehouse_core::json::Json;
use gatehouse_core::onboarding::{RawAnswers, field_error};
use gatehouse_core::time::Timestamp;
use gatehouse_core::validator::{Subject, validate};
use serde::Serialize;

use crate::json_text::json_text;

/// Why a call failed, with the members of the Worker's problem document.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable code.
    pub code: String,
    /// The sentence to show.
    pub detail: String,
    /// What to do about it.
    pub fix: String,
    /// The errors of single fields.
    pub errors: Vec<FieldError>,
}

impl Problem {
    /// A problem without errors of single fields.
    pub fn input(code: &str, detail: impl Into<String>, fix: &str) -> Self {
        Self { code: code.to_owned(), detail: detail.into(), fix: fix.to_owned(), errors: Vec::new() }
    }
}

/// Code and fix of an error. Call it in a `const` block, so that the texts of all other errors stay out of the module.
pub const fn code_and_fix(code: ErrorCode) -> (&'static str, &'static str) {
    (code.as_str(), code.fix())
}

/// The problem of invalid answers.
pub fn answers_invalid(errors: Vec<FieldError>) -> Problem {
    let (code, fix) = const { code_and_fix(ErrorCode::AnswersInvalid) };
    let Error { detail, fields, .. } = Error::answers_invalid(errors);
    Problem { errors: fields, ..Problem::input(code, detail, fix) }
}

/// `{"ok":true,…}` with the members of the value, or `{"ok":false,"problem":…}`.
pub fn to_response<T: Serialize>(result: Result<T, Problem>) -> String {
    #[derive(Serialize)]
    struct Refused {
        problem: Problem,
    }
    match result {
        Ok(value) => tagged_json(true, &value),
        Err(problem) => tagged_json(false, &Refused { problem }),
    }
}

/// The JSON text of a struct, with `ok` before its members.
pub fn tagged_json<T: Serialize>(ok: bool, value: &T) -> String {
    let text = json_text(value);
    format!("{{\"ok\":{ok},{}", text.get(1..).unwrap_or("}"))
}

/// Parses answers: a JSON object of field id → answer.
pub fn parse_answers(json: &str) -> Result<RawAnswers, FieldError> {
    let read = Json::read(json)
        .and_then(|json| RawAnswers::from_json(json).ok_or_else(|| "expected `{`".to_owned()));
    read.map_err(|cause| {
        lone_surrogate_error(Subject::Answers, json).unwrap_or_else(|| FieldError {
            pointer: "/answers".to_owned(),
            code: "not_an_object".to_owned(),
            message: format!("The answers must be a JSON object of field and answer ({cause})."),
            step: None,
        })
    })
}

/// The validator's error for the first lone surrogate in a JSON text, which makes the text unreadable.
pub fn lone_surrogate_error(subject: Subject, json: &str) -> Option<FieldError> {
    validate(subject, json).into_iter().find(|violation| violation.code == "lone_surrogate").map(field_error)
}

/// The instant `ms` milliseconds after 1970; fractions are dropped.
pub fn parse_now(ms: f64) -> Result<Timestamp, Problem> {
    // The cast saturates; values that are not a number or out of range are refused below.
    let whole = if ms.is_finite() { ms as i64 } else { i64::MAX };
    Timestamp::from_millisecond(whole).ok_or_else(|| {
        Problem::input(
            "time_invalid",
            "The current time is not a number of milliseconds since 1970.",
            "Pass `Date.now()`.",
        )
    })
}
