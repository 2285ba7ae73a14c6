//! What a call answers, and how the inputs are read that both modules have.

use gatehouse_core::error::{Error, ErrorCode, FieldError};
use gatehouse_core::json::Json;
use gatehouse_core::onboarding::{Given, told};
use gatehouse_core::time::Timestamp;
use gatehouse_core::validator::{Subject, validate};
use serde::Serialize;

use crate::text::json_text;

/// Why not, in the words that the Worker's problem document uses.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable code.
    pub code: String,
    /// The sentence to show.
    pub detail: String,
    /// What to do about it.
    pub fix: String,
    /// What is wrong field by field.
    pub errors: Vec<FieldError>,
}

impl Problem {
    /// A problem without errors of single fields.
    pub fn input(code: &str, detail: impl Into<String>, fix: &str) -> Self {
        Self { code: code.to_owned(), detail: detail.into(), fix: fix.to_owned(), errors: Vec::new() }
    }
}

/// Code and fix of an error. In a `const` block it leaves the texts of all other errors out of the module.
pub const fn texts(code: ErrorCode) -> (&'static str, &'static str) {
    (code.as_str(), code.fix())
}

/// The problem of answers that are refused.
pub fn answers_invalid(errors: Vec<FieldError>) -> Problem {
    let (code, fix) = const { texts(ErrorCode::AnswersInvalid) };
    let Error { detail, fields, .. } = Error::answers(errors);
    Problem { errors: fields, ..Problem::input(code, detail, fix) }
}

/// `{"ok":true,…}` with the members of what was found, or `{"ok":false,"problem":…}`.
pub fn answer<T: Serialize>(result: Result<T, Problem>) -> String {
    #[derive(Serialize)]
    struct Refused {
        problem: Problem,
    }
    match result {
        Ok(value) => tagged(true, &value),
        Err(problem) => tagged(false, &Refused { problem }),
    }
}

/// The JSON text of a struct, with `ok` before its members.
pub fn tagged<T: Serialize>(ok: bool, value: &T) -> String {
    let text = json_text(value);
    format!("{{\"ok\":{ok},{}", text.get(1..).unwrap_or("}"))
}

/// Reads answers: a JSON object of field id → answer.
pub fn read_answers(json: &str) -> Result<Given, FieldError> {
    let read = Json::read(json).and_then(|json| Given::of(json).ok_or_else(|| "expected `{`".to_owned()));
    read.map_err(|cause| {
        half(Subject::Answers, json).unwrap_or_else(|| FieldError {
            pointer: "/answers".to_owned(),
            code: "not_an_object".to_owned(),
            message: format!("The answers must be a JSON object of field and answer ({cause})."),
            step: None,
        })
    })
}

/// The first half of a character in a JSON text, which is why it cannot be read, in the validator's words.
pub fn half(subject: Subject, json: &str) -> Option<FieldError> {
    validate(subject, json).into_iter().find(|fault| fault.code == "lone_surrogate").map(told)
}

/// The instant `ms` milliseconds after 1970; fractions are dropped.
pub fn read_now(ms: f64) -> Result<Timestamp, Problem> {
    // A saturating cast: what is no number or beyond the calendar is refused just below.
    let whole = if ms.is_finite() { ms as i64 } else { i64::MAX };
    Timestamp::from_millisecond(whole).ok_or_else(|| {
        Problem::input(
            "time_invalid",
            "The current time is not a number of milliseconds since 1970.",
            "Pass `Date.now()`.",
        )
    })
}
