//! One handler for each route of the table in core. A handler's doc comment lists its steps with the status of each
//! failure, and its body carries the same numbers. No business rule stands here.

mod auth;
mod context;
mod health;
mod members;
mod onboarding;
mod openapi;
mod operations;
mod payments;
pub mod probes;

use gatehouse_core::error::Error;
use gatehouse_core::route::{Params, Route, RouteId};

use crate::entry::{Call, admit};
use crate::http::{Reply, Request};
use crate::scope::Scope;

/// Names the handler of each route. A handler's [`Call`] must ask for what the route's row asks for, or this does not
/// compile.
macro_rules! handlers {
    ($($route:ident => $handler:path,)*) => {
        /// Runs a route's handler, once the request has what the route's row asks for. `params` are the values of the
        /// path's parameters.
        ///
        /// # Errors
        /// What the request lacks, or what the handler refuses with.
        pub async fn handle(
            scope: &Scope,
            request: &Request<'_>,
            route: &'static Route,
            params: &Params,
        ) -> Result<Reply, Error> {
            let admitted = admit(scope, request, route).await?;
            match route.id {
                $(RouteId::$route => {
                    let call = Call::new::<{ RouteId::$route as u8 }>(request, route, params, admitted)?;
                    $handler(scope, call).await
                })*
            }
        }
    };
}

handlers! {
    Health => health::health,
    Ready => operations::ready,
    OpenApi => openapi::openapi,
    Metrics => operations::metrics,
    Replay => operations::replay,
    EnsureProfile => auth::ensure_profile::ensure_profile,
    VerifyProfile => auth::verify_profile::verify_profile,
    Gate => auth::gate::gate,
    ReadSession => onboarding::session::read,
    ReplaceSession => onboarding::session::replace,
    ResetSession => onboarding::session::reset,
    SaveStep => onboarding::step::save,
    Finalize => onboarding::finalize::finalize,
    Manifest => context::manifest::manifest,
    History => context::history::history,
    Diff => context::diff::diff,
    ReadSource => context::source::read,
    EditSource => context::source::edit,
    Restore => context::restore::restore,
    Rebuild => context::rebuild::rebuild,
    Export => context::export::export,
    Suggestions => context::suggestions::list,
    Suggest => context::suggestions::suggest,
    DecideSuggestion => context::suggestions::decide,
    Plans => payments::plans::plans,
    PaymentInit => payments::init::init,
    PaymentStatus => payments::status::status,
    Orders => payments::orders::orders,
    PaymentTimeline => payments::orders::timeline,
    Refund => payments::refund::refund,
    Members => members::list,
    InviteMember => members::invite,
    AcceptInvitation => members::accept,
    RevokeInvitation => members::revoke,
    SetMemberRole => members::set_role,
    RemoveMember => members::remove,
    PhonePeWebhook => payments::webhook::webhook,
}
