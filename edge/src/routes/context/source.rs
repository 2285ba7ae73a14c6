//! `GET` and `PUT /context/source`

use gatehouse_core::context::SourceTag;
use gatehouse_core::error::{Error, ErrorCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::entry::{Call, JsonBody, Member, UnverifiedMember};
use crate::http::Reply;
use crate::manifest_store::{self, PreparedSource, Stored};
use crate::scope::Scope;

/// The body of an edit.
#[derive(Deserialize)]
pub struct EditBody {
    answers: Map<String, Value>,
}

/// The answers that the manifest is made from.
///
/// 1. Membership and source, read with the person's own token: 404, 503.
/// 2. 200 with the tag that an edit names.
pub async fn read(scope: &Scope, call: Call<'_, UnverifiedMember>) -> Result<Reply, Error> {
    // 1.
    let source = manifest_store::read_first_source(scope, &call.caller).await?;
    // 2.
    Ok(Reply::json(200, &source.view()).with("etag", source.tag().etag()))
}

/// Replaces the answers and rebuilds the manifest. The person who does it confirms the content, new or not.
///
/// 1. The tag: 428. The answers are checked and reduced before any call: 422.
/// 2. Raise the fence; without a fence nothing is written: 503. Too often: 429.
/// 3. Read the source with the person's own token and compare its tag: 404, 403, 503, 412 with the other copy. A
///    repeat finds its own answers there, and goes on.
/// 4. One function checks membership, role, plan, seat and tag and stores everything in one transaction: 403, 412, 503.
/// 5. Publish, let the submitted onboarding show these answers, and lower the fence; 201 for a new version, else 200.
pub async fn edit(
    scope: &Scope,
    call: Call<'_, UnverifiedMember, (), JsonBody<EditBody>>,
) -> Result<Reply, Error> {
    // 1.
    let expected = expected_tag(call.if_match())?;
    let JsonBody(EditBody { answers }) = &call.body;
    let edited = PreparedSource::from_answers(answers)?;
    // 2.
    let (fence, _, member) = manifest_store::raise_fence(scope, &call.caller).await?;
    // 3.
    let current = match compare(scope, member, expected, &edited).await {
        Ok(current) => current,
        Err(error) => {
            fence.lower_without_publish(scope);
            return Err(error);
        }
    };
    // 4.
    let reduced = edited.reduced;
    let arguments = json!({
        "p_workspace_id": member.workspace_id, "p_answers": edited.answers,
        "p_business_context": edited.context, "p_content": reduced.canonical, "p_checksum": reduced.checksum,
        "p_token_estimate": reduced.meta.token_estimate, "p_meta": reduced.meta,
        "p_expected_version": current.version, "p_expected_edits": current.edits,
        "p_request_id": scope.request_id,
    });
    let stored = manifest_store::store(scope, member, fence, "rpc/edit_source", &arguments).await;
    let (stored, fence): (Stored, _) = match stored {
        Ok(stored) => stored,
        // Another edit was stored between the comparison and the write.
        Err(error) if error.code == ErrorCode::VersionConflict => {
            let (_, source) = manifest_store::read_source(scope, member).await?;
            return Err(Error::source_conflict(source.view()));
        }
        Err(error) => return Err(error),
    };
    // 5.
    let tag = SourceTag { version: stored.version.number(), edits: stored.edits };
    let unchanged =
        "the answers are saved, no new version was created, and the manifest is confirmed as of now.";
    let (content, answers) = (reduced.content, Some(&edited.answers));
    let reply = manifest_store::publish_and_reply(scope, fence, stored, content, answers, unchanged).await;
    Ok(reply.with("etag", tag.etag()))
}

/// The tag that the write is made on.
async fn compare(
    scope: &Scope,
    member: &Member,
    expected: SourceTag,
    edited: &PreparedSource,
) -> Result<SourceTag, Error> {
    let (membership, source) = manifest_store::read_source(scope, member).await?;
    membership.require_editor()?;
    let current = source.view();
    if source.tag() == expected || current.answers == edited.answers {
        return Ok(source.tag());
    }
    Err(Error::source_conflict(current))
}

/// The tag that `If-Match` names.
///
/// # Errors
/// `revision_missing`.
fn expected_tag(if_match: Option<String>) -> Result<SourceTag, Error> {
    let header = if_match.ok_or(ErrorCode::RevisionMissing)?;
    SourceTag::parse(&header).ok_or_else(|| {
        let detail =
            "If-Match must be the ETag that `GET /context/source` answered, in quotes, such as \"3\".";
        Error::with_detail(ErrorCode::RevisionMissing, detail)
    })
}
