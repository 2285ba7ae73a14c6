//! `POST /context/export`

use gatehouse_core::api::ExportRequest;
use gatehouse_core::context::{Export, Manifest, export_file_name, to_markdown};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::route::Route;
use gatehouse_core::vocabulary::{AuditAction, ExportFormat};
use serde_json::json;

use crate::app::Scope;
use crate::http::{Reply, Request};
use crate::routes::workspace;
use crate::{audit, manifest_store, session};

/// The manifest as a file.
///
/// 1. The session: 401; the workspace header: 400; the body: 413, 400.
/// 2. The manifest, as `GET /context/manifest` loads it: 404, 503. Too often: 429.
/// 3. 200 with the file, whose name is safe and from which alone it can be verified; the audit log says who took it.
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
    let details = json!({"version": manifest.version, "format": asked.format});
    audit::record(scope, AuditAction::BcmExported, &workspace_id, &person.session.user_id, details);
    let version = manifest.version;
    let (reply, extension) = match asked.format {
        ExportFormat::Json => {
            let export = Export { workspace_id: Some(workspace_id.clone()), manifest };
            (Reply::json(200, &export), "json")
        }
        ExportFormat::Markdown => {
            let mut reply = Reply::json_text(200, to_markdown(&manifest, &workspace_id));
            reply.content_type = "text/markdown; charset=utf-8";
            (reply, "md")
        }
    };
    let name = export_file_name(&workspace_id, version, extension);
    Ok(reply
        .with("content-disposition", format!("attachment; filename=\"{name}\""))
        .with("etag", loaded.etag)
        .with("x-cache", loaded.tier.as_str())
        .degraded(loaded.degraded))
}
