//! `POST /context/restore`

use gatehouse_core::api::RestoreRequest;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::json::Json;
use gatehouse_core::onboarding::valid_answers;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::history::LAST_VERSION;
use crate::entry::{Call, JsonBody, UnverifiedMember};
use crate::http::Reply;
use crate::manifest_store::{self, Stored};
use crate::scope::Scope;

/// `restore_manifest()` of the database.
#[derive(Deserialize)]
struct Restored {
    #[serde(flatten)]
    stored: Stored,
    content: Json,
    answers: Map<String, Value>,
}

/// Makes an older version current again, as a new one. Safe to repeat: equal content makes no new version.
///
/// 1. The version: 400.
/// 2. Raise the fence; without a fence nothing is written: 503.
/// 3. One function checks membership, role, plan and seat and stores the version: 404, 403, 503.
/// 4. Publish and lower the fence; 201 for a new version, else 200.
pub async fn restore(
    scope: &Scope,
    call: Call<'_, UnverifiedMember, (), JsonBody<RestoreRequest>>,
) -> Result<Reply, Error> {
    // 1.
    let JsonBody(RestoreRequest { version }) = call.body;
    if !(1..=LAST_VERSION).contains(&version) {
        let detail = format!("`version` must be a whole number from 1 to {LAST_VERSION}.");
        return Err(Error::with_detail(ErrorCode::BodyInvalid, detail));
    }
    // 2.
    let (fence, _, member) = manifest_store::raise_fence(scope, &call.caller).await?;
    // 3.
    let arguments = json!({
        "p_workspace_id": member.workspace_id, "p_version": version, "p_request_id": scope.request_id,
    });
    let (Restored { stored, content, answers }, fence) =
        manifest_store::store(scope, member, fence, "rpc/restore_manifest", &arguments).await?;
    // 4.
    let answers = valid_answers(&answers);
    let unchanged = "nothing was changed.";
    Ok(manifest_store::publish_and_reply(scope, fence, stored, content, Some(&answers), unchanged).await)
}
