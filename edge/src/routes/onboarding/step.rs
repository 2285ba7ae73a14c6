//! `PATCH /onboarding/steps/{step}`

use gatehouse_core::error::{Error, ErrorCode, FieldError};
use gatehouse_core::onboarding::{StepId, merge_step, requested_changes, validate_step_draft};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::session::{reply, revision};
use crate::entry::{Call, JsonBody, UnverifiedMember};
use crate::http::Reply;
use crate::onboarding_store::{self, Edit, Outcome};
use crate::scope::Scope;

/// How often a save whose own fields keep changing is merged before the person is asked.
const MERGES: usize = 3;

/// The body of a save.
#[derive(Deserialize)]
pub struct StepBody {
    base: Option<Map<String, Value>>,
    answers: Map<String, Value>,
}

/// Saves answers of one step.
///
/// 1. The step: 404; the revision: 428.
/// 2. The answers that are there, and those they were based on, all problems at once: 422.
/// 3. Write, at the revision that it names or where the fields are still as they were based on: 404, 403, 409 when
///    submitted, 503.
/// 4. Otherwise merge field by field and write on top of it: 412 with the other copy when both changed the same field.
/// 5. 200.
pub async fn save(
    scope: &Scope,
    call: Call<'_, UnverifiedMember, (), JsonBody<StepBody>>,
) -> Result<Reply, Error> {
    // 1.
    let step = StepId::parse(call.param("step")).ok_or(ErrorCode::StepNotFound)?;
    let mut expected = revision(call.if_match())?.ok_or(ErrorCode::RevisionMissing)?;
    // 2.
    let JsonBody(StepBody { base, answers: sent }) = &call.body;
    let answers = validate_step_draft(step, sent).map_err(Error::answers_invalid)?;
    let base = base.as_ref().map(|base| validate_step_draft(step, base)).transpose().map_err(base_errors)?;
    let changes = requested_changes(sent, &answers);
    // 3.
    let mut edit = match &base {
        Some(base) => Edit::Merge(changes.clone(), base.clone()),
        None => Edit::Change(changes.clone()),
    };
    let mut outcome = onboarding_store::apply(scope, &call.caller, &edit, Some(expected)).await?;
    // 4.
    for _ in 0..MERGES {
        let Outcome::Stale(stored) = &outcome else { break };
        let session = &stored.session;
        let merged = merge_step(&session.answers, base.as_ref(), &changes)
            .map_err(|fields| Error::revision_conflict(session.copy(), base.clone(), fields))?;
        expected = session.revision;
        edit = if merged.is_empty() { Edit::Read } else { Edit::Merge(merged, session.answers.clone()) };
        outcome = onboarding_store::apply(scope, &call.caller, &edit, Some(expected)).await?;
    }
    // 5.
    reply(outcome)
}

/// Problems of the base stand below `/base`, not below `/answers`.
fn base_errors(mut fields: Vec<FieldError>) -> Error {
    for field in &mut fields {
        field.pointer = field.pointer.replacen("/answers/", "/base/", 1);
    }
    Error::answers_invalid(fields)
}
