//! `POST /context/export`

use gatehouse_core::api::ExportRequest;
use gatehouse_core::context::{Export, Manifest, export_file_name, to_markdown};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::vocabulary::{AuditAction, ExportFormat};
use serde_json::json;

use crate::entry::{Call, JsonBody, UnverifiedMember};
use crate::http::Reply;
use crate::manifest_store;
use crate::observe::audit;
use crate::scope::Scope;

/// The manifest as a file.
///
/// 1. The manifest, as `GET /context/manifest` loads it: 404, 503. Too often: 429.
/// 2. 200 with the file, whose name is safe and which can be verified by itself; the audit log says who exported it.
pub async fn export(
    scope: &Scope,
    call: Call<'_, UnverifiedMember, (), JsonBody<ExportRequest>>,
) -> Result<Reply, Error> {
    let JsonBody(ExportRequest { format }) = &call.body;
    // 1.
    let (loaded, member) = manifest_store::load(scope, &call.caller).await?;
    let workspace_id = &member.workspace_id;
    scope.note_cache(loaded.tier.as_str());
    let manifest: Manifest = serde_json::from_str(&loaded.document).map_err(|error| {
        scope.note_cause(format!("the stored manifest cannot be read: {error}"));
        Error::new(ErrorCode::Internal)
    })?;
    // 2.
    let details = json!({"version": manifest.version, "format": format});
    audit::record(scope, AuditAction::BcmExported, workspace_id, member.user_id(), details);
    let version = manifest.version;
    let (reply, extension) = match format {
        ExportFormat::Json => {
            let export = Export { workspace_id: Some(workspace_id.clone()), manifest };
            (Reply::json(200, &export), "json")
        }
        ExportFormat::Markdown => {
            let mut reply = Reply::json_text(200, to_markdown(&manifest, workspace_id));
            reply.content_type = "text/markdown; charset=utf-8";
            (reply, "md")
        }
    };
    let name = export_file_name(workspace_id, version, extension);
    Ok(reply
        .with("content-disposition", format!("attachment; filename=\"{name}\""))
        .with("etag", loaded.etag)
        .with("x-cache", loaded.tier.as_str())
        .degraded(loaded.degraded))
}
