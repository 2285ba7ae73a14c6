//! Who somebody is, and what comes next for them.

use gatehouse_core::route::RouteId;
use reqwest::Method;

use super::{Trace, warm};

pub const TRACES: &[Trace] = &[
    warm(RouteId::EnsureProfile, &["postgrest rpc/ensure_profile"], &[], |world| {
        Box::pin(async { world.founder().await.request(Method::POST, "/auth/ensure-profile") })
    }),
    warm(RouteId::VerifyProfile, &["postgrest rpc/verify_profile"], &[], |world| {
        Box::pin(async { world.founder().await.request(Method::GET, "/auth/verify-profile") })
    }),
    warm(RouteId::Gate, &["postgrest rpc/read_gate"], &[], |world| {
        Box::pin(async { world.founder().await.request(Method::GET, "/auth/gate?path=/dashboard") })
    }),
];
