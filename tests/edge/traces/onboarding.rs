//! The questionnaire. Warm is a session in Redis that the caller has just read.

use gatehouse_core::route::RouteId;
use reqwest::Method;
use serde_json::json;

use super::{Trace, cold, warm};
use crate::onboarding::{
    READ_SNAPSHOT, SESSION_SCRIPT, if_match, read_session, replace_session, wait_for_snapshot,
};
use crate::support::{Founder, Request, World, answers};

/// Redis does not know the membership or the session: Postgres answers, and what it said is kept.
const COLD: &[&str] = &[SESSION_SCRIPT, READ_SNAPSHOT, SESSION_SCRIPT];
/// The snapshot at once, and a look for later saves when the lease of 4 s is over.
const SAVED: &[&str] = &["postgrest rpc/save_snapshot", "upstash EVALSHA"];
const FINALIZED: &[&str] =
    &["upstash EVALSHA raise_fence", "postgrest rpc/finalize_onboarding", "upstash EVALSHA publish_manifest"];

pub const TRACES: &[Trace] = &[
    warm(RouteId::ReadSession, &[SESSION_SCRIPT], &[], |world| {
        Box::pin(async { with_session(world).await.request(Method::GET, "/onboarding/session") })
    }),
    cold(RouteId::ReadSession, COLD, &[], |world| {
        Box::pin(async { world.founder().await.request(Method::GET, "/onboarding/session") })
    }),
    warm(RouteId::ReplaceSession, &[SESSION_SCRIPT], SAVED, |world| {
        Box::pin(async { replace_request(&with_session(world).await) })
    }),
    cold(RouteId::ReplaceSession, COLD, SAVED, |world| {
        Box::pin(async { replace_request(&world.founder().await) })
    }),
    warm(RouteId::ResetSession, &[SESSION_SCRIPT], SAVED, |world| {
        Box::pin(async { with_session(world).await.request(Method::DELETE, "/onboarding/session") })
    }),
    cold(RouteId::ResetSession, COLD, SAVED, |world| {
        Box::pin(async { world.founder().await.request(Method::DELETE, "/onboarding/session") })
    }),
    warm(RouteId::SaveStep, &[SESSION_SCRIPT], SAVED, |world| {
        Box::pin(async { save_request(&with_session(world).await) })
    }),
    cold(RouteId::SaveStep, COLD, SAVED, |world| Box::pin(async { save_request(&world.founder().await) })),
    warm(RouteId::Finalize, FINALIZED, &[], |world| {
        Box::pin(async {
            let body = json!({"answers": answers()}).to_string();
            world.founder().await.request(Method::POST, "/onboarding/finalize").body(body)
        })
    }),
    // Redis has lost the saved answers.
    cold(
        RouteId::Finalize,
        &[
            "upstash EVALSHA raise_fence",
            "postgrest rpc/read_snapshot",
            "postgrest rpc/finalize_onboarding",
            "upstash EVALSHA publish_manifest",
        ],
        &[],
        |world| {
            Box::pin(async {
                let founder = with_session(world).await;
                replace_session(&founder, 0, &answers()).await;
                wait_for_snapshot(world, &founder, 1).await;
                world.redis(&["DEL", &format!("onb:{}", founder.workspace_id)]).await;
                founder.request(Method::POST, "/onboarding/finalize")
            })
        },
    ),
];

/// A founder who has just read the session.
async fn with_session(world: &World) -> Founder<'_> {
    let founder = world.founder().await;
    read_session(&founder).await;
    founder
}

fn replace_request<'a>(founder: &Founder<'a>) -> Request<'a> {
    let body = json!({"answers": {"industry": "Tea"}}).to_string();
    if_match(founder.request(Method::PUT, "/onboarding/session"), 0).body(body)
}

fn save_request<'a>(founder: &Founder<'a>) -> Request<'a> {
    let body = json!({"answers": {"industry": "Tea"}}).to_string();
    if_match(founder.request(Method::PATCH, "/onboarding/steps/company"), 0).body(body)
}
