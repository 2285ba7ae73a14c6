//! Who belongs to a workspace.

use gatehouse_core::route::RouteId;
use reqwest::Method;
use serde_json::json;

use super::{Trace, warm};
use crate::members::{invite, invite_and_join, user_id};
use crate::support::{Founder, World};

pub const TRACES: &[Trace] = &[
    warm(RouteId::Members, &["postgrest rpc/list_members"], &[], |world| {
        Box::pin(async { world.founder().await.request(Method::GET, "/members") })
    }),
    warm(RouteId::InviteMember, &["postgrest rpc/invite_member"], &[], |world| {
        Box::pin(async {
            let body = json!({"email": "new@example.in", "role": "member"}).to_string();
            world.founder().await.request(Method::POST, "/members/invite").body(body)
        })
    }),
    warm(RouteId::AcceptInvitation, &["postgrest rpc/accept_invitation"], &["upstash EVALSHA"], |world| {
        Box::pin(async {
            let (owner, guest) = (world.founder().await, world.founder().await);
            let invitation = invite(&owner, &guest.email, "member").await;
            let body = json!({"token": invitation.json["token"]}).to_string();
            guest.request(Method::POST, "/members/accept").body(body)
        })
    }),
    warm(RouteId::RevokeInvitation, &["postgrest rpc/revoke_invitation"], &[], |world| {
        Box::pin(async {
            let owner = world.founder().await;
            let invitation = invite(&owner, "new@example.in", "member").await;
            let id = invitation.json["invitation_id"].as_str().expect("an invitation");
            owner.request(Method::DELETE, &format!("/members/invitations/{id}"))
        })
    }),
    // The cached role of the member is forgotten.
    warm(RouteId::SetMemberRole, &["postgrest rpc/set_member_role"], &["upstash EVALSHA"], |world| {
        Box::pin(async {
            let (owner, member_id) = with_member(world).await;
            let body = json!({"role": "admin"}).to_string();
            owner.request(Method::PATCH, &format!("/members/{member_id}")).body(body)
        })
    }),
    warm(RouteId::RemoveMember, &["postgrest rpc/remove_member"], &["upstash EVALSHA"], |world| {
        Box::pin(async {
            let (owner, member_id) = with_member(world).await;
            owner.request(Method::DELETE, &format!("/members/{member_id}"))
        })
    }),
];

/// An owner, and the id of a member of theirs.
async fn with_member(world: &World) -> (Founder<'_>, String) {
    let (owner, mut member) = (world.founder().await, world.founder().await);
    invite_and_join(&owner, &mut member, "member").await;
    let id = user_id(&member).await;
    (owner, id)
}
