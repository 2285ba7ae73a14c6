//! What a call answers when it cannot do what was asked.

use gatehouse_core::error::{Error, FieldError};
use gatehouse_core::json::Json;
use gatehouse_core::onboarding::Given;
use gatehouse_core::time::Timestamp;
use serde::Serialize;

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
    /// A problem that only this package can have: its input could not be read at all.
    pub fn input(code: &str, detail: impl Into<String>, fix: &str) -> Self {
        Self { code: code.to_owned(), detail: detail.into(), fix: fix.to_owned(), errors: Vec::new() }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self {
            code: error.code.as_str().to_owned(),
            detail: error.detail,
            fix: error.code.fix().to_owned(),
            errors: error.fields,
        }
    }
}

/// Reads answers: a JSON object of field id → answer.
pub fn read_answers(json: &str) -> Result<Given, FieldError> {
    let read = Json::read(json).and_then(|json| Given::of(json).ok_or_else(|| "expected `{`".to_owned()));
    read.map_err(|cause| FieldError {
        pointer: "/answers".to_owned(),
        code: "not_an_object".to_owned(),
        message: format!("The answers must be a JSON object of field and answer ({cause})."),
        step: None,
    })
}

/// The instant `ms` milliseconds after 1970; fractions are dropped.
pub fn read_now(ms: f64) -> Result<Timestamp, Problem> {
    // A saturating cast: what is no number or beyond the calendar is refused just below.
    let whole = if ms.is_finite() { ms as i64 } else { i64::MAX };
    Timestamp::from_millisecond(whole).map_err(|_| {
        Problem::input(
            "time_invalid",
            "The current time is not a number of milliseconds since 1970.",
            "Pass `Date.now()`.",
        )
    })
}
