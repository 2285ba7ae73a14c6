//! `POST /context/rebuild`

use gatehouse_core::api::RebuildRequest;
use gatehouse_core::error::Error;
use gatehouse_core::route::Route;
use serde_json::json;

use crate::app::Scope;
use crate::http::{Reply, Request, object};
use crate::idempotency;
use crate::manifest_store::{self, Fence, Raised, Source, Stored};
use crate::routes::workspace;
use crate::session::{self, SignedIn};

/// Reduces the stored business context again. Whoever presses it stands behind the content, new or not.
///
/// 1. The session: 401; the workspace header and the idempotency key: 400; the body, if any: 413, 400.
/// 2. Raise the fence and claim the key; a repeat gets the first answer: 409 while that is at work, 422 for another
///    body. No fence, no write: 503. Too often: 429.
/// 3. Read the source with the person's own token: 404, 403, 503. Reduce it: 422.
/// 4. One function checks membership, role and the hour since the last time and stores the version: 429, 412, 503.
/// 5. Publish and lower the fence; 201 for a new version, else 200.
pub async fn rebuild(scope: &Scope, request: &Request<'_>, route: &Route) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    let key = idempotency::key_of(request)?;
    let body = request.body(route.max_body).await?;
    let asked = if body.is_empty() { RebuildRequest::default() } else { object(&body)? };
    // 2.
    let meaning = json!([workspace_id, asked.force]).to_string();
    let once = (key.as_str(), meaning.as_str());
    let raised = manifest_store::raise_fence_once(scope, &person, &workspace_id, route, once).await?;
    let (fence, claim) = match raised {
        Raised::Repeat(reply) => return Ok(reply),
        Raised::First(fence, claim) => (fence, claim),
    };
    match write(scope, &person, &workspace_id, fence, asked).await {
        Ok(reply) => {
            claim.finish(scope, &reply);
            Ok(reply)
        }
        Err(error) => {
            claim.release(scope);
            Err(error)
        }
    }
}

async fn write(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    fence: Fence,
    asked: RebuildRequest,
) -> Result<Reply, Error> {
    // 3.
    let made = match source(scope, person, workspace_id).await {
        Ok(source) => source.reduce_again(scope).map(|reduced| (source, reduced)),
        Err(error) => Err(error),
    };
    let (source, reduced) = match made {
        Ok(made) => made,
        Err(error) => {
            fence.give_up(scope);
            return Err(error);
        }
    };
    // 4.
    let arguments = json!({
        "p_workspace_id": workspace_id, "p_source": "rebuild", "p_answers": source.answers,
        "p_business_context": source.business_context, "p_content": reduced.canonical,
        "p_checksum": reduced.checksum, "p_token_estimate": reduced.meta.token_estimate, "p_meta": reduced.meta,
        "p_expected_version": source.tag().version, "p_expected_edits": source.tag().edits,
        "p_request_id": scope.request_id, "p_force": asked.force,
    });
    let (stored, fence): (Stored, _) =
        manifest_store::store(scope, person, fence, "rpc/store_manifest", &arguments).await?;
    // 5.
    let unchanged = "no new version was created, and the manifest is confirmed as of now.";
    Ok(manifest_store::written(scope, fence, stored, reduced.content, None, unchanged).await)
}

async fn source(scope: &Scope, person: &SignedIn, workspace_id: &str) -> Result<Source, Error> {
    let (member, source) = manifest_store::read_source(scope, person, workspace_id).await?;
    member.require_editor()?;
    Ok(source)
}
