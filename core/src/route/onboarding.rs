//! The questionnaire: its session and its end.

use super::id::RouteId;
use super::row::{ANSWERS_BODY, Body, Calls, EDITOR_WRITE, MEMBER_READ, Method, Role, Route};
use crate::error::ErrorCode;
use crate::rate_limit;

/// A route of the session: one call to Redis, and two more when it knows nothing.
const SESSION: Route = Route {
    path: "/onboarding/session",
    response: "OnboardingSession",
    calls: Calls { warm: 1, cold_extra: 2 },
    budget_ms: 300,
    ..MEMBER_READ
};

pub(super) const ROUTES: &[Route] = &[
    Route {
        id: RouteId::ReadSession,
        summary: "The workspace's answers so far, with their revision.",
        ..SESSION
    },
    Route {
        id: RouteId::ReplaceSession,
        method: Method::Put,
        summary: "Replaces all answers; incomplete ones are fine. `If-Match` names the revision they replace.",
        role: Role::Editor,
        body: Body::Json,
        max_body: ANSWERS_BODY,
        request: Some("SessionRequest"),
        errors: &[
            ErrorCode::AnswersInvalid,
            ErrorCode::RevisionMissing,
            ErrorCode::RevisionConflict,
            ErrorCode::SessionSubmitted,
        ],
        ..SESSION
    },
    Route {
        id: RouteId::ResetSession,
        method: Method::Delete,
        summary: "Removes all answers, while they are a draft. `If-Match` is optional.",
        role: Role::Editor,
        errors: &[ErrorCode::RevisionMissing, ErrorCode::RevisionConflict, ErrorCode::SessionSubmitted],
        ..SESSION
    },
    Route {
        id: RouteId::SaveStep,
        method: Method::Patch,
        path: "/onboarding/steps/{step}",
        summary: "Saves answers of one step. `If-Match` names the revision they are based on; a save by another tab meanwhile is merged, with one call more where it changed fields of this save, unless both changed the same one.",
        role: Role::Editor,
        body: Body::Json,
        max_body: ANSWERS_BODY,
        request: Some("StepRequest"),
        errors: &[
            ErrorCode::StepNotFound,
            ErrorCode::AnswersInvalid,
            ErrorCode::RevisionMissing,
            ErrorCode::RevisionConflict,
            ErrorCode::SessionSubmitted,
        ],
        ..SESSION
    },
    Route {
        id: RouteId::Finalize,
        path: "/onboarding/finalize",
        summary: "Validates the answers, of the body or else of the session, builds the business context, and stores and publishes the manifest. Safe to repeat.",
        plan: true,
        limit: Some(&rate_limit::FINALIZE),
        body: Body::OptionalJson,
        max_body: ANSWERS_BODY,
        request: Some("FinalizeRequest"),
        response: "Finalized",
        calls: Calls { warm: 3, cold_extra: 1 },
        budget_ms: 5_000,
        errors: &[ErrorCode::SessionNotFound, ErrorCode::AnswersInvalid, ErrorCode::ManifestTooLarge],
        ..EDITOR_WRITE
    },
];
