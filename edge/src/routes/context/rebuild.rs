//! `POST /context/rebuild`

use gatehouse_core::api::RebuildRequest;
use gatehouse_core::error::Error;
use serde_json::json;

use crate::entry::{Call, IdempotencyKey, Member, OptionalJsonBody, UnverifiedMember};
use crate::http::Reply;
use crate::manifest_store::{self, Fence, Raised, Source, Stored};
use crate::scope::Scope;

/// Reduces the stored business context again. The person who asks for it confirms the content, new or not.
///
/// 1. Raise the fence and claim the key; a repeat gets the first answer: 409 while that is being made, 422 for another
///    body. Without a fence nothing is written: 503. Too often: 429.
/// 2. Read the source with the person's own token: 404, 403, 503. Reduce it: 422.
/// 3. One function checks membership, role, plan, seat and the hour since the last rebuild and stores the version: 403,
///    429, 412, 503.
/// 4. Publish and lower the fence; 201 for a new version, else 200.
pub async fn rebuild(
    scope: &Scope,
    call: Call<'_, UnverifiedMember, IdempotencyKey, OptionalJsonBody<RebuildRequest>>,
) -> Result<Reply, Error> {
    let OptionalJsonBody(request) = call.body;
    // 1.
    let fingerprint = |workspace_id: &str| json!([workspace_id, request.force]).to_string();
    let raised = manifest_store::raise_fence_once(scope, &call.caller, &call.key, fingerprint).await?;
    let (fence, claim, member) = match raised {
        Raised::Repeat(reply) => return Ok(reply),
        Raised::First(fence, claim, member) => (fence, claim, member),
    };
    let result = write(scope, member, fence, request).await;
    claim.end(scope, &result);
    result
}

async fn write(
    scope: &Scope,
    member: &Member,
    fence: Fence,
    request: RebuildRequest,
) -> Result<Reply, Error> {
    // 2.
    let reduced = match editable_source(scope, member).await {
        Ok(source) => source.reduce_again(scope).map(|reduced| (source, reduced)),
        Err(error) => Err(error),
    };
    let (source, reduced) = match reduced {
        Ok(reduced) => reduced,
        Err(error) => {
            fence.lower_without_publish(scope);
            return Err(error);
        }
    };
    // 3.
    let arguments = json!({
        "p_workspace_id": member.workspace_id, "p_source": "rebuild", "p_answers": source.answers,
        "p_business_context": source.business_context, "p_content": reduced.canonical,
        "p_checksum": reduced.checksum, "p_token_estimate": reduced.meta.token_estimate, "p_meta": reduced.meta,
        "p_expected_version": source.tag().version, "p_expected_edits": source.tag().edits,
        "p_request_id": scope.request_id, "p_force": request.force,
    });
    let (stored, fence): (Stored, _) =
        manifest_store::store(scope, member, fence, "rpc/store_manifest", &arguments).await?;
    // 4.
    let unchanged = "no new version was created, and the manifest is confirmed as of now.";
    let content = reduced.content;
    Ok(manifest_store::publish_and_reply(scope, fence, stored, content, None, unchanged).await)
}

async fn editable_source(scope: &Scope, member: &Member) -> Result<Source, Error> {
    let (membership, source) = manifest_store::read_source(scope, member).await?;
    membership.require_editor()?;
    Ok(source)
}
