//! `POST /onboarding/finalize`

use gatehouse_core::api::Finalized;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::Session;
use gatehouse_core::route::Route;
use gatehouse_core::vocabulary::SessionState;
use serde_json::{Map, Value, json};

use crate::app::Scope;
use crate::http::{Reply, Request};
use crate::manifest_store::{self, Made, Seen, SessionNow, Stored};
use crate::routes::workspace;
use crate::session::SignedIn;
use crate::{onboarding_store, session};

/// How often answers are taken anew that were saved, or made known, while others were being stored.
const ROUNDS: usize = 3;

/// Turns the answers into the workspace's manifest. Safe to repeat: equal content makes no new version.
///
/// 1. The session: 401; the workspace header: 400; the body: 413, 400.
/// 2. The body's answers, if it has any, are checked before any call: 422.
/// 3. Raise the fence, and see the onboarding session; no fence, no write: 503. Too often: 429.
/// 4. Without answers in the body, the session's are checked: 404 without one, 422, 403.
/// 5. One function checks membership and role and stores everything in one transaction: 404, 403, 503. It refuses
///    answers of a session that Redis alone believes to be the newest: then Redis is told, and it goes on at 3.
/// 6. Publish, mark the session submitted and lower the fence. With Redis away now, the write stands and
///    `Degraded` says so. Answers that were saved since 3 are taken by going on there.
/// 7. 201 for a new version, else 200.
pub async fn finalize(scope: &Scope, request: &Request<'_>, route: &Route) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    let given = given(&request.body(route.max_body).await?)?;
    // 2.
    let prepared = given.map(|answers| Made::of(&answers)).transpose()?;
    if prepared.is_some() {
        return submit(scope, &person, &workspace_id, route, prepared).await.map(Submitted::reply);
    }
    let (mut told, mut refused) = (None::<Submitted>, None);
    for _ in 0..ROUNDS {
        match submit(scope, &person, &workspace_id, route, None).await {
            Ok(mut submitted) => {
                submitted.made.created |= told.is_some_and(|before| before.made.created);
                let done = !submitted.saved_since;
                told = Some(submitted);
                if done {
                    break;
                }
            }
            Err(error) if error.code == ErrorCode::RevisionConflict => {
                refused = onboarding_store::restore(scope, &person, &workspace_id).await.err();
            }
            Err(error) => refused = Some(error),
        }
        if refused.is_some() {
            break;
        }
    }
    // What an earlier round has stored stands.
    told.map(Submitted::reply)
        .ok_or_else(|| refused.unwrap_or_else(|| ErrorCode::DependencyUnavailable.into()))
}

/// What was stored, and whether answers were saved while it was.
struct Submitted {
    made: Finalized,
    degraded: Option<&'static str>,
    saved_since: bool,
}

impl Submitted {
    fn reply(self) -> Reply {
        let status = if self.made.created { 201 } else { 200 };
        Reply::json(status, &self.made).degraded(self.degraded)
    }
}

/// Steps 3 to 7.
async fn submit(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    route: &Route,
    prepared: Option<Made>,
) -> Result<Submitted, Error> {
    // 3.
    let (fence, seen) = manifest_store::raise_fence(scope, person, workspace_id, route).await?;
    let seen_revision = seen.session.as_ref().map(|session| session.revision);
    // 4.
    let prepared = match prepared {
        Some(prepared) => Ok((prepared, None)),
        None => from_session(scope, person, workspace_id, seen).await,
    };
    let (Made { answers, context, reduced }, of) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            fence.give_up(scope);
            return Err(error);
        }
    };
    // 5.
    let arguments = json!({
        "p_workspace_id": workspace_id, "p_answers": answers, "p_business_context": context,
        "p_content": reduced.canonical, "p_checksum": reduced.checksum,
        "p_token_estimate": reduced.meta.token_estimate, "p_meta": reduced.meta, "p_request_id": scope.request_id,
        "p_revision": of,
    });
    let operation = "rpc/finalize_onboarding";
    let (stored, fence): (Stored, _) =
        manifest_store::store(scope, person, fence, operation, &arguments).await?;
    // 6.
    let created = stored.created;
    let manifest = stored.version.manifest(reduced.content);
    // A session that Redis did not have, and that a reader has restored since, is the one that was submitted.
    let seen = seen_revision.or(of);
    let submitted =
        stored.session_revision.map(|revision| SessionNow::Submitted { seen, revision, answers: &answers });
    let published = fence.publish(scope, &manifest, submitted).await;
    // 7.
    Ok(Submitted {
        made: Finalized { created, manifest },
        degraded: published.is_none().then_some("redis"),
        saved_since: published.is_some_and(|published| published.saved_since),
    })
}

/// The answers in the body; none in an empty body and in an object without them.
fn given(body: &[u8]) -> Result<Option<Map<String, Value>>, Error> {
    if body.is_empty() {
        return Ok(None);
    }
    let mut body: Map<String, Value> = serde_json::from_slice(body).map_err(unreadable)?;
    body.remove("answers").map(serde_json::from_value).transpose().map_err(unreadable).map(Option::flatten)
}

fn unreadable(_: serde_json::Error) -> Error {
    Error::with_detail(ErrorCode::BodyInvalid, "The body must be empty or an object with `answers`.")
}

/// The answers of the session, of the snapshot where Redis has lost it, and their revision. What is wrong with them is
/// told to members only, and only where Postgres has none that are newer: where they are to be refused, it is asked.
async fn from_session(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    seen: Seen,
) -> Result<(Made, Option<u32>), Error> {
    let mut refused = None;
    if let Some(session) = seen.session {
        if let Some(member) = &seen.member {
            member.require_editor()?;
        }
        match of(&session) {
            Ok(made) => return Ok(made),
            Err(error) => refused = Some((session.revision, error)),
        }
    }
    let durable = onboarding_store::read_durable(scope, person, workspace_id).await?;
    durable.member.require_editor()?;
    match refused {
        Some((revision, error))
            if durable.session.revision <= revision && durable.session.state == SessionState::Draft =>
        {
            Err(error)
        }
        _ => of(&durable.session),
    }
}

fn of(session: &Session) -> Result<(Made, Option<u32>), Error> {
    match json!(session.answers) {
        Value::Object(answers) if session.revision > 0 => Ok((Made::of(&answers)?, Some(session.revision))),
        _ => Err(ErrorCode::SessionNotFound.into()),
    }
}
