//! Who somebody is, and what comes next for them.

use super::id::RouteId;
use super::row::{Body, Caller, Method, PERSON_READ, Route};
use crate::error::ErrorCode;

pub(super) const ROUTES: &[Route] = &[
    Route {
        id: RouteId::EnsureProfile,
        method: Method::Post,
        path: "/auth/ensure-profile",
        summary: "Makes sure that the signed-in person has a profile, a workspace and its ownership. Safe to repeat.",
        body: Body::Bytes,
        max_body: 1_024,
        response: "EnsureProfile",
        errors: &[ErrorCode::AnonymousNotAllowed, ErrorCode::AccountDisabled, ErrorCode::AccountNotFound],
        ..PERSON_READ
    },
    Route {
        id: RouteId::VerifyProfile,
        path: "/auth/verify-profile",
        summary: "Says which conditions the signed-in person meets, and the one next action.",
        response: "VerifyProfile",
        ..PERSON_READ
    },
    Route {
        id: RouteId::Gate,
        path: "/auth/gate",
        summary: "The gate's decision for the page `path`, and why. Takes a session and does not need one: without it the decision is a redirect, and no call is made. `X-Workspace-Id`, or `workspace`, names another workspace than the caller's own; support may name any.",
        caller: Caller::Visitor,
        response: "GateAnswer",
        errors: &[ErrorCode::WorkspaceHeaderInvalid, ErrorCode::WorkspaceNotFound],
        ..PERSON_READ
    },
];
