//! `GET /context/diff`

use gatehouse_core::api::{VersionDiff, VersionHead};
use gatehouse_core::context::{checksum, diff as compare};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::json::Json;
use gatehouse_core::time;
use serde::Deserialize;
use serde_json::json;

use super::history::LAST_VERSION;
use crate::app::Scope;
use crate::clients::postgrest::{self, Failure};
use crate::http::{Reply, Request};
use crate::routes::{whole, workspace};
use crate::session;

/// `read_versions_pair()` of the database.
#[derive(Deserialize)]
struct Pair {
    from: Version,
    to: Version,
}

#[derive(Deserialize)]
struct Version {
    #[serde(flatten)]
    head: VersionHead,
    content: Json,
}

/// What differs between two versions.
///
/// 1. The session: 401; the workspace header: 400; the parameters: 400.
/// 2. Both versions, read with the person's own token: 404, 503.
/// 3. 200.
pub async fn diff(scope: &Scope, request: &Request<'_>) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    let (from, to) = (version(request, "from")?, version(request, "to")?);
    // 2.
    let arguments = json!({"p_workspace_id": workspace_id, "p_from": from, "p_to": to});
    let Pair { mut from, mut to } = postgrest::rpc(scope, &person, "rpc/read_versions_pair", &arguments)
        .await
        .map_err(Failure::into_error)?;
    for version in [&mut from, &mut to] {
        if checksum(&version.content) != version.head.checksum {
            scope.note_cause("a manifest in Postgres does not have its checksum");
            return Err(ErrorCode::Internal.into());
        }
        version.head.generated_at = time::normalise(&version.head.generated_at);
    }
    // 3.
    let (changes, patch) = compare(&from.content, &to.content);
    Ok(Reply::json(200, &VersionDiff { from: from.head, to: to.head, changes, patch }))
}

/// A version's number from the query, which must name it.
fn version(request: &Request<'_>, name: &str) -> Result<u32, Error> {
    whole(request, name, LAST_VERSION)?.ok_or_else(|| {
        let detail = format!("`{name}` is missing: name the versions to compare, such as `?from=1&to=2`.");
        Error::with_detail(ErrorCode::QueryInvalid, detail)
    })
}
