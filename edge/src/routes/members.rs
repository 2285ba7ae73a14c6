//! `/members`: who belongs to a workspace. The database decides and writes. The cached membership record is removed after
//! the answer; should Redis be unavailable, it expires within a minute.

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::members::{
    AcceptRequest, Invitation, InviteRequest, Joined, MemberChanged, MemberRemoved, Members, Revoked,
    RoleRequest,
};
use gatehouse_core::time;
use gatehouse_core::uuid::is_uuid;
use serde::Deserialize;
use serde_json::json;

use crate::clients::postgrest;
use crate::clients::redis_keys as keys;
use crate::clients::upstash::{self, Script, script};
use crate::entry::{Call, JsonBody, Person, UnverifiedMember};
use crate::http::Reply;
use crate::scope::Scope;

static FORGET: Script = script!("forget_member");

/// What a function answered, and whose membership it changed.
#[derive(Deserialize)]
struct Changed<T> {
    auth_user_id: String,
    #[serde(flatten)]
    answer: T,
}

/// The people of the workspace.
///
/// 1. The list, read with the person's own token: 404, 503.
/// 2. 200.
pub async fn list(scope: &Scope, call: Call<'_, UnverifiedMember>) -> Result<Reply, Error> {
    // 1.
    let (mut list, _): (Members, _) =
        postgrest::first_rpc(scope, &call.caller, "rpc/list_members", json!({})).await?;
    // 2.
    for member in &mut list.members {
        member.joined_at = time::normalise(&member.joined_at);
    }
    for invitation in list.invitations.iter_mut().flatten() {
        invitation.expires_at = time::normalise(&invitation.expires_at);
    }
    Ok(Reply::json(200, &list))
}

/// Invites an address.
///
/// 1. Role, plan, seats and address are checked and the e-mail queued in one transaction: 403, 404, 409, 422, 429, 503.
/// 2. 201 with the link's token.
pub async fn invite(
    scope: &Scope,
    call: Call<'_, UnverifiedMember, (), JsonBody<InviteRequest>>,
) -> Result<Reply, Error> {
    // 1.
    let JsonBody(InviteRequest { email, role }) = &call.body;
    let arguments = json!({"p_email": email, "p_role": role, "p_request_id": scope.request_id});
    let (mut invitation, _): (Invitation, _) =
        postgrest::first_rpc(scope, &call.caller, "rpc/invite_member", arguments).await?;
    // 2.
    invitation.open.expires_at = time::normalise(&invitation.open.expires_at);
    Ok(Reply::json(201, &invitation))
}

/// Joins by a link's token.
///
/// 1. Address, time and seats are checked in one transaction: 403, 404, 409, 410, 503.
/// 2. 200; the cached membership record of the person in this workspace is removed.
pub async fn accept(
    scope: &Scope,
    call: Call<'_, Person, (), JsonBody<AcceptRequest>>,
) -> Result<Reply, Error> {
    // 1.
    let JsonBody(AcceptRequest { token }) = &call.body;
    let arguments = json!({"p_token": token, "p_request_id": scope.request_id});
    let joined: Changed<Joined> =
        postgrest::rpc(scope, &call.caller, "rpc/accept_invitation", &arguments).await?;
    // 2.
    forget(scope, &joined.answer.workspace_id, &joined.auth_user_id);
    Ok(Reply::json(200, &joined.answer))
}

/// Withdraws an invitation.
///
/// 1. An id that cannot be one: 404.
/// 2. Withdrawn, and its e-mail with it where that has not gone out: 403, 404, 410, 503.
/// 3. 200.
pub async fn revoke(scope: &Scope, call: Call<'_, UnverifiedMember>) -> Result<Reply, Error> {
    // 1.
    let invitation_id = call.param("invitation_id");
    if !is_uuid(invitation_id) {
        return Err(ErrorCode::InvitationNotFound.into());
    }
    // 2.
    let arguments = json!({"p_invitation_id": invitation_id, "p_request_id": scope.request_id});
    let (revoked, _): (Revoked, _) =
        postgrest::first_rpc(scope, &call.caller, "rpc/revoke_invitation", arguments).await?;
    // 3.
    Ok(Reply::json(200, &revoked))
}

/// Gives a member another role.
///
/// 1. An id that cannot be one: 404.
/// 2. Changed by the owner alone: 403, 404, 409, 422, 503.
/// 3. 200; the person's cached membership record is removed.
pub async fn set_role(
    scope: &Scope,
    call: Call<'_, UnverifiedMember, (), JsonBody<RoleRequest>>,
) -> Result<Reply, Error> {
    // 1.
    let user_id = member_id(call.param("user_id"))?;
    // 2.
    let JsonBody(RoleRequest { role }) = &call.body;
    let arguments = json!({"p_user_id": user_id, "p_role": role, "p_request_id": scope.request_id});
    let (changed, caller): (Changed<MemberChanged>, _) =
        postgrest::first_rpc(scope, &call.caller, "rpc/set_member_role", arguments).await?;
    // 3.
    forget(scope, &caller.workspace_id, &changed.auth_user_id);
    Ok(Reply::json(200, &changed.answer))
}

/// Removes somebody from the workspace, or the caller.
///
/// 1. An id that cannot be one: 404.
/// 2. Removed where the roles allow it: 403, 404, 409, 503.
/// 3. 200; the cached membership record of the person in this workspace is removed.
pub async fn remove(scope: &Scope, call: Call<'_, UnverifiedMember>) -> Result<Reply, Error> {
    // 1.
    let user_id = member_id(call.param("user_id"))?;
    // 2.
    let arguments = json!({"p_user_id": user_id, "p_request_id": scope.request_id});
    let (removed, caller): (Changed<MemberRemoved>, _) =
        postgrest::first_rpc(scope, &call.caller, "rpc/remove_member", arguments).await?;
    // 3.
    forget(scope, &caller.workspace_id, &removed.auth_user_id);
    Ok(Reply::json(200, &removed.answer))
}

fn member_id(text: &str) -> Result<&str, Error> {
    if is_uuid(text) { Ok(text) } else { Err(ErrorCode::MemberNotFound.into()) }
}

/// Removes a cached membership record, after the answer.
fn forget(scope: &Scope, workspace_id: &str, auth_user_id: &str) {
    let background = scope.background();
    let key = keys::membership(workspace_id, auth_user_id);
    scope.wait_until(async move {
        let forgotten = upstash::eval(&background, &FORGET, &[key], &[]).await;
        background.log_background("forget_member", forgotten.err());
    });
}
