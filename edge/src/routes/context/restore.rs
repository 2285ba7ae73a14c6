//! `POST /context/restore`

use gatehouse_core::api::RestoreRequest;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::json::Json;
use gatehouse_core::onboarding::valid_answers;
use gatehouse_core::route::Route;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::history::LAST_VERSION;
use crate::app::Scope;
use crate::http::{Reply, Request};
use crate::manifest_store::{self, Stored};
use crate::routes::workspace;
use crate::session;

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
/// 1. The session: 401; the workspace header: 400; the body: 413, 400.
/// 2. Raise the fence; no fence, no write: 503.
/// 3. One function checks membership and role and stores the version: 404, 403, 503.
/// 4. Publish and lower the fence; 201 for a new version, else 200.
pub async fn restore(scope: &Scope, request: &Request<'_>, route: &Route) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    let RestoreRequest { version } = request.json(route.max_body).await?;
    if !(1..=LAST_VERSION).contains(&version) {
        let detail = format!("`version` must be a whole number from 1 to {LAST_VERSION}.");
        return Err(Error::with_detail(ErrorCode::BodyInvalid, detail));
    }
    // 2.
    let (fence, _) = manifest_store::raise_fence(scope, &person, &workspace_id, route).await?;
    // 3.
    let arguments =
        json!({"p_workspace_id": workspace_id, "p_version": version, "p_request_id": scope.request_id});
    let (Restored { stored, content, answers }, fence) =
        manifest_store::store(scope, &person, fence, "rpc/restore_manifest", &arguments).await?;
    // 4.
    let answers = valid_answers(&answers);
    let unchanged = "nothing was changed.";
    Ok(manifest_store::written(scope, fence, stored, content, Some(&answers), unchanged).await)
}
