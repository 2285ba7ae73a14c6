//! `POST /context/export`

use gatehouse_core::api::ExportRequest;
use gatehouse_core::context::{Manifest, export_name, to_markdown};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::route::Route;
use gatehouse_core::vocabulary::ExportFormat;

use crate::app::Scope;
use crate::http::{Reply, Request};
use crate::routes::workspace;
use crate::{manifest_store, session};

/// The manifest as a file.
///
/// 1. The session: 401; the workspace header: 400; the body: 413, 400.
/// 2. The manifest, as `GET /context/manifest` loads it: 404, 503. Too often: 429.
/// 3. 200 with the file, whose name is safe and whose text carries the checksum.
pub async fn export(scope: &Scope, request: &Request<'_>, route: &Route) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    let asked: ExportRequest = request.json(route.max_body).await?;
    // 2.
    let loaded = manifest_store::load(scope, &person, &workspace_id, route).await?;
    scope.note_cache(loaded.tier.as_str());
    let manifest: Manifest = serde_json::from_str(&loaded.document).map_err(|error| {
        scope.note_cause(format!("the stored manifest cannot be read: {error}"));
        Error::new(ErrorCode::Internal)
    })?;
    // 3.
    let (body, media, extension) = match asked.format {
        ExportFormat::Json => (loaded.document, "application/json", "json"),
        ExportFormat::Markdown => (to_markdown(&manifest), "text/markdown; charset=utf-8", "md"),
    };
    let name = export_name(&workspace_id, manifest.version, extension);
    let mut reply = Reply::json_text(200, body);
    reply.content_type = media;
    Ok(reply
        .with("content-disposition", format!("attachment; filename=\"{name}\""))
        .with("etag", loaded.etag)
        .with("x-cache", loaded.tier.as_str())
        .degraded(loaded.degraded))
}
