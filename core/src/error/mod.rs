//! Errors that the Worker answers as `application/problem+json` (RFC 9457).

mod codes;
mod field;

pub use codes::ErrorCode;
pub use field::FieldError;

use serde::{Deserialize, Serialize};

use crate::api::ContextSource;
use crate::onboarding::{Answers, FieldId, SessionCopy};

/// An error: its code, a sentence about this occurrence, and the errors of single fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", code.as_str())]
pub struct Error {
    /// Which error this is.
    pub code: ErrorCode,
    /// A sentence about this occurrence, safe to show to the caller.
    pub detail: String,
    /// Errors of single fields, when a body or answers are invalid.
    pub fields: Vec<FieldError>,
    /// The saved copy of the answers, for a `revision_conflict`.
    pub current: Option<Box<SessionCopy>>,
    /// What the refused save was based on, where it said so.
    pub base: Option<Box<Answers>>,
    /// The current answers behind the manifest, for a `version_conflict`.
    pub current_source: Option<Box<ContextSource>>,
}

impl Error {
    /// An error with its title as the detail.
    pub fn new(code: ErrorCode) -> Self {
        Self::with_detail(code, code.title())
    }

    /// An error with a sentence about this occurrence.
    pub fn with_detail(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            fields: Vec::new(),
            current: None,
            base: None,
            current_source: None,
        }
    }

    /// `answers_invalid` with an error for each invalid answer.
    pub fn answers_invalid(fields: Vec<FieldError>) -> Self {
        let detail = match fields.len() {
            1 => "One answer needs attention.".to_owned(),
            n => format!("{n} answers need attention."),
        };
        Self { fields, ..Self::with_detail(ErrorCode::AnswersInvalid, detail) }
    }

    /// `revision_conflict`: somebody else saved meanwhile. `current` is the saved copy, `base` what this save was based
    /// on where the request said so, and `fields` are those that both changed.
    pub fn revision_conflict(current: SessionCopy, base: Option<Answers>, fields: Vec<FieldId>) -> Self {
        let name = |id: FieldId| id.field().map_or(id.as_str(), |field| field.label);
        let fields: Vec<_> = fields
            .into_iter()
            .map(|id| FieldError {
                pointer: format!("/answers/{id}"),
                code: "changed_elsewhere".to_owned(),
                message: format!("{} was changed elsewhere too.", name(id)),
                step: id.field().map(|field| field.step.to_string()),
            })
            .collect();
        let detail = format!("The answers are now at revision {}.", current.revision);
        Self {
            fields,
            current: Some(Box::new(current)),
            base: base.map(Box::new),
            ..Self::with_detail(ErrorCode::RevisionConflict, detail)
        }
    }

    /// `version_conflict`: the answers behind the manifest have changed since the ones this edit is based on.
    pub fn source_conflict(current: ContextSource) -> Self {
        let detail = format!("The answers behind version {} have changed.", current.version);
        Self {
            current_source: Some(Box::new(current)),
            ..Self::with_detail(ErrorCode::VersionConflict, detail)
        }
    }

    /// The problem document of this error.
    pub fn problem(&self, request_id: &str) -> Problem {
        Problem {
            kind: format!("urn:gatehouse:error:{}", self.code.as_str()),
            title: self.code.title().to_owned(),
            status: self.code.status(),
            code: self.code,
            detail: self.detail.clone(),
            fix: self.code.fix().to_owned(),
            request_id: request_id.to_owned(),
            errors: self.fields.clone(),
            current: self.current.as_deref().cloned(),
            base: self.base.as_deref().cloned(),
            current_source: self.current_source.as_deref().cloned(),
        }
    }
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

/// The body of every refusal, `application/problem+json` (RFC 9457) with our members added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// A URN that names the error; it ends with the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The sentence that is the same for every occurrence.
    pub title: String,
    /// The HTTP status, repeated.
    pub status: u16,
    /// The stable code to branch on.
    pub code: ErrorCode,
    /// The sentence about this occurrence.
    pub detail: String,
    /// What to do about it.
    pub fix: String,
    /// The id under which the log has this request.
    pub request_id: String,
    /// What is wrong field by field; absent when no field is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The other copy of the answers; with `revision_conflict` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<SessionCopy>,
    /// The answers that the refused save was made on, of the step that it named; with `revision_conflict` alone, where
    /// the save said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<std::collections::BTreeMap<String, crate::onboarding::Answer>>")
    )]
    pub base: Option<Answers>,
    /// What the manifest is made from by now; with an edit's `version_conflict` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_source: Option<ContextSource>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_every_status_is_an_error() {
        let mut codes: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        codes.sort_unstable();
        let all = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), all);
        for &code in ErrorCode::ALL {
            assert!((400..=599).contains(&code.status()), "{}", code.as_str());
            assert_eq!(ErrorCode::parse(code.as_str()), Some(code));
            assert!(
                code.title().ends_with('.') && code.fix().ends_with('.'),
                "{} speaks in sentences",
                code.as_str()
            );
        }
    }

    #[test]
    fn a_problem_carries_code_status_and_request_id() {
        let problem = Error::new(ErrorCode::WorkspaceHeaderMissing).problem("req-1");
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["code"], "workspace_header_missing");
        assert_eq!(json["status"], 400);
        assert_eq!(json["request_id"], "req-1");
        assert!(json.get("errors").is_none());
    }
}
