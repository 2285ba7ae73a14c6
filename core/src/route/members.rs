//! Who belongs to a workspace.

use super::id::RouteId;
use super::row::{Body, Caller, EDITOR_WRITE, MEMBER_READ, MEMBER_WRITE, Method, Role, Route};
use crate::error::ErrorCode;

/// The largest body with an e-mail address or an invitation's token, in bytes.
const INVITATION_BODY: usize = 4_096;

pub(super) const ROUTES: &[Route] = &[
    Route {
        id: RouteId::Members,
        path: "/members",
        summary: "The people of the workspace; for owner and admins their addresses and the open invitations too.",
        response: "Members",
        ..MEMBER_READ
    },
    Route {
        id: RouteId::InviteMember,
        path: "/members/invite",
        summary: "Invites an e-mail address for 7 days. An open invitation holds a seat of the plan. An admin is invited by the owner alone.",
        plan: true,
        max_body: INVITATION_BODY,
        request: Some("InviteRequest"),
        response: "Invitation",
        errors: &[
            ErrorCode::PlanLimitReached,
            ErrorCode::InvitationOpen,
            ErrorCode::AlreadyMember,
            ErrorCode::EmailInvalid,
            ErrorCode::RoleUnknown,
            ErrorCode::TooManyInvitations,
        ],
        ..EDITOR_WRITE
    },
    Route {
        id: RouteId::AcceptInvitation,
        path: "/members/accept",
        summary: "Joins the workspace of an invitation that went to the session's own confirmed address. Safe to repeat.",
        caller: Caller::Person,
        max_body: INVITATION_BODY,
        request: Some("AcceptRequest"),
        response: "Joined",
        errors: &[
            ErrorCode::InvitationNotFound,
            ErrorCode::InvitationForAnother,
            ErrorCode::InvitationUsed,
            ErrorCode::InvitationRevoked,
            ErrorCode::InvitationExpired,
            ErrorCode::EmailUnconfirmed,
            ErrorCode::PlanRequired,
            ErrorCode::PlanLimitReached,
            ErrorCode::ProfileNotFound,
        ],
        ..MEMBER_WRITE
    },
    Route {
        id: RouteId::RevokeInvitation,
        method: Method::Delete,
        path: "/members/invitations/{invitation_id}",
        summary: "Withdraws an invitation that nobody has accepted. Safe to repeat.",
        role: Role::Editor,
        response: "Revoked",
        errors: &[ErrorCode::InvitationNotFound, ErrorCode::InvitationUsed],
        ..MEMBER_READ
    },
    Route {
        id: RouteId::SetMemberRole,
        method: Method::Patch,
        path: "/members/{user_id}",
        summary: "Makes a member an admin, or an admin a member.",
        role: Role::Owner,
        body: Body::Json,
        request: Some("RoleRequest"),
        response: "MemberChanged",
        errors: &[ErrorCode::MemberNotFound, ErrorCode::OwnerStays, ErrorCode::RoleUnknown],
        ..MEMBER_WRITE
    },
    Route {
        id: RouteId::RemoveMember,
        method: Method::Delete,
        path: "/members/{user_id}",
        summary: "Removes somebody from the workspace, or oneself. The owner stays; an admin is removed by the owner alone.",
        response: "MemberRemoved",
        errors: &[ErrorCode::RoleNotAllowed, ErrorCode::MemberNotFound, ErrorCode::OwnerStays],
        ..MEMBER_READ
    },
];
