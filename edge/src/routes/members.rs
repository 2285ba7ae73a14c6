//! `/members`: who belongs to a workspace. The database decides and writes; what is cached about a person goes after
//! the answer, and by itself within a minute should Redis be away.

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::members::{
    AcceptRequest, Invitation, InviteRequest, Joined, MemberChanged, MemberRemoved, Members, Revoked,
    RoleRequest,
};
use gatehouse_core::route::Route;
use gatehouse_core::time;
use gatehouse_core::uuid::is_uuid;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::app::Scope;
use crate::clients::postgrest::{self, Failure};
use crate::clients::redis_keys as keys;
use crate::clients::upstash::{self, Script, script};
use crate::http::{Reply, Request};
use crate::routes::workspace;
use crate::session::{self, SignedIn};

const FORGET: Script = script!("forget_member");

/// What a function answered, and whose membership it changed.
#[derive(Deserialize)]
struct Changed<T> {
    auth_user_id: String,
    #[serde(flatten)]
    answer: T,
}

/// The people of the workspace.
///
/// 1. The session: 401; the workspace header: 400.
/// 2. The list, read with the person's own token: 404, 503.
/// 3. 200.
pub async fn list(scope: &Scope, request: &Request<'_>) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    // 2.
    let mut found: Members =
        call(scope, &person, "rpc/list_members", json!({"p_workspace_id": workspace_id})).await?;
    // 3.
    for member in &mut found.members {
        member.joined_at = time::normalise(&member.joined_at);
    }
    for invitation in found.invitations.iter_mut().flatten() {
        invitation.expires_at = time::normalise(&invitation.expires_at);
    }
    Ok(Reply::json(200, &found))
}

/// Invites an address.
///
/// 1. The session: 401; the workspace header: 400; the body: 413, 400.
/// 2. Role, plan, seats and address are judged and the e-mail queued in one transaction: 403, 404, 409, 422, 429, 503.
/// 3. 201 with the link's token.
pub async fn invite(scope: &Scope, request: &Request<'_>, route: &Route) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    let asked: InviteRequest = request.json(route.max_body).await?;
    // 2.
    let arguments = json!({
        "p_workspace_id": workspace_id, "p_email": asked.email, "p_role": asked.role, "p_request_id": scope.request_id,
    });
    let mut made: Invitation = call(scope, &person, "rpc/invite_member", arguments).await?;
    // 3.
    made.open.expires_at = time::normalise(&made.open.expires_at);
    Ok(Reply::json(201, &made))
}

/// Joins by a link's token.
///
/// 1. The session: 401; the body: 413, 400.
/// 2. Address, time and seats are judged in one transaction: 403, 404, 409, 410, 503.
/// 3. 200; what was cached about the person in this workspace is forgotten.
pub async fn accept(scope: &Scope, request: &Request<'_>, route: &Route) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let asked: AcceptRequest = request.json(route.max_body).await?;
    // 2.
    let arguments = json!({"p_token": asked.token, "p_request_id": scope.request_id});
    let joined: Changed<Joined> = call(scope, &person, "rpc/accept_invitation", arguments).await?;
    // 3.
    forget(scope, &joined.answer.workspace_id, &joined.auth_user_id);
    Ok(Reply::json(200, &joined.answer))
}

/// Withdraws an invitation.
///
/// 1. The session: 401; the workspace header: 400; an id that is none: 404.
/// 2. Withdrawn, and its e-mail with it where that has not gone out: 403, 404, 410, 503.
/// 3. 200.
pub async fn revoke(scope: &Scope, request: &Request<'_>, invitation_id: &str) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    if !is_uuid(invitation_id) {
        return Err(ErrorCode::InvitationNotFound.into());
    }
    // 2.
    let arguments = json!({
        "p_workspace_id": workspace_id, "p_invitation_id": invitation_id, "p_request_id": scope.request_id,
    });
    let revoked: Revoked = call(scope, &person, "rpc/revoke_invitation", arguments).await?;
    // 3.
    Ok(Reply::json(200, &revoked))
}

/// Gives a member another role.
///
/// 1. The session: 401; the workspace header: 400; the body: 413, 400; an id that is none: 404.
/// 2. Changed by the owner alone: 403, 404, 409, 422, 503.
/// 3. 200; the person's cached role is forgotten.
pub async fn set_role(
    scope: &Scope,
    request: &Request<'_>,
    route: &Route,
    user_id: &str,
) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    let asked: RoleRequest = request.json(route.max_body).await?;
    member_id(user_id)?;
    // 2.
    let arguments = json!({
        "p_workspace_id": workspace_id, "p_user_id": user_id, "p_role": asked.role, "p_request_id": scope.request_id,
    });
    let changed: Changed<MemberChanged> = call(scope, &person, "rpc/set_member_role", arguments).await?;
    // 3.
    forget(scope, &workspace_id, &changed.auth_user_id);
    Ok(Reply::json(200, &changed.answer))
}

/// Takes somebody out of the workspace, or the one who asks.
///
/// 1. The session: 401; the workspace header: 400; an id that is none: 404.
/// 2. Removed where the roles allow it: 403, 404, 409, 503.
/// 3. 200; what was cached about the person in this workspace is forgotten.
pub async fn remove(scope: &Scope, request: &Request<'_>, user_id: &str) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    member_id(user_id)?;
    // 2.
    let arguments =
        json!({"p_workspace_id": workspace_id, "p_user_id": user_id, "p_request_id": scope.request_id});
    let removed: Changed<MemberRemoved> = call(scope, &person, "rpc/remove_member", arguments).await?;
    // 3.
    forget(scope, &workspace_id, &removed.auth_user_id);
    Ok(Reply::json(200, &removed.answer))
}

fn member_id(user_id: &str) -> Result<(), Error> {
    if is_uuid(user_id) { Ok(()) } else { Err(ErrorCode::MemberNotFound.into()) }
}

async fn call<T: DeserializeOwned>(
    scope: &Scope,
    person: &SignedIn,
    operation: &'static str,
    arguments: Value,
) -> Result<T, Error> {
    postgrest::rpc(scope, person, operation, &arguments).await.map_err(Failure::into_error)
}

fn forget(scope: &Scope, workspace_id: &str, auth_user_id: &str) {
    let background = scope.background();
    let key = keys::membership(workspace_id, auth_user_id);
    scope.after(async move {
        let forgotten = upstash::eval(&background, &FORGET, &[key], &[]).await;
        background.log_background("forget_member", forgotten.err());
    });
}
