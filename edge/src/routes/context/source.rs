//! `GET` and `PUT /context/source`

use gatehouse_core::context::SourceTag;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::route::Route;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::app::Scope;
use crate::http::{Reply, Request};
use crate::manifest_store::{self, Made, Stored};
use crate::routes::workspace;
use crate::session::{self, SignedIn};

#[derive(Deserialize)]
struct Body {
    answers: Map<String, Value>,
}

/// The answers that the manifest is made from.
///
/// 1. The session: 401; the workspace header: 400.
/// 2. Membership and source, read with the person's own token: 404, 503.
/// 3. 200 with the tag that an edit names.
pub async fn read(scope: &Scope, request: &Request<'_>) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    // 2.
    let (_, source) = manifest_store::read_source(scope, &person, &workspace_id).await?;
    // 3.
    Ok(Reply::json(200, &source.view()).with("etag", source.tag().etag()))
}

/// Replaces the answers and makes the manifest anew. Whoever does it stands behind the content, new or not.
///
/// 1. The session: 401; the workspace header: 400; the tag: 428; the body: 413, 400.
/// 2. The answers are checked and reduced before any call: 422.
/// 3. Raise the fence; no fence, no write: 503. Too often: 429.
/// 4. Read the source with the person's own token and compare its tag: 404, 403, 503, 412 with the other copy. A
///    repeat finds its own answers there, and goes on.
/// 5. One function checks membership, role and tag and stores everything in one transaction: 412, 503.
/// 6. Publish, let the submitted onboarding show these answers, and lower the fence; 201 for a new version, else 200.
pub async fn edit(scope: &Scope, request: &Request<'_>, route: &Route) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    let asked = tag(request)?;
    let body: Body = request.json(route.max_body).await?;
    // 2.
    let made = Made::of(&body.answers)?;
    // 3.
    let (fence, _) = manifest_store::raise_fence(scope, &person, &workspace_id, route).await?;
    // 4.
    let seen = match compare(scope, &person, &workspace_id, asked, &made).await {
        Ok(seen) => seen,
        Err(error) => {
            fence.give_up(scope);
            return Err(error);
        }
    };
    // 5.
    let reduced = made.reduced;
    let arguments = json!({
        "p_workspace_id": workspace_id, "p_answers": made.answers, "p_business_context": made.context,
        "p_content": reduced.canonical, "p_checksum": reduced.checksum,
        "p_token_estimate": reduced.meta.token_estimate, "p_meta": reduced.meta,
        "p_expected_version": seen.version, "p_expected_edits": seen.edits, "p_request_id": scope.request_id,
    });
    let stored = manifest_store::store(scope, &person, fence, "rpc/edit_source", &arguments).await;
    let (stored, fence): (Stored, _) = match stored {
        Ok(stored) => stored,
        // Somebody was faster between the look and the write.
        Err(error) if error.code == ErrorCode::VersionConflict => {
            let (_, source) = manifest_store::read_source(scope, &person, &workspace_id).await?;
            return Err(Error::source_conflict(source.view()));
        }
        Err(error) => return Err(error),
    };
    // 6.
    let now = SourceTag { version: stored.version.number(), edits: stored.edits };
    let unchanged =
        "the answers are saved, no new version was created, and the manifest is confirmed as of now.";
    let (content, answers) = (reduced.content, Some(&made.answers));
    let reply = manifest_store::written(scope, fence, stored, content, answers, unchanged).await;
    Ok(reply.with("etag", now.etag()))
}

/// The tag that the write is made on.
async fn compare(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    asked: SourceTag,
    made: &Made,
) -> Result<SourceTag, Error> {
    let (member, source) = manifest_store::read_source(scope, person, workspace_id).await?;
    member.require_editor()?;
    let current = source.view();
    if source.tag() == asked || current.answers == made.answers {
        return Ok(source.tag());
    }
    Err(Error::source_conflict(current))
}

/// The tag that `If-Match` names.
///
/// # Errors
/// `revision_missing`.
fn tag(request: &Request<'_>) -> Result<SourceTag, Error> {
    let header = request.header("if-match").ok_or(ErrorCode::RevisionMissing)?;
    SourceTag::parse(&header).ok_or_else(|| {
        let detail =
            "If-Match must be the ETag that `GET /context/source` answered, in quotes, such as \"3\".";
        Error::with_detail(ErrorCode::RevisionMissing, detail)
    })
}
