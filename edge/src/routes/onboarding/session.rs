//! `GET`, `PUT` and `DELETE /onboarding/session`

use gatehouse_core::api::OnboardingSession;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::{Answers, validate_draft};
use gatehouse_core::route::Route;
use gatehouse_core::time;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::app::Scope;
use crate::http::{Reply, Request};
use crate::onboarding_store::{self, Edit, Held, Outcome};
use crate::routes::workspace;
use crate::{platform, session};

/// Revisions end here, so that the database's integer holds the next one too.
const LAST_REVISION: u32 = 2_000_000_000;

#[derive(Deserialize)]
struct Body {
    answers: Map<String, Value>,
}

/// The session.
///
/// 1. The session: 401; the workspace header: 400.
/// 2. Membership and session in one look at Redis, else the snapshot: 404, 503.
/// 3. 200; a workspace that saved nothing yet has revision 0 and no answers.
pub async fn read(scope: &Scope, request: &Request<'_>) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    // 2.
    let outcome = onboarding_store::apply(scope, &person, &workspace_id, &Edit::Read, None).await?;
    // 3.
    answer(outcome)
}

/// Replaces all answers.
///
/// 1. The session: 401; the workspace header: 400; the revision: 428; the body: 413, 400.
/// 2. The answers that are there, all problems at once: 422.
/// 3. Compare the revision and write: 404, 403, 409 when submitted, 412 with the other copy, 503.
/// 4. 200.
pub async fn replace(scope: &Scope, request: &Request<'_>, route: &Route) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    let expected = revision(request)?.ok_or(ErrorCode::RevisionMissing)?;
    let body: Body = request.json(route.max_body).await?;
    // 2.
    let edit = Edit::Replace(validate_draft(&body.answers).map_err(Error::answers_invalid)?);
    // 3.
    let outcome = onboarding_store::apply(scope, &person, &workspace_id, &edit, Some(expected)).await?;
    // 4.
    answer(outcome)
}

/// Starts anew: the same as replacing the answers with none, whatever the revision unless one is named.
///
/// 1. The session: 401; the workspace header: 400; the revision, if any: 428.
/// 2. Write: 404, 403, 409 when submitted, 412 with the other copy, 503.
/// 3. 200 with the empty session.
pub async fn reset(scope: &Scope, request: &Request<'_>) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    let expected = revision(request)?;
    // 2.
    let edit = Edit::Replace(Answers::default());
    let outcome = onboarding_store::apply(scope, &person, &workspace_id, &edit, expected).await?;
    // 3.
    answer(outcome)
}

/// The revision that `If-Match` names.
///
/// # Errors
/// `revision_missing` when the header is there and is no revision in quotes.
pub fn revision(request: &Request<'_>) -> Result<Option<u32>, Error> {
    let Some(header) = request.header("if-match") else { return Ok(None) };
    let tag = header.trim();
    let digits =
        tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    let revision = digits.and_then(|digits| digits.parse().ok()).filter(|revision| *revision < LAST_REVISION);
    revision.map(Some).ok_or_else(|| {
        Error::with_detail(
            ErrorCode::RevisionMissing,
            "If-Match must be one revision in quotes, such as \"3\".",
        )
    })
}

/// 200 with the session and its revision as ETag, or the conflict.
pub fn answer(outcome: Outcome) -> Result<Reply, Error> {
    match outcome {
        Outcome::Done(Held { session, ttl_ms, degraded }) => {
            let expires_at = ttl_ms.map(|ms| time::format(time::plus_ms(platform::now(), ms)));
            let etag = format!("\"{}\"", session.revision);
            let session = OnboardingSession::new(session, expires_at);
            Ok(Reply::json(200, &session).with("etag", etag).degraded(degraded))
        }
        Outcome::Stale(held) => Err(Error::revision_conflict(held.session.copy(), None, Vec::new())),
    }
}
