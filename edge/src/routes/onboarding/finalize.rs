//! `POST /onboarding/finalize`

use gatehouse_core::api::Finalized;
use gatehouse_core::context::Reduced;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::Answers;
use gatehouse_core::route::Route;
use serde_json::{Map, Value, json};

use crate::app::Scope;
use crate::http::{Reply, Request};
use crate::manifest_store::{self, Made, Seen, SessionNow, Stored};
use crate::routes::workspace;
use crate::session::SignedIn;
use crate::{onboarding_store, session};

/// Turns the answers into the workspace's manifest. Safe to repeat: equal content makes no new version.
///
/// 1. The session: 401; the workspace header: 400; the body: 413, 400.
/// 2. The body's answers, if it has any, are checked before any call: 422.
/// 3. Raise the fence, and see the onboarding session; no fence, no write: 503. Too often: 429.
/// 4. Without answers in the body, the session's are checked: 404 without one, 422, 403.
/// 5. One function checks membership and role and stores everything in one transaction: 404, 403, 503.
/// 6. Publish, mark the session submitted and lower the fence. With Redis away now, the write stands and
///    `Degraded` says so.
/// 7. 201 for a new version, else 200.
pub async fn finalize(scope: &Scope, request: &Request<'_>, route: &Route) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    let given = given(&request.body(route.max_body).await?)?;
    // 2.
    let prepared = given.map(|answers| Made::of(&answers)).transpose()?;
    // 3.
    let (fence, seen) = manifest_store::raise_fence(scope, &person, &workspace_id, route).await?;
    let revision = seen.session.as_ref().map(|session| session.revision);
    // 4.
    let prepared = match prepared {
        Some(prepared) => Ok(prepared),
        None => from_session(scope, &person, &workspace_id, seen).await,
    };
    let Made { answers, context, reduced } = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            fence.give_up(scope);
            return Err(error);
        }
    };
    // 5.
    let arguments = arguments(scope, &workspace_id, &answers, &context, &reduced);
    let operation = "rpc/finalize_onboarding";
    let (stored, fence): (Stored, _) =
        manifest_store::store(scope, &person, fence, operation, &arguments).await?;
    // 6.
    let created = stored.created;
    let manifest = stored.version.manifest(reduced.content);
    let submitted = Some(SessionNow::Submitted { revision, answers: &answers });
    let published = fence.publish(scope, &manifest, submitted).await;
    // 7.
    let status = if created { 201 } else { 200 };
    let reply = Reply::json(status, &Finalized { created, manifest });
    Ok(reply.degraded((!published).then_some("redis")))
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
    Error::with_detail(ErrorCode::BodyInvalid, "The body is neither empty nor an object with `answers`.")
}

/// The answers of the session, of the snapshot where Redis has lost it. What is wrong with them is told to members
/// only: where Redis does not know the caller, Postgres is asked before anything is said.
async fn from_session(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    seen: Seen,
) -> Result<Made, Error> {
    let (member, session) = match (seen.member, seen.session) {
        (member, Some(session)) => (member, session),
        (_, None) => {
            let durable = onboarding_store::read_durable(scope, person, workspace_id).await?;
            (Some(durable.member), durable.session)
        }
    };
    if let Some(member) = &member {
        member.require_editor()?;
    }
    let prepared = match json!(session.answers) {
        Value::Object(answers) if session.revision > 0 => Made::of(&answers),
        _ => Err(ErrorCode::SessionNotFound.into()),
    };
    if prepared.is_err() && member.is_none() {
        onboarding_store::read_durable(scope, person, workspace_id).await?.member.require_editor()?;
    }
    prepared
}

fn arguments(
    scope: &Scope,
    workspace_id: &str,
    answers: &Answers,
    context: &Value,
    reduced: &Reduced,
) -> Value {
    json!({
        "p_workspace_id": workspace_id, "p_answers": answers, "p_business_context": context,
        "p_content": reduced.canonical, "p_checksum": reduced.checksum,
        "p_token_estimate": reduced.meta.token_estimate, "p_meta": reduced.meta, "p_request_id": scope.request_id,
    })
}
