//! `PATCH /onboarding/steps/{step}`

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::{StepId, merge_step, requested_changes, validate_step_draft};
use gatehouse_core::route::{Params, Route};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::session::{answer, revision};
use crate::app::Scope;
use crate::http::{Reply, Request};
use crate::onboarding_store::{self, Edit, Outcome};
use crate::routes::workspace;
use crate::session;

/// How often a save whose own fields keep changing under it is merged before the person is asked.
const MERGES: usize = 3;

#[derive(Deserialize)]
struct Body {
    base: Option<Map<String, Value>>,
    answers: Map<String, Value>,
}

/// Saves answers of one step.
///
/// 1. The session: 401; the workspace header: 400; the step: 404; the revision: 428; the body: 413, 400.
/// 2. The answers that are there, and those they were based on, all problems at once: 422.
/// 3. Write, at the revision that it names or where the fields are still as they were based on: 404, 403, 409 when
///    submitted, 503.
/// 4. Otherwise merge field by field and write on top of it: 412 with the other copy when both changed the same field.
/// 5. 200.
pub async fn save(
    scope: &Scope,
    request: &Request<'_>,
    route: &Route,
    params: &Params,
) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    let step = StepId::parse(params.get("step")).ok_or(ErrorCode::StepNotFound)?;
    let mut expected = revision(request)?.ok_or(ErrorCode::RevisionMissing)?;
    let body: Body = request.json(route.max_body).await?;
    // 2.
    let answers = validate_step_draft(step, &body.answers).map_err(Error::answers_invalid)?;
    let base = body.base.map(|base| validate_step_draft(step, &base)).transpose().map_err(base_errors)?;
    let changes = requested_changes(&body.answers, &answers);
    // 3.
    let mut edit = match &base {
        Some(base) => Edit::Merge(changes.clone(), base.clone()),
        None => Edit::Change(changes.clone()),
    };
    let mut outcome = onboarding_store::apply(scope, &person, &workspace_id, &edit, Some(expected)).await?;
    // 4.
    for _ in 0..MERGES {
        let Outcome::Stale(held) = &outcome else { break };
        let merged = merge_step(&held.session.answers, base.as_ref(), &changes)
            .map_err(|fields| Error::revision_conflict(held.session.copy(), base.clone(), fields))?;
        expected = held.session.revision;
        edit = if merged.is_empty() { Edit::Read } else { Edit::Merge(merged, held.session.answers.clone()) };
        outcome = onboarding_store::apply(scope, &person, &workspace_id, &edit, Some(expected)).await?;
    }
    // 5.
    answer(outcome)
}

/// Problems of the base stand below `/base`, not below `/answers`.
fn base_errors(mut fields: Vec<gatehouse_core::error::FieldError>) -> Error {
    for field in &mut fields {
        field.pointer = field.pointer.replacen("/answers/", "/base/", 1);
    }
    Error::answers_invalid(fields)
}
