//! `GET`, `PUT` and `DELETE /onboarding/session`

use gatehouse_core::api::OnboardingSession;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::{Answers, validate_draft};
use gatehouse_core::time;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::entry::{Call, JsonBody, UnverifiedMember};
use crate::http::Reply;
use crate::onboarding_store::{self, Edit, Outcome, StoredSession};
use crate::platform;
use crate::scope::Scope;

/// Revisions end here, so that the database's integer holds the next one too.
const LAST_REVISION: u32 = 2_000_000_000;

/// The body of a replacement.
#[derive(Deserialize)]
pub struct ReplaceBody {
    answers: Map<String, Value>,
}

/// The session.
///
/// 1. Membership and session in one call to Redis, else the snapshot: 404, 503.
/// 2. 200; a workspace that has saved nothing yet has revision 0 and no answers.
pub async fn read(scope: &Scope, call: Call<'_, UnverifiedMember>) -> Result<Reply, Error> {
    // 1.
    let outcome = onboarding_store::apply(scope, &call.caller, &Edit::Read, None).await?;
    // 2.
    reply(outcome)
}

/// Replaces all answers.
///
/// 1. The revision: 428.
/// 2. The answers that are there, all problems at once: 422.
/// 3. Compare the revision and write: 404, 403, 409 when submitted, 412 with the other copy, 503.
/// 4. 200.
pub async fn replace(
    scope: &Scope,
    call: Call<'_, UnverifiedMember, (), JsonBody<ReplaceBody>>,
) -> Result<Reply, Error> {
    // 1.
    let expected = revision(call.if_match())?.ok_or(ErrorCode::RevisionMissing)?;
    // 2.
    let JsonBody(ReplaceBody { answers }) = &call.body;
    let edit = Edit::Replace(validate_draft(answers).map_err(Error::answers_invalid)?);
    // 3.
    let outcome = onboarding_store::apply(scope, &call.caller, &edit, Some(expected)).await?;
    // 4.
    reply(outcome)
}

/// Removes all answers: the same as replacing them with none, whatever the revision unless one is named.
///
/// 1. The revision, if any: 428.
/// 2. Write: 404, 403, 409 when submitted, 412 with the other copy, 503.
/// 3. 200 with the empty session.
pub async fn reset(scope: &Scope, call: Call<'_, UnverifiedMember>) -> Result<Reply, Error> {
    // 1.
    let expected = revision(call.if_match())?;
    // 2.
    let edit = Edit::Replace(Answers::default());
    let outcome = onboarding_store::apply(scope, &call.caller, &edit, expected).await?;
    // 3.
    reply(outcome)
}

/// The revision that `If-Match` names.
///
/// # Errors
/// `revision_missing` when the header is there and is no revision in quotes.
pub fn revision(if_match: Option<String>) -> Result<Option<u32>, Error> {
    let Some(header) = if_match else { return Ok(None) };
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
pub fn reply(outcome: Outcome) -> Result<Reply, Error> {
    match outcome {
        Outcome::Done(StoredSession { session, ttl_ms, degraded }) => {
            let expires_at = ttl_ms.map(|ms| time::format(time::plus_ms(platform::now(), ms)));
            let etag = format!("\"{}\"", session.revision);
            let session = OnboardingSession::new(session, expires_at);
            Ok(Reply::json(200, &session).with("etag", etag).degraded(degraded))
        }
        Outcome::Stale(stored) => Err(Error::revision_conflict(stored.session.copy(), None, Vec::new())),
    }
}
