//! `POST /onboarding/finalize`

use gatehouse_core::api::Finalized;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::Session;
use gatehouse_core::vocabulary::SessionState;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::entry::{Call, Member, OptionalJsonBody, UnverifiedMember};
use crate::http::Reply;
use crate::manifest_store::{self, Fence, FenceSnapshot, PreparedSource, SessionChange, Stored};
use crate::onboarding_store;
use crate::scope::Scope;

/// How often finalizing starts again because answers were saved, or restored in Redis, while others were being stored.
const ROUNDS: usize = 3;

/// The body; without answers those of the onboarding session are taken.
#[derive(Default, Deserialize)]
pub struct FinalizeBody {
    answers: Option<Map<String, Value>>,
}

/// Turns the answers into the workspace's manifest. Safe to repeat: equal content makes no new version.
///
/// 1. The body's answers, if it has any, are checked before any call: 422.
/// 2. Raise the fence, and read the onboarding session; without a fence nothing is written: 503. Too often: 429.
/// 3. Without answers in the body, the session's are checked: 404 without one, 422, 403.
/// 4. One function checks membership, role, plan and seat and stores everything in one transaction: 404, 403, 503. It
///    refuses answers of a session that is older than its snapshot: then Redis gets the snapshot, and it goes on at 2.
/// 5. Publish, mark the session submitted and lower the fence. When Redis is unavailable by now, the write stands and
///    `Degraded` says so. Answers that were saved since 2 are taken by going on there.
/// 6. 201 for a new version, else 200.
pub async fn finalize(
    scope: &Scope,
    call: Call<'_, UnverifiedMember, (), OptionalJsonBody<FinalizeBody>>,
) -> Result<Reply, Error> {
    // 1.
    let OptionalJsonBody(FinalizeBody { answers }) = &call.body;
    if let Some(answers) = answers {
        let source = PreparedSource::from_answers(answers)?;
        let (fence, snapshot, member) = manifest_store::raise_fence(scope, &call.caller).await?;
        let submission = Submission { source, revision: None };
        let revision_at_fence = snapshot.session.map(|session| session.revision);
        let submitted = store_and_publish(scope, member, fence, submission, revision_at_fence).await;
        return submitted.map(Submitted::reply);
    }
    let (mut stored, mut refused) = (None::<Submitted>, None);
    for _ in 0..ROUNDS {
        match submit_session(scope, &call.caller).await {
            Ok(Some(mut submitted)) => {
                submitted.finalized.created |= stored.is_some_and(|before| before.finalized.created);
                let is_done = !submitted.saved_since;
                stored = Some(submitted);
                if is_done {
                    break;
                }
            }
            Ok(None) => {}
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    // What an earlier round has stored stands.
    stored
        .map(Submitted::reply)
        .ok_or_else(|| refused.unwrap_or_else(|| ErrorCode::DependencyUnavailable.into()))
}

/// What was stored, and whether answers were saved meanwhile.
struct Submitted {
    finalized: Finalized,
    degraded: Option<&'static str>,
    saved_since: bool,
}

impl Submitted {
    fn reply(self) -> Reply {
        let status = if self.finalized.created { 201 } else { 200 };
        Reply::json(status, &self.finalized).degraded(self.degraded)
    }
}

/// Answers that are ready to be stored, and the revision of the session that they are from, where they are from one.
struct Submission {
    source: PreparedSource,
    revision: Option<u32>,
}

/// Steps 2 to 5 with the answers of the session. `None` when they were older than the snapshot, which Redis has now.
async fn submit_session(scope: &Scope, member: &UnverifiedMember) -> Result<Option<Submitted>, Error> {
    // 2.
    let (fence, snapshot, member) = manifest_store::raise_fence(scope, member).await?;
    let revision_at_fence = snapshot.session.as_ref().map(|session| session.revision);
    // 3.
    let submission = match submission_from_session(scope, member, snapshot).await {
        Ok(submission) => submission,
        Err(error) => {
            fence.lower_without_publish(scope);
            return Err(error);
        }
    };
    match store_and_publish(scope, member, fence, submission, revision_at_fence).await {
        Err(error) if error.code == ErrorCode::RevisionConflict => {
            onboarding_store::restore(scope, member).await.map(|()| None)
        }
        result => result.map(Some),
    }
}

/// Steps 4 and 5. `revision_at_fence` is that of the session in Redis when the fence was raised.
async fn store_and_publish(
    scope: &Scope,
    member: &Member,
    fence: Fence,
    submission: Submission,
    revision_at_fence: Option<u32>,
) -> Result<Submitted, Error> {
    let Submission { source: PreparedSource { answers, context, reduced }, revision } = submission;
    // 4.
    let arguments = json!({
        "p_workspace_id": member.workspace_id, "p_answers": answers, "p_business_context": context,
        "p_content": reduced.canonical, "p_checksum": reduced.checksum,
        "p_token_estimate": reduced.meta.token_estimate, "p_meta": reduced.meta,
        "p_request_id": scope.request_id, "p_revision": revision,
    });
    let operation = "rpc/finalize_onboarding";
    let (stored, fence): (Stored, _) =
        manifest_store::store(scope, member, fence, operation, &arguments).await?;
    // 5.
    let created = stored.created;
    let manifest = stored.version.manifest(reduced.content);
    // A session that Redis did not have, and that a reader has restored since, is the one that was submitted.
    let revision_at_fence = revision_at_fence.or(revision);
    let change = stored.session_revision.map(|revision| SessionChange::Submitted {
        revision_at_fence,
        revision,
        answers: &answers,
    });
    let published = fence.publish(scope, &manifest, change).await;
    Ok(Submitted {
        finalized: Finalized { created, manifest },
        degraded: published.is_none().then_some("redis"),
        saved_since: published.is_some_and(|published| published.saved_since),
    })
}

/// The answers of the session, or of its snapshot where Redis has lost it. Only members learn what is wrong with them, and
/// only where Postgres has no newer ones: before they are refused, Postgres is asked.
async fn submission_from_session(
    scope: &Scope,
    member: &Member,
    snapshot: FenceSnapshot,
) -> Result<Submission, Error> {
    let mut refused = None;
    if let Some(session) = snapshot.session {
        if let Some(membership) = &snapshot.membership {
            membership.require_editor()?;
        }
        match submission_of(&session) {
            Ok(submission) => return Ok(submission),
            Err(error) => refused = Some((session.revision, error)),
        }
    }
    let durable = onboarding_store::read_durable(scope, member).await?;
    durable.membership.require_editor()?;
    match refused {
        Some((revision, error))
            if durable.session.revision <= revision && durable.session.state == SessionState::Draft =>
        {
            Err(error)
        }
        _ => submission_of(&durable.session),
    }
}

fn submission_of(session: &Session) -> Result<Submission, Error> {
    match json!(session.answers) {
        Value::Object(answers) if session.revision > 0 => Ok(Submission {
            source: PreparedSource::from_answers(&answers)?,
            revision: Some(session.revision),
        }),
        _ => Err(ErrorCode::SessionNotFound.into()),
    }
}
