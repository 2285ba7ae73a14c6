//! `GET /context/manifest`

use gatehouse_core::error::Error;
use gatehouse_core::route::Route;

use crate::app::Scope;
use crate::http::{Reply, Request};
use crate::routes::workspace;
use crate::{manifest_store, session};

/// The workspace's manifest.
///
/// 1. The session: 401; the workspace header: 400.
/// 2. Membership and manifest in one look at Redis, else Postgres: 404, 503.
/// 3. 304 when the reader has this one already, else 200 with the stored text as it is.
pub async fn manifest(scope: &Scope, request: &Request<'_>, route: &Route) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    // 2.
    let loaded = manifest_store::load(scope, &person, &workspace_id, route).await?;
    scope.note_cache(loaded.tier.as_str());
    // 3.
    let known = request.header("if-none-match").is_some_and(|header| names(&header, &loaded.etag));
    let reply = if known { Reply::empty(304) } else { Reply::json_text(200, loaded.document) };
    Ok(reply.with("etag", loaded.etag).with("x-cache", loaded.tier.as_str()).degraded(loaded.degraded))
}

/// Whether an `If-None-Match` names this ETag (RFC 9110 section 13.1.2: a list, weakly compared).
fn names(header: &str, etag: &str) -> bool {
    header
        .split(',')
        .map(str::trim)
        .any(|named| named == "*" || named.strip_prefix("W/").unwrap_or(named) == etag)
}
