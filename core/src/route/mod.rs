//! The one table of routes. The Worker dispatches on it, OpenAPI and `docs/API.md` are generated from it,
//! and the tests take from it what each route may call and how long it may take.

mod account;
mod context;
mod members;
mod onboarding;
mod payments;
mod system;

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
    /// `GET /ready`
    Ready,
    /// `GET /metrics`
    Metrics,
    /// `POST /operations/replay`
    Replay,
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
    /// `GET /context/diff`
    Diff,
    /// `GET /context/source`
    ReadSource,
    /// `PUT /context/source`
    EditSource,
    /// `POST /context/restore`
    Restore,
    /// `POST /context/rebuild`
    Rebuild,
    /// `POST /context/export`
    Export,
    /// `GET /context/suggestions`
    Suggestions,
    /// `POST /context/suggestions`
    Suggest,
    /// `PATCH /context/suggestions/{suggestion_id}`
    DecideSuggestion,
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
    /// `GET /members`
    Members,
    /// `POST /members/invite`
    InviteMember,
    /// `POST /members/accept`
    AcceptInvitation,
    /// `DELETE /members/invitations/{invitation_id}`
    RevokeInvitation,
    /// `PATCH /members/{user_id}`
    SetMemberRole,
    /// `DELETE /members/{user_id}`
    RemoveMember,
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

/// The table, in the order in which the documents show it.
const AREAS: [&[Route]; 6] =
    [system::ROUTES, account::ROUTES, onboarding::ROUTES, context::ROUTES, payments::ROUTES, members::ROUTES];

/// Every route of the Worker.
pub fn routes() -> impl Iterator<Item = &'static Route> + Clone {
    AREAS.into_iter().flatten()
}

/// The row of a route; `None` only when the table lacks it.
pub fn of(id: RouteId) -> Option<&'static Route> {
    routes().find(|route| route.id == id)
}

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
    find_in(routes(), method, path)
}

fn find_in(routes: impl Iterator<Item = &'static Route> + Clone, method: &str, path: &str) -> Matched {
    let exact = routes.clone().any(|route| route.path == path);
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
            Route { path, method, ..system::ROUTES[0] }
        }
        static TABLE: &[Route] = &[
            at("/orders/{order_id}", Method::Get),
            at("/orders/{order_id}/lines/{line}", Method::Get),
            at("/orders/open", Method::Post),
        ];
        let values = |path: &str| match find_in(TABLE.iter(), "GET", path) {
            Matched::Route(route, params) => {
                Some(route.parameters().map(|name| params.get(name).to_owned()).collect::<Vec<_>>())
            }
            _ => None,
        };
        assert_eq!(values("/orders/GH1"), Some(vec!["GH1".to_owned()]));
        assert_eq!(values("/orders/GH%201/lines/2"), Some(vec!["GH%201".to_owned(), "2".to_owned()]));
        for other in ["/orders", "/orders/", "/orders//lines/2", "/orders/GH1/", "/orders/GH1/lines/2/3"] {
            assert!(matches!(find_in(TABLE.iter(), "GET", other), Matched::NotFound), "{other}");
        }
        assert!(
            matches!(find_in(TABLE.iter(), "GET", "/orders/open"), Matched::MethodNotAllowed(allow) if allow == "POST")
        );
        assert!(
            matches!(find_in(TABLE.iter(), "POST", "/orders/GH1"), Matched::MethodNotAllowed(allow) if allow == "GET")
        );
    }

    #[test]
    fn no_two_routes_share_a_method_and_a_path() {
        for (index, route) in routes().enumerate() {
            assert!(
                !routes().take(index).any(|other| other.path == route.path && other.method == route.method)
            );
        }
    }
}
