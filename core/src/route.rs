//! The one table of routes. The Worker dispatches on it, OpenAPI and `docs/API.md` are generated from it,
//! and the tests take from it what each route may call and how long it may take.

use crate::error::ErrorCode;
use crate::rate_limit;

/// The HTTP methods that our routes use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Writes.
    Post,
    /// Replaces.
    Put,
    /// Changes a part.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// The method as HTTP spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A route's name; the Worker has one handler for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RouteId {
    /// `GET /health`
    Health,
    /// `POST /auth/ensure-profile`
    EnsureProfile,
    /// `GET /auth/verify-profile`
    VerifyProfile,
    /// `GET /auth/gate`
    Gate,
    /// `GET /onboarding/session`
    ReadSession,
    /// `PUT /onboarding/session`
    ReplaceSession,
    /// `DELETE /onboarding/session`
    ResetSession,
    /// `PATCH /onboarding/steps/{step}`
    SaveStep,
    /// `POST /onboarding/finalize`
    Finalize,
    /// `GET /context/manifest`
    Manifest,
    /// `GET /context/history`
    History,
    /// `POST /context/export`
    Export,
    /// `GET /payments/v2/plans`
    Plans,
    /// `POST /payments/v2/init`
    PaymentInit,
    /// `GET /payments/v2/status/{order_id}`
    PaymentStatus,
    /// `GET /payments/v2/orders`
    Orders,
    /// `GET /payments/v2/{order_id}/timeline`
    PaymentTimeline,
    /// `POST /payments/v2/refund`
    Refund,
    /// `POST /api/webhooks/phonepe`
    PhonePeWebhook,
}

/// How many network calls a route makes before it answers, keys and JWKS warm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calls {
    /// With the membership record warm.
    pub warm: u8,
    /// Added when it is cold.
    pub cold_extra: u8,
}

/// One route.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Its name.
    pub id: RouteId,
    /// Its method.
    pub method: Method,
    /// Its path; a segment in braces is a parameter.
    pub path: &'static str,
    /// One sentence for the API's readers.
    pub summary: &'static str,
    /// Whether a person's session is required.
    pub session: bool,
    /// Whether `X-Workspace-Id` is required.
    pub workspace: bool,
    /// The largest body it takes, in bytes; 0 when it takes none.
    pub max_body: usize,
    /// Name of the request's type in [`crate::api`].
    pub request: Option<&'static str>,
    /// Name of the answer's type in [`crate::api`].
    pub response: &'static str,
    /// Network calls before the answer.
    pub calls: Calls,
    /// The time it may take in milliseconds (the specification's budget).
    pub budget_ms: u32,
    /// What it may refuse with, besides what its session, workspace and body rules imply.
    pub errors: &'static [ErrorCode],
}

/// Every route of the Worker.
pub const ROUTES: &[Route] = &[
    Route {
        id: RouteId::Health,
        method: Method::Get,
        path: "/health",
        summary: "Says that the Worker runs, and which build.",
        session: false,
        workspace: false,
        max_body: 0,
        request: None,
        response: "Health",
        calls: Calls { warm: 0, cold_extra: 0 },
        budget_ms: 200,
        errors: &[],
    },
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
    Route {
        id: RouteId::ReadSession,
        method: Method::Get,
        path: "/onboarding/session",
        summary: "The workspace's answers so far, with their revision.",
        session: true,
        workspace: true,
        max_body: 0,
        request: None,
        response: "OnboardingSession",
        calls: Calls { warm: 1, cold_extra: 2 },
        budget_ms: 300,
        errors: &[ErrorCode::DependencyUnavailable],
    },
    Route {
        id: RouteId::ReplaceSession,
        method: Method::Put,
        path: "/onboarding/session",
        summary: "Replaces all answers; incomplete ones are fine. `If-Match` names the revision they replace.",
        session: true,
        workspace: true,
        max_body: 262_144,
        request: Some("SessionRequest"),
        response: "OnboardingSession",
        calls: Calls { warm: 1, cold_extra: 2 },
        budget_ms: 300,
        errors: &[
            ErrorCode::AnswersInvalid,
            ErrorCode::RevisionMissing,
            ErrorCode::RevisionConflict,
            ErrorCode::SessionSubmitted,
            ErrorCode::RoleNotAllowed,
            ErrorCode::DependencyUnavailable,
        ],
    },
    Route {
        id: RouteId::ResetSession,
        method: Method::Delete,
        path: "/onboarding/session",
        summary: "Starts the answers anew, while they are a draft. `If-Match` is optional.",
        session: true,
        workspace: true,
        max_body: 0,
        request: None,
        response: "OnboardingSession",
        calls: Calls { warm: 1, cold_extra: 2 },
        budget_ms: 300,
        errors: &[
            ErrorCode::RevisionMissing,
            ErrorCode::RevisionConflict,
            ErrorCode::SessionSubmitted,
            ErrorCode::RoleNotAllowed,
            ErrorCode::DependencyUnavailable,
        ],
    },
    Route {
        id: RouteId::SaveStep,
        method: Method::Patch,
        path: "/onboarding/steps/{step}",
        summary: "Saves answers of one step. `If-Match` names the revision they are based on; a save by another tab meanwhile is merged, with one call more, unless both changed the same field.",
        session: true,
        workspace: true,
        max_body: 262_144,
        request: Some("StepRequest"),
        response: "OnboardingSession",
        calls: Calls { warm: 1, cold_extra: 2 },
        budget_ms: 300,
        errors: &[
            ErrorCode::StepNotFound,
            ErrorCode::AnswersInvalid,
            ErrorCode::RevisionMissing,
            ErrorCode::RevisionConflict,
            ErrorCode::SessionSubmitted,
            ErrorCode::RoleNotAllowed,
            ErrorCode::DependencyUnavailable,
        ],
    },
    Route {
        id: RouteId::Finalize,
        method: Method::Post,
        path: "/onboarding/finalize",
        summary: "Validates the answers, of the body or else of the session, builds the business context, and stores and publishes the manifest. Safe to repeat.",
        session: true,
        workspace: true,
        max_body: 262_144,
        request: Some("FinalizeRequest"),
        response: "Finalized",
        calls: Calls { warm: 3, cold_extra: 0 },
        budget_ms: 5_000,
        errors: &[
            ErrorCode::SessionNotFound,
            ErrorCode::AnswersInvalid,
            ErrorCode::ManifestTooLarge,
            ErrorCode::RoleNotAllowed,
            ErrorCode::DependencyUnavailable,
        ],
    },
    Route {
        id: RouteId::Manifest,
        method: Method::Get,
        path: "/context/manifest",
        summary: "The workspace's manifest; the reader computes its freshness. Answers 304 to a matching `If-None-Match`.",
        session: true,
        workspace: true,
        max_body: 0,
        request: None,
        response: "Manifest",
        calls: Calls { warm: 1, cold_extra: 1 },
        budget_ms: 200,
        errors: &[ErrorCode::ManifestNotFound, ErrorCode::DependencyUnavailable],
    },
    Route {
        id: RouteId::History,
        method: Method::Get,
        path: "/context/history",
        summary: "The manifest's versions without their content, the newest first: `limit` of them (1 to 100, 20 unless told) below the version `before`.",
        session: true,
        workspace: true,
        max_body: 0,
        request: None,
        response: "History",
        calls: Calls { warm: 1, cold_extra: 0 },
        budget_ms: 1_000,
        errors: &[ErrorCode::QueryInvalid, ErrorCode::DependencyUnavailable],
    },
    Route {
        id: RouteId::Export,
        method: Method::Post,
        path: "/context/export",
        summary: "The manifest as a file, JSON or Markdown, that carries its own checksum.",
        session: true,
        workspace: true,
        max_body: 1_024,
        request: Some("ExportRequest"),
        response: "Manifest",
        calls: Calls { warm: 1, cold_extra: 1 },
        budget_ms: 1_000,
        errors: &[ErrorCode::ManifestNotFound, ErrorCode::DependencyUnavailable],
    },
    Route {
        id: RouteId::Plans,
        method: Method::Get,
        path: "/payments/v2/plans",
        summary: "The catalogue: plans, prices in paise, what each allows. The same for everybody and cacheable.",
        session: false,
        workspace: false,
        max_body: 0,
        request: None,
        response: "Plans",
        calls: Calls { warm: 0, cold_extra: 0 },
        budget_ms: 200,
        errors: &[],
    },
    Route {
        id: RouteId::PaymentInit,
        method: Method::Post,
        path: "/payments/v2/init",
        summary: "Opens PhonePe's payment page for a plan at the catalogue's price. Needs an `Idempotency-Key`; repeats get the first answer.",
        session: true,
        workspace: true,
        max_body: 1_024,
        request: Some("InitRequest"),
        response: "Checkout",
        calls: Calls { warm: 4, cold_extra: 0 },
        budget_ms: 2_000,
        errors: &[
            ErrorCode::IdempotencyKeyMissing,
            ErrorCode::IdempotencyKeyReused,
            ErrorCode::IdempotencyInFlight,
            ErrorCode::PlanUnknown,
            ErrorCode::TooManyOrders,
            ErrorCode::RoleNotAllowed,
            ErrorCode::PaymentRefused,
            ErrorCode::DependencyUnavailable,
        ],
    },
    Route {
        id: RouteId::PaymentStatus,
        method: Method::Get,
        path: "/payments/v2/status/{order_id}",
        summary: "Where an order's money is, and when to ask again. One call from the cache; five when PhonePe is asked.",
        session: true,
        workspace: false,
        max_body: 0,
        request: None,
        response: "OrderView",
        calls: Calls { warm: 1, cold_extra: 4 },
        budget_ms: 1_000,
        errors: &[ErrorCode::OrderNotFound, ErrorCode::DependencyUnavailable],
    },
    Route {
        id: RouteId::Orders,
        method: Method::Get,
        path: "/payments/v2/orders",
        summary: "The workspace's orders, the newest first: `limit` of them (1 to 100, 20 unless told).",
        session: true,
        workspace: true,
        max_body: 0,
        request: None,
        response: "Orders",
        calls: Calls { warm: 1, cold_extra: 0 },
        budget_ms: 1_000,
        errors: &[ErrorCode::QueryInvalid, ErrorCode::DependencyUnavailable],
    },
    Route {
        id: RouteId::PaymentTimeline,
        method: Method::Get,
        path: "/payments/v2/{order_id}/timeline",
        summary: "What happened to an order's money, in words: each event, what comes next, what support can do.",
        session: true,
        workspace: false,
        max_body: 0,
        request: None,
        response: "Timeline",
        calls: Calls { warm: 1, cold_extra: 0 },
        budget_ms: 1_000,
        errors: &[ErrorCode::OrderNotFound, ErrorCode::DependencyUnavailable],
    },
    Route {
        id: RouteId::Refund,
        method: Method::Post,
        path: "/payments/v2/refund",
        summary: "Asks for an order's money back: an owner all of it within 7 days of paying, support any part at any time. Needs an `Idempotency-Key`. 202 when PhonePe has it or will be asked again, and the timeline tells the rest.",
        session: true,
        workspace: false,
        max_body: 4_096,
        request: Some("RefundRequest"),
        response: "RefundView",
        calls: Calls { warm: 4, cold_extra: 0 },
        budget_ms: 2_000,
        errors: &[
            ErrorCode::IdempotencyKeyMissing,
            ErrorCode::IdempotencyKeyReused,
            ErrorCode::IdempotencyInFlight,
            ErrorCode::OrderNotFound,
            ErrorCode::RoleNotAllowed,
            ErrorCode::OrderNotRefundable,
            ErrorCode::RefundWindowOver,
            ErrorCode::RefundAmountInvalid,
            ErrorCode::RefundReasonInvalid,
            ErrorCode::RefundRefused,
            ErrorCode::DependencyUnavailable,
        ],
    },
    Route {
        id: RouteId::PhonePeWebhook,
        method: Method::Post,
        path: "/api/webhooks/phonepe",
        summary: "PhonePe's webhook: verified, stored raw and acknowledged; the order is asked about before anything is granted.",
        session: false,
        workspace: false,
        max_body: 65_536,
        request: None,
        response: "WebhookAnswer",
        calls: Calls { warm: 1, cold_extra: 0 },
        budget_ms: 1_000,
        errors: &[ErrorCode::WebhookRejected, ErrorCode::DependencyUnavailable],
    },
];

/// What the table says about a method and a path.
#[derive(Debug)]
pub enum Matched {
    /// This route, with the values of its path's parameters.
    Route(&'static Route, Params),
    /// The path exists with other methods, given as the `Allow` header has them.
    MethodNotAllowed(String),
    /// No route has this path.
    NotFound,
}

/// The values of a path's parameters as they stand in the path: nothing is decoded, and none is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(&'static str, String)>);

impl Params {
    /// The value of `{name}`; empty when the route has no such parameter.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}

/// Finds the route of a method and a path. A path without parameters goes before one with.
pub fn find(method: &str, path: &str) -> Matched {
    find_in(ROUTES, method, path)
}

fn find_in(routes: &'static [Route], method: &str, path: &str) -> Matched {
    let exact = routes.iter().any(|route| route.path == path);
    let mut allowed: Vec<&str> = Vec::new();
    for route in routes {
        let params = if exact { (route.path == path).then(Params::default) } else { bind(route.path, path) };
        match params {
            Some(params) if route.method.as_str() == method => return Matched::Route(route, params),
            Some(_) => allowed.push(route.method.as_str()),
            None => {}
        }
    }
    if allowed.is_empty() { Matched::NotFound } else { Matched::MethodNotAllowed(allowed.join(", ")) }
}

/// The parameters' values when the path has the pattern's form.
fn bind(pattern: &'static str, path: &str) -> Option<Params> {
    let mut values = Vec::new();
    let mut segments = path.split('/');
    for wanted in pattern.split('/') {
        let segment = segments.next()?;
        match parameter(wanted) {
            Some(name) if !segment.is_empty() => values.push((name, segment.to_owned())),
            None if wanted == segment => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(Params(values))
}

fn parameter(segment: &'static str) -> Option<&'static str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

impl Route {
    /// The names of the path's parameters, in order.
    pub fn parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(parameter)
    }

    /// Every error this route may answer: its own, and those its session, workspace, body and limits imply.
    pub fn all_errors(&self) -> Vec<ErrorCode> {
        let mut codes = Vec::new();
        if self.session {
            codes.extend([
                ErrorCode::TokenMissing,
                ErrorCode::TokenInvalid,
                ErrorCode::TokenExpired,
                ErrorCode::SigningKeyUnknown,
            ]);
            if self.method != Method::Get {
                codes.push(ErrorCode::OriginNotAllowed);
            }
        }
        if self.workspace {
            codes.extend([
                ErrorCode::WorkspaceHeaderMissing,
                ErrorCode::WorkspaceHeaderInvalid,
                ErrorCode::WorkspaceNotFound,
            ]);
        }
        if self.max_body > 0 {
            codes.extend([ErrorCode::BodyTooLarge, ErrorCode::BodyInvalid]);
        }
        if rate_limit::policy(self.id).is_some() {
            codes.push(ErrorCode::RateLimited);
        }
        codes.extend(self.errors);
        codes.extend([ErrorCode::TooManyRequests, ErrorCode::Misconfigured, ErrorCode::Internal]);
        codes.sort_by_key(|code| (code.status(), code.as_str()));
        codes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_answers_found_wrong_method_and_unknown() {
        assert!(matches!(find("GET", "/health"), Matched::Route(route, _) if route.id == RouteId::Health));
        assert!(matches!(find("DELETE", "/health"), Matched::MethodNotAllowed(allow) if allow == "GET"));
        assert!(matches!(find("GET", "/health/"), Matched::NotFound));
        assert!(matches!(find("GET", "/payments/v2/status/"), Matched::NotFound));
    }

    #[test]
    fn a_segment_in_braces_takes_any_text_but_none_and_an_exact_path_goes_first() {
        const fn at(path: &'static str, method: Method) -> Route {
            Route { path, method, ..ROUTES[0] }
        }
        static TABLE: &[Route] = &[
            at("/orders/{order_id}", Method::Get),
            at("/orders/{order_id}/lines/{line}", Method::Get),
            at("/orders/open", Method::Post),
        ];
        let values = |path: &str| match find_in(TABLE, "GET", path) {
            Matched::Route(route, params) => {
                Some(route.parameters().map(|name| params.get(name).to_owned()).collect::<Vec<_>>())
            }
            _ => None,
        };
        assert_eq!(values("/orders/GH1"), Some(vec!["GH1".to_owned()]));
        assert_eq!(values("/orders/GH%201/lines/2"), Some(vec!["GH%201".to_owned(), "2".to_owned()]));
        for other in ["/orders", "/orders/", "/orders//lines/2", "/orders/GH1/", "/orders/GH1/lines/2/3"] {
            assert!(matches!(find_in(TABLE, "GET", other), Matched::NotFound), "{other}");
        }
        assert!(
            matches!(find_in(TABLE, "GET", "/orders/open"), Matched::MethodNotAllowed(allow) if allow == "POST")
        );
        assert!(
            matches!(find_in(TABLE, "POST", "/orders/GH1"), Matched::MethodNotAllowed(allow) if allow == "GET")
        );
    }

    #[test]
    fn no_two_routes_share_a_method_and_a_path() {
        for (index, route) in ROUTES.iter().enumerate() {
            assert!(
                !ROUTES[..index].iter().any(|other| other.path == route.path && other.method == route.method)
            );
        }
    }
}
