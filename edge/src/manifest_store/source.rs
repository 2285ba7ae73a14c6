//! What a manifest is made from: answers that somebody brings, or what the current version has behind it.

use gatehouse_core::api::ContextSource;
use gatehouse_core::context::{BusinessContext, ReducedManifest, SourceTag, reduce};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::{Answers, build_context, valid_answers, validate_answers};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::app::Scope;
use crate::clients::postgrest::{self, Failure};
use crate::onboarding_store::Membership;
use crate::platform;
use crate::session::SignedIn;

/// Checked answers with everything that is made of them.
pub struct Made {
    /// As they were normalised.
    pub answers: Answers,
    /// The business context.
    pub context: Value,
    /// The manifest's content.
    pub reduced: ReducedManifest,
}

impl Made {
    /// Checks the answers as an onboarding does, builds and reduces.
    ///
    /// # Errors
    /// `answers_invalid` with every problem, `manifest_too_large` when the guardrails alone exceed the budget.
    pub fn of(answers: &Map<String, Value>) -> Result<Self, Error> {
        let answers = validate_answers(answers).map_err(Error::answers_invalid)?;
        let context = build_context(&answers, "", platform::now());
        let reduced = with_missing(reduce(&context)?, &answers);
        Ok(Self { answers, context: json!(context), reduced })
    }
}

/// `private.source_of()` of the database.
#[derive(Deserialize)]
pub struct Source {
    version: u32,
    edits: u32,
    /// Checksum of the current version's content.
    pub checksum: String,
    /// Field id → answer, as they were stored.
    pub answers: Map<String, Value>,
    /// The document.
    pub business_context: Value,
}

impl Source {
    /// Which state of it this is.
    pub const fn tag(&self) -> SourceTag {
        SourceTag { version: self.version, edits: self.edits }
    }

    /// What its editors read.
    pub fn view(&self) -> ContextSource {
        ContextSource { version: self.version, edits: self.edits, answers: valid_answers(&self.answers) }
    }

    /// Reduces the business context again.
    ///
    /// # Errors
    /// `manifest_too_large`, `internal` when what is stored is no business context.
    pub fn reduce_again(&self, scope: &Scope) -> Result<ReducedManifest, Error> {
        let context = BusinessContext::deserialize(&self.business_context).map_err(|error| {
            scope.note_cause(format!("the stored business context cannot be read: {error}"));
            Error::new(ErrorCode::Internal)
        })?;
        Ok(with_missing(reduce(&context)?, &valid_answers(&self.answers)))
    }
}

fn with_missing(mut reduced: ReducedManifest, answers: &Answers) -> ReducedManifest {
    reduced.meta.missing = answers.missing().iter().map(|id| id.as_str().to_owned()).collect();
    reduced
}

/// Reads the source of the current version with the person's own token.
///
/// # Errors
/// `workspace_not_found` for outsiders, `manifest_not_found` before the first onboarding, `dependency_unavailable`.
pub async fn read_source(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
) -> Result<(Membership, Source), Error> {
    #[derive(Deserialize)]
    struct FromPostgres {
        membership: Membership,
        source: Option<Source>,
    }
    let arguments = json!({"p_workspace_id": workspace_id});
    let answer: FromPostgres =
        postgrest::rpc(scope, person, "rpc/read_source", &arguments).await.map_err(Failure::into_error)?;
    Ok((answer.membership, answer.source.ok_or(ErrorCode::ManifestNotFound)?))
}
