//! What a manifest is made from: answers that a person submits, or the stored source of the current version.

use gatehouse_core::api::ContextSource;
use gatehouse_core::context::{BusinessContext, ReducedManifest, SourceTag, reduce};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::{Answers, build_context, valid_answers, validate_answers};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::clients::postgrest;
use crate::entry::{Member, UnverifiedMember};
use crate::onboarding_store::Membership;
use crate::platform;
use crate::scope::Scope;

/// The source of a new version: checked answers with everything that is computed from them.
pub struct PreparedSource {
    /// The normalised answers.
    pub answers: Answers,
    /// The business context.
    pub context: Value,
    /// The manifest's content.
    pub reduced: ReducedManifest,
}

impl PreparedSource {
    /// Checks the answers as an onboarding does, builds and reduces.
    ///
    /// # Errors
    /// `answers_invalid` with every problem, `manifest_too_large` when the guardrails alone exceed the budget.
    pub fn from_answers(answers: &Map<String, Value>) -> Result<Self, Error> {
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

/// Reads the source of the current version with the person's own token, as the route's first call.
///
/// # Errors
/// As [`read_source`].
pub async fn read_first_source(scope: &Scope, member: &UnverifiedMember) -> Result<Source, Error> {
    read_source(scope, member.checked_in_sql()?).await.map(|(_, source)| source)
}

/// Reads the source of the current version with the person's own token.
///
/// # Errors
/// `workspace_not_found` for outsiders, `manifest_not_found` before the first onboarding, `dependency_unavailable`.
pub async fn read_source(scope: &Scope, member: &Member) -> Result<(Membership, Source), Error> {
    #[derive(Deserialize)]
    struct FromPostgres {
        membership: Membership,
        source: Option<Source>,
    }
    let arguments = json!({"p_workspace_id": member.workspace_id});
    let answer: FromPostgres = postgrest::rpc(scope, &member.person, "rpc/read_source", &arguments).await?;
    Ok((answer.membership, answer.source.ok_or(ErrorCode::ManifestNotFound)?))
}
