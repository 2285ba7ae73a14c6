//! Who somebody is, and what comes next for them.

use super::{Calls, Method, Route, RouteId};
use crate::error::ErrorCode;

pub(super) const ROUTES: &[Route] = &[
    Route {
        id: RouteId::EnsureProfile,
        method: Method::Post,
        path: "/auth/ensure-profile",
        summary: "Makes sure that the signed-in person has a profile, a workspace and its ownership. Safe to repeat.",
        session: true,
        workspace: false,
        max_body: 1_024,
        request: None,
        response: "EnsureProfile",
        calls: Calls { warm: 1, cold_extra: 0 },
        budget_ms: 1_000,
        errors: &[
            ErrorCode::AnonymousNotAllowed,
            ErrorCode::AccountDisabled,
            ErrorCode::AccountNotFound,
            ErrorCode::DependencyUnavailable,
        ],
    },
    Route {
        id: RouteId::VerifyProfile,
        method: Method::Get,
        path: "/auth/verify-profile",
        summary: "Says which conditions the signed-in person meets, and the one next action.",
        session: true,
        workspace: false,
        max_body: 0,
        request: None,
        response: "VerifyProfile",
        calls: Calls { warm: 1, cold_extra: 0 },
        budget_ms: 1_000,
        errors: &[ErrorCode::DependencyUnavailable],
    },
    Route {
        id: RouteId::Gate,
        method: Method::Get,
        path: "/auth/gate",
        summary: "The gate's decision for the page `path`, and why. Takes a session and does not need one: without it the decision is a redirect, and no call is made. `X-Workspace-Id`, or `workspace`, names another workspace than the caller's own; support may name any.",
        session: false,
        workspace: false,
        max_body: 0,
        request: None,
        response: "GateAnswer",
        calls: Calls { warm: 1, cold_extra: 0 },
        budget_ms: 1_000,
        errors: &[ErrorCode::WorkspaceHeaderInvalid, ErrorCode::WorkspaceNotFound],
    },
];
