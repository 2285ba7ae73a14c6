//! `GET /context/history`

use gatehouse_core::api::History;
use gatehouse_core::error::Error;
use gatehouse_core::time;
use serde_json::json;

use crate::clients::postgrest;
use crate::entry::{Call, UnverifiedMember};
use crate::http::Reply;
use crate::scope::Scope;

/// How many versions a page has by default.
const PAGE: u32 = 20;
/// The largest version that the database can hold.
pub const LAST_VERSION: u32 = 2_147_483_647;

/// A page of the manifest's versions, without their content.
///
/// 1. The parameters: 400.
/// 2. The page, read with the person's own token: 404, 503.
/// 3. 200.
pub async fn history(scope: &Scope, call: Call<'_, UnverifiedMember>) -> Result<Reply, Error> {
    // 1.
    let before = call.query_number("before", LAST_VERSION)?;
    let limit = call.query_number("limit", 100)?.unwrap_or(PAGE);
    // 2.
    let arguments = json!({"p_before": before, "p_limit": limit});
    let (mut page, _): (History, _) =
        postgrest::first_rpc(scope, &call.caller, "rpc/manifest_history", arguments).await?;
    // 3.
    for head in &mut page.versions {
        head.generated_at = time::normalise(&head.generated_at);
    }
    Ok(Reply::json(200, &page))
}
