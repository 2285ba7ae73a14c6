//! The manifest, what it is made from, and suggestions for it.

use super::id::RouteId;
use super::row::{ANSWERS_BODY, Body, Calls, EDITOR_WRITE, MEMBER_READ, MEMBER_WRITE, Method, Route};
use crate::error::ErrorCode;
use crate::rate_limit;

/// An owner or an admin writes something new, which needs a plan.
const PAID_WRITE: Route = Route { plan: true, budget_ms: 5_000, ..EDITOR_WRITE };

pub(super) const ROUTES: &[Route] = &[
    Route {
        id: RouteId::Manifest,
        path: "/context/manifest",
        summary: "The workspace's manifest; the reader computes its freshness. Answers 304 to a matching `If-None-Match`.",
        response: "Manifest",
        calls: Calls { warm: 1, cold_extra: 1 },
        budget_ms: 200,
        errors: &[ErrorCode::ManifestNotFound],
        ..MEMBER_READ
    },
    Route {
        id: RouteId::History,
        path: "/context/history",
        summary: "The manifest's versions without their content, newest first: `limit` of them (1 to 100, default 20) below the version `before`.",
        response: "History",
        errors: &[ErrorCode::QueryInvalid],
        ..MEMBER_READ
    },
    Route {
        id: RouteId::Diff,
        path: "/context/diff",
        summary: "What differs between two versions of the manifest, `from` and `to`: sentences that name the onboarding step each text came from, and a JSON Patch (RFC 6902) that turns the one content into the other.",
        response: "VersionDiff",
        errors: &[ErrorCode::QueryInvalid, ErrorCode::VersionNotFound],
        ..MEMBER_READ
    },
    Route {
        id: RouteId::ReadSource,
        path: "/context/source",
        summary: "The answers that the manifest is made from. The ETag is its version and, after a dot, the number of edits since that made no new version.",
        response: "ContextSource",
        errors: &[ErrorCode::ManifestNotFound],
        ..MEMBER_READ
    },
    Route {
        id: RouteId::EditSource,
        method: Method::Put,
        path: "/context/source",
        summary: "Replaces the answers that the manifest is made from, rebuilds it and confirms it. `If-Match` names the ETag of what they replace; a refusal carries the other copy. Equal content makes no new version, and the answer says so. Safe to repeat.",
        limit: Some(&rate_limit::EDIT),
        max_body: ANSWERS_BODY,
        request: Some("SourceRequest"),
        response: "Written",
        calls: Calls::always(4),
        errors: &[
            ErrorCode::AnswersInvalid,
            ErrorCode::RevisionMissing,
            ErrorCode::VersionConflict,
            ErrorCode::ManifestNotFound,
            ErrorCode::ManifestTooLarge,
        ],
        ..PAID_WRITE
    },
    Route {
        id: RouteId::Restore,
        path: "/context/restore",
        summary: "Makes an older version current again, as a new version. Content equal to the current one changes nothing, and the answer says so. Safe to repeat.",
        request: Some("RestoreRequest"),
        response: "Written",
        calls: Calls::always(3),
        budget_ms: 2_000,
        errors: &[ErrorCode::VersionNotFound],
        ..PAID_WRITE
    },
    Route {
        id: RouteId::Rebuild,
        path: "/context/rebuild",
        summary: "Reduces the stored business context again, and confirms the manifest. Equal content makes no new version, and the answer says so. Once an hour, unless `force` is true.",
        limit: Some(&rate_limit::REBUILD),
        key: true,
        body: Body::OptionalJson,
        request: Some("RebuildRequest"),
        response: "Written",
        calls: Calls::always(4),
        errors: &[
            ErrorCode::ManifestNotFound,
            ErrorCode::ManifestTooLarge,
            ErrorCode::VersionConflict,
            ErrorCode::RebuildTooSoon,
        ],
        ..PAID_WRITE
    },
    Route {
        id: RouteId::Export,
        path: "/context/export",
        summary: "The manifest as a file, JSON or Markdown, that can be verified by itself: `npm run verify -- FILE`.",
        limit: Some(&rate_limit::EXPORT),
        request: Some("ExportRequest"),
        response: "Export",
        calls: Calls { warm: 1, cold_extra: 1 },
        errors: &[ErrorCode::ManifestNotFound],
        ..MEMBER_WRITE
    },
    Route {
        id: RouteId::Suggestions,
        path: "/context/suggestions",
        summary: "What a language model has suggested and nobody has accepted or dismissed yet. Suggestions are stored apart from the manifest: none is made from them.",
        response: "Suggestions",
        ..MEMBER_READ
    },
    Route {
        id: RouteId::Suggest,
        path: "/context/suggestions",
        summary: "Asks a language model for better answers to 1 to 5 fields. What the fields' rules do not allow is left out, and a failure changes nothing. 20 times a day for each workspace. A token for the model costs one call more, once an hour.",
        limit: Some(&rate_limit::SUGGEST),
        key: true,
        request: Some("SuggestRequest"),
        response: "Suggestions",
        calls: Calls::always(4),
        budget_ms: 20_000,
        errors: &[
            ErrorCode::SuggestionsOff,
            ErrorCode::FieldsInvalid,
            ErrorCode::ManifestNotFound,
            ErrorCode::TooManySuggestions,
            ErrorCode::SuggestionsFailed,
        ],
        ..PAID_WRITE
    },
    Route {
        id: RouteId::DecideSuggestion,
        method: Method::Patch,
        path: "/context/suggestions/{suggestion_id}",
        summary: "Marks a suggestion accepted or dismissed, and returns its answer, which the person still has to save.",
        request: Some("DecideRequest"),
        response: "Suggestion",
        errors: &[ErrorCode::StatusUnknown, ErrorCode::SuggestionNotFound, ErrorCode::SuggestionDecided],
        ..EDITOR_WRITE
    },
];
