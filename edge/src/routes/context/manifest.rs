//! `GET /context/manifest`

use gatehouse_core::error::Error;

use crate::entry::{Call, UnverifiedMember};
use crate::http::Reply;
use crate::manifest_store;
use crate::scope::Scope;

/// The workspace's manifest.
///
/// 1. Membership and manifest in one call to Redis, else Postgres: 404, 503.
/// 2. 304 when the reader has this one already, else 200 with the stored text as it is.
pub async fn manifest(scope: &Scope, call: Call<'_, UnverifiedMember>) -> Result<Reply, Error> {
    // 1.
    let (loaded, _) = manifest_store::load(scope, &call.caller).await?;
    scope.note_cache(loaded.tier.as_str());
    // 2.
    let is_known = call.if_none_match().is_some_and(|header| names(&header, &loaded.etag));
    let reply = if is_known { Reply::empty(304) } else { Reply::json_text(200, loaded.document) };
    Ok(reply.with("etag", loaded.etag).with("x-cache", loaded.tier.as_str()).degraded(loaded.degraded))
}

/// Whether an `If-None-Match` names this ETag (RFC 9110 section 13.1.2: a list, weakly compared).
fn names(header: &str, etag: &str) -> bool {
    header
        .split(',')
        .map(str::trim)
        .any(|named| named == "*" || named.strip_prefix("W/").unwrap_or(named) == etag)
}
