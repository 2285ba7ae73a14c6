//! `GET /context/diff`

use gatehouse_core::api::{VersionDiff, VersionHead};
use gatehouse_core::context::{checksum, diff as compare};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::json::Json;
use gatehouse_core::time;
use serde::Deserialize;
use serde_json::json;

use super::history::LAST_VERSION;
use crate::clients::postgrest;
use crate::entry::{Call, UnverifiedMember};
use crate::http::Reply;
use crate::scope::Scope;

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
/// 1. The parameters: 400.
/// 2. Both versions, read with the person's own token: 404, 503.
/// 3. 200.
pub async fn diff(scope: &Scope, call: Call<'_, UnverifiedMember>) -> Result<Reply, Error> {
    // 1.
    let (from, to) = (version(&call, "from")?, version(&call, "to")?);
    // 2.
    let arguments = json!({"p_from": from, "p_to": to});
    let (Pair { mut from, mut to }, _) =
        postgrest::first_rpc(scope, &call.caller, "rpc/read_versions_pair", arguments).await?;
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
fn version(call: &Call<'_, UnverifiedMember>, name: &str) -> Result<u32, Error> {
    call.query_number(name, LAST_VERSION)?.ok_or_else(|| {
        let detail = format!("`{name}` is missing: name the versions to compare, such as `?from=1&to=2`.");
        Error::with_detail(ErrorCode::QueryInvalid, detail)
    })
}
