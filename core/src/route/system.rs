//! What operators ask of the Worker.

use super::id::RouteId;
use super::row::{Body, Caller, Calls, Method, OPEN, Route};
use crate::error::ErrorCode;

pub(super) const ROUTES: &[Route] = &[
    Route {
        id: RouteId::Health,
        path: "/health",
        summary: "Says that the Worker runs, and which build.",
        response: "Health",
        budget_ms: 200,
        ..OPEN
    },
    Route {
        id: RouteId::Ready,
        path: "/ready",
        summary: "Whether the database, the cache and the sign-in service answer, and PhonePe, without which only payments are unavailable.",
        response: "Ready",
        calls: Calls::always(4),
        budget_ms: 5_000,
        ..OPEN
    },
    Route {
        id: RouteId::OpenApi,
        path: "/openapi.json",
        summary: "This API as an OpenAPI 3.1 document. The same for everybody and cacheable.",
        response: "OpenApi",
        budget_ms: 200,
        ..OPEN
    },
    Route {
        id: RouteId::Metrics,
        path: "/metrics",
        summary: "Counters and queues as Prometheus reads them, for the bearer of METRICS_TOKEN. Counters lag by up to 10 seconds.",
        caller: Caller::Metrics,
        response: "Metrics",
        calls: Calls::always(2),
        budget_ms: 5_000,
        ..OPEN
    },
    Route {
        id: RouteId::Replay,
        method: Method::Post,
        path: "/operations/replay",
        summary: "What a stored webhook would change now, by PhonePe's own status; with `apply` it is done. For the bearer of OPERATOR_TOKEN. Safe to repeat.",
        caller: Caller::Operator,
        body: Body::Json,
        max_body: 1_024,
        request: Some("ReplayRequest"),
        response: "Replayed",
        calls: Calls::always(3),
        budget_ms: 5_000,
        errors: &[ErrorCode::WebhookNotFound, ErrorCode::WebhookNotVerified],
        ..OPEN
    },
];
