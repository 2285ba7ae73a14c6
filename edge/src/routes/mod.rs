//! One handler for each route of the table. A handler's doc comment lists its steps with the status of each
//! failure, and its body carries the same numbers. No business rule stands here.

mod auth;
mod context;
mod health;
mod members;
mod onboarding;
mod operations;
mod payments;
pub mod probes;

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::route::{Params, Route, RouteId};
use gatehouse_core::uuid::is_uuid;

use crate::app::Scope;
use crate::http::{Reply, Request};

/// Runs a route's handler; `params` are the values of its path's parameters.
///
/// # Errors
/// What the handler refuses with.
pub async fn handle(
    scope: &Scope,
    request: &Request<'_>,
    route: &Route,
    params: &Params,
) -> Result<Reply, Error> {
    match route.id {
        RouteId::Health => Ok(health::health()),
        RouteId::Ready => operations::ready(scope).await,
        RouteId::Metrics => operations::metrics(scope, request).await,
        RouteId::Replay => operations::replay(scope, request, route).await,
        RouteId::EnsureProfile => auth::ensure_profile::ensure_profile(scope, request).await,
        RouteId::VerifyProfile => auth::verify_profile::verify_profile(scope, request).await,
        RouteId::Gate => auth::gate::gate(scope, request).await,
        RouteId::ReadSession => onboarding::session::read(scope, request).await,
        RouteId::ReplaceSession => onboarding::session::replace(scope, request, route).await,
        RouteId::ResetSession => onboarding::session::reset(scope, request).await,
        RouteId::SaveStep => onboarding::step::save(scope, request, route, params).await,
        RouteId::Finalize => onboarding::finalize::finalize(scope, request, route).await,
        RouteId::Manifest => context::manifest::manifest(scope, request, route).await,
        RouteId::History => context::history::history(scope, request).await,
        RouteId::Diff => context::diff::diff(scope, request).await,
        RouteId::ReadSource => context::source::read(scope, request).await,
        RouteId::EditSource => context::source::edit(scope, request, route).await,
        RouteId::Restore => context::restore::restore(scope, request, route).await,
        RouteId::Rebuild => context::rebuild::rebuild(scope, request, route).await,
        RouteId::Export => context::export::export(scope, request, route).await,
        RouteId::Suggestions => context::suggestions::list(scope, request).await,
        RouteId::Suggest => context::suggestions::ask(scope, request, route).await,
        RouteId::DecideSuggestion => {
            let id = params.get("suggestion_id");
            context::suggestions::decide(scope, request, route, id).await
        }
        RouteId::Plans => Ok(payments::plans::plans()),
        RouteId::PaymentInit => payments::init::init(scope, request, route).await,
        RouteId::PaymentStatus => {
            let order_id = params.get("order_id");
            payments::status::status(scope, request, order_id).await
        }
        RouteId::Orders => payments::orders::orders(scope, request).await,
        RouteId::PaymentTimeline => payments::orders::timeline(scope, request, params.get("order_id")).await,
        RouteId::Refund => payments::refund::refund(scope, request, route).await,
        RouteId::Members => members::list(scope, request).await,
        RouteId::InviteMember => members::invite(scope, request, route).await,
        RouteId::AcceptInvitation => members::accept(scope, request, route).await,
        RouteId::RevokeInvitation => members::revoke(scope, request, params.get("invitation_id")).await,
        RouteId::SetMemberRole => members::set_role(scope, request, route, params.get("user_id")).await,
        RouteId::RemoveMember => members::remove(scope, request, params.get("user_id")).await,
        RouteId::PhonePeWebhook => payments::webhook::webhook(scope, request, route).await,
    }
}

/// The workspace that the request names, in the one spelling that keys and logs use.
///
/// # Errors
/// `workspace_header_missing`, `workspace_header_invalid`.
fn workspace(scope: &Scope, request: &Request<'_>) -> Result<String, Error> {
    let id = request.header("x-workspace-id").ok_or(ErrorCode::WorkspaceHeaderMissing)?;
    workspace_id(scope, &id)
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

/// A whole number from 1 to `most` from the query, where it is given.
///
/// # Errors
/// `query_invalid`.
fn whole(request: &Request<'_>, name: &str, most: u32) -> Result<Option<u32>, Error> {
    let Some(text) = request.query(name) else { return Ok(None) };
    let value = text.parse().ok().filter(|value| (1..=most).contains(value));
    value.map(Some).ok_or_else(|| {
        Error::with_detail(
            ErrorCode::QueryInvalid,
            format!("`{name}` must be a whole number from 1 to {most}."),
        )
    })
}
