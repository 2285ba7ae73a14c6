//! What a row of the table says, and what follows from it.

use super::id::RouteId;
use crate::error::ErrorCode;
use crate::rate_limit::Policy;

/// The HTTP methods that our routes use. A route of GET answers HEAD too.
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

    /// Whether a request's method is this one; GET answers HEAD (RFC 9110 section 9.3.2).
    pub fn takes(self, method: &str) -> bool {
        method == self.as_str() || (self == Self::Get && method == "HEAD")
    }
}

/// Who may call a route. The Worker checks it before the handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Anybody; no session is read.
    Anybody,
    /// Anybody; the session and the workspace are read where they are given, and the handler judges them.
    Visitor,
    /// A signed-in person.
    Person,
    /// A signed-in person, in the workspace of `X-Workspace-Id`.
    Member,
    /// PhonePe, by the proof that its webhooks carry.
    PhonePe,
    /// The bearer of METRICS_TOKEN.
    Metrics,
    /// The bearer of OPERATOR_TOKEN.
    Operator,
}

/// Which members may call a route. The route's first script or SQL function checks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Every member, or what the handler's own errors say.
    Any,
    /// An owner or an admin.
    Editor,
    /// The owner.
    Owner,
}

/// What a route's body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// None is taken.
    Nothing,
    /// A JSON object.
    Json,
    /// A JSON object, or nothing.
    OptionalJson,
    /// Whatever comes; the handler reads it as it is, or does not care.
    Bytes,
}

/// How many network calls a route makes before it answers, keys and JWKS warm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calls {
    /// With the membership record warm.
    pub warm: u8,
    /// Added when it is cold.
    pub cold_extra: u8,
}

impl Calls {
    /// The same number, warm or cold.
    pub(super) const fn always(warm: u8) -> Self {
        Self { warm, cold_extra: 0 }
    }
}

/// What the Worker checks about a request before the route's handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Who may call.
    pub caller: Caller,
    /// Whether an `Idempotency-Key` is required.
    pub key: bool,
    /// What the body is.
    pub body: Body,
}

impl Needs {
    /// Whether both ask for the same, at compile time.
    pub const fn equals(self, other: Self) -> bool {
        self.caller as u8 == other.caller as u8
            && self.key == other.key
            && self.body as u8 == other.body as u8
    }
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
    /// Who may call it.
    pub caller: Caller,
    /// Which members may.
    pub role: Role,
    /// Whether the workspace needs a plan, and the caller a seat in it.
    pub plan: bool,
    /// How often one person may call it, where that is limited.
    pub limit: Option<&'static Policy>,
    /// Whether an `Idempotency-Key` is required.
    pub key: bool,
    /// What its body is.
    pub body: Body,
    /// The largest body it takes, in bytes.
    pub max_body: usize,
    /// Name of the request's type in [`crate::api`].
    pub request: Option<&'static str>,
    /// Name of the answer's type in [`crate::api`].
    pub response: &'static str,
    /// Network calls before the answer.
    pub calls: Calls,
    /// The time it may take in milliseconds (the specification's budget).
    pub budget_ms: u32,
    /// What it may refuse with, besides what the rest of the row implies.
    pub errors: &'static [ErrorCode],
}

/// The largest body of a small request, in bytes.
const SMALL_BODY: usize = 1_024;
/// The largest body with all answers of an onboarding, in bytes.
pub(super) const ANSWERS_BODY: usize = 262_144;

/// Anybody reads something that costs no call. Every other row starts from this one; a row names what differs.
pub(super) const OPEN: Route = Route {
    id: RouteId::Health,
    method: Method::Get,
    path: "",
    summary: "",
    caller: Caller::Anybody,
    role: Role::Any,
    plan: false,
    limit: None,
    key: false,
    body: Body::Nothing,
    max_body: 0,
    request: None,
    response: "",
    calls: Calls::always(0),
    budget_ms: 1_000,
    errors: &[],
};

/// A signed-in person reads something with one call.
pub(super) const PERSON_READ: Route = Route { caller: Caller::Person, calls: Calls::always(1), ..OPEN };

/// A member of the workspace reads something with one call.
pub(super) const MEMBER_READ: Route = Route { caller: Caller::Member, ..PERSON_READ };

/// A member of the workspace sends a small JSON object.
pub(super) const MEMBER_WRITE: Route =
    Route { method: Method::Post, body: Body::Json, max_body: SMALL_BODY, ..MEMBER_READ };

/// An owner or an admin sends a small JSON object.
pub(super) const EDITOR_WRITE: Route = Route { role: Role::Editor, ..MEMBER_WRITE };

impl Route {
    /// What the Worker checks before the handler runs.
    pub const fn needs(&self) -> Needs {
        Needs { caller: self.caller, key: self.key, body: self.body }
    }

    /// Whether a person's session is required.
    pub fn needs_session(&self) -> bool {
        matches!(self.caller, Caller::Person | Caller::Member)
    }

    /// Whether `X-Workspace-Id` is required.
    pub fn needs_workspace(&self) -> bool {
        self.caller == Caller::Member
    }

    /// The names of the path's parameters, in order.
    pub fn parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(parameter)
    }

    /// Every error this route may answer: its own, and those that the rest of its row implies.
    pub fn all_errors(&self) -> Vec<ErrorCode> {
        let mut codes = Vec::new();
        let mut implied = |when: bool, more: &[ErrorCode]| {
            if when {
                codes.extend_from_slice(more);
            }
        };
        implied(
            self.needs_session(),
            &[
                ErrorCode::TokenMissing,
                ErrorCode::TokenInvalid,
                ErrorCode::TokenExpired,
                ErrorCode::SigningKeyUnknown,
            ],
        );
        implied(self.needs_session() && self.method != Method::Get, &[ErrorCode::OriginNotAllowed]);
        implied(
            self.needs_workspace(),
            &[
                ErrorCode::WorkspaceHeaderMissing,
                ErrorCode::WorkspaceHeaderInvalid,
                ErrorCode::WorkspaceNotFound,
            ],
        );
        let is_operators = matches!(self.caller, Caller::Metrics | Caller::Operator);
        implied(is_operators, &[ErrorCode::RouteNotFound, ErrorCode::OperatorTokenInvalid]);
        implied(self.role != Role::Any, &[ErrorCode::RoleNotAllowed]);
        implied(self.plan, &[ErrorCode::PlanRequired, ErrorCode::NoSeat]);
        implied(self.limit.is_some(), &[ErrorCode::RateLimited]);
        implied(
            self.key,
            &[
                ErrorCode::IdempotencyKeyMissing,
                ErrorCode::IdempotencyKeyReused,
                ErrorCode::IdempotencyInFlight,
            ],
        );
        implied(self.body != Body::Nothing, &[ErrorCode::BodyTooLarge, ErrorCode::BodyInvalid]);
        // A visitor is answered even when nothing can be learnt about them.
        let calls = self.calls.warm > 0 && self.caller != Caller::Visitor;
        implied(calls, &[ErrorCode::DependencyUnavailable]);
        implied(true, self.errors);
        implied(true, &[ErrorCode::TooManyRequests, ErrorCode::Misconfigured, ErrorCode::Internal]);
        codes.sort_by_key(|code| (code.status(), code.as_str()));
        codes
    }
}

/// The name of a path's segment in braces.
pub(super) fn parameter(segment: &'static str) -> Option<&'static str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}
