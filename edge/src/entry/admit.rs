//! The checks that every request passes before its handler runs, in one order for all routes.

use gatehouse_core::auth::{bearer, secrets_match};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::idempotency::parse_key;
use gatehouse_core::payment::webhook;
use gatehouse_core::route::{Body, Caller, Route};
use gatehouse_core::uuid::is_uuid;

use super::admitted::{Admitted, AdmittedCaller, Proof, Visitor};
use super::person::UnverifiedMember;
use super::session;
use crate::http::Request;
use crate::scope::Scope;

/// Checks what the row asks for.
///
/// 1. The announced length of the body: 413.
/// 2. The session, with the sender of a change by cookie, or the operator's token: 401, 403, 404, 503.
/// 3. The workspace: 400.
/// 4. The idempotency key: 400.
/// 5. The body: 413. Whether it is the JSON that the handler takes is judged where its type is known: 400.
///
/// # Errors
/// As above.
pub async fn admit(scope: &Scope, request: &Request<'_>, route: &'static Route) -> Result<Admitted, Error> {
    // 1.
    request.check_announced_length(route.max_body).await?;
    // 2. and 3.
    let caller = match route.caller {
        Caller::Anybody => AdmittedCaller::Anybody,
        Caller::Visitor => AdmittedCaller::Visitor(visitor(scope, request).await?),
        Caller::Person => AdmittedCaller::Person(session::require(scope, request).await?),
        Caller::Member => {
            let person = session::require(scope, request).await?;
            let id = request.header("x-workspace-id").ok_or(ErrorCode::WorkspaceHeaderMissing)?;
            let member = UnverifiedMember::new(person, workspace_id(scope, &id)?, route);
            AdmittedCaller::Member(member)
        }
        Caller::PhonePe => {
            let header = webhook::proof_header(&scope.settings.phonepe.keys);
            AdmittedCaller::PhonePe(Proof(request.header(header).unwrap_or_default()))
        }
        Caller::Metrics => operator(request, scope.settings.metrics_token.as_deref())?,
        Caller::Operator => operator(request, scope.settings.operator_token.as_deref())?,
    };
    // 4.
    let key = if route.key {
        let header = request.header("idempotency-key").ok_or(ErrorCode::IdempotencyKeyMissing)?;
        Some(parse_key(&header).ok_or(ErrorCode::IdempotencyKeyMissing)?.to_owned())
    } else {
        None
    };
    // 5.
    let body = if route.body == Body::Nothing { Vec::new() } else { request.body(route.max_body).await? };
    Ok(Admitted { caller, key, body })
}

/// The session, judged and not required, and the workspace that the header or the query names, if one does.
async fn visitor(scope: &Scope, request: &Request<'_>) -> Result<Visitor, Error> {
    let person = session::require(scope, request).await;
    let named = request.header("x-workspace-id").or_else(|| request.query("workspace").map(str::to_owned));
    let workspace_id = named.map(|id| workspace_id(scope, &id)).transpose()?;
    Ok(Visitor { person, workspace_id })
}

/// A workspace's id in the one spelling that keys and logs use.
///
/// # Errors
/// `workspace_header_invalid`.
fn workspace_id(scope: &Scope, text: &str) -> Result<String, Error> {
    let id = text.trim().to_ascii_lowercase();
    if !is_uuid(&id) {
        return Err(ErrorCode::WorkspaceHeaderInvalid.into());
    }
    scope.note_workspace(&id);
    Ok(id)
}

/// # Errors
/// `route_not_found` where no token is set, `operator_token_invalid`.
fn operator(request: &Request<'_>, token: Option<&str>) -> Result<AdmittedCaller, Error> {
    let token = token.ok_or(ErrorCode::RouteNotFound)?;
    let authorization = request.header("authorization").unwrap_or_default();
    let sent = bearer(&authorization).unwrap_or_default();
    if secrets_match(sent, token) {
        Ok(AdmittedCaller::Anybody)
    } else {
        Err(ErrorCode::OperatorTokenInvalid.into())
    }
}
