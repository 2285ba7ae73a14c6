//! `GET /context/history`

use gatehouse_core::api::History;
use gatehouse_core::error::Error;
use gatehouse_core::time;
use serde_json::json;

use crate::app::Scope;
use crate::clients::postgrest::{self, Failure};
use crate::http::{Reply, Request};
use crate::routes::{whole, workspace};
use crate::session;

/// How many versions a page has unless told.
const PAGE: u32 = 20;
/// The largest version that the database can hold.
pub const LAST_VERSION: u32 = 2_147_483_647;

/// A page of the manifest's versions, without their content.
///
/// 1. The session: 401; the workspace header: 400; the parameters: 400.
/// 2. The page, read with the person's own token: 404, 503.
/// 3. 200.
pub async fn history(scope: &Scope, request: &Request<'_>) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    let before = whole(request, "before", LAST_VERSION)?;
    let limit = whole(request, "limit", 100)?.unwrap_or(PAGE);
    // 2.
    let arguments = json!({"p_workspace_id": workspace_id, "p_before": before, "p_limit": limit});
    let mut page: History = postgrest::rpc(scope, &person, "rpc/manifest_history", &arguments)
        .await
        .map_err(Failure::into_error)?;
    // 3.
    for head in &mut page.versions {
        head.generated_at = time::normalise(&head.generated_at);
    }
    Ok(Reply::json(200, &page))
}
