//! The questionnaire. Warm is a session in Redis that the caller has just read.

use gatehouse_core::route::RouteId;
use reqwest::Method;
use serde_json::json;

use super::{Trace, cold, warm};
use crate::onboarding::{LOOK, SNAPSHOT, if_match, load, put, snapshot_reaches};
use crate::support::{Ask, Founder, World, answers};

/// Redis does not know the membership or the session: Postgres answers, and what it said is kept.
const COLD: &[&str] = &[LOOK, SNAPSHOT, LOOK];
/// The snapshot at once, and a look for later saves when the lease of 4 s is over.
const SAVED: &[&str] = &["postgrest rpc/save_snapshot", "upstash EVALSHA"];
const FINALIZED: &[&str] =
    &["upstash EVALSHA raise_fence", "postgrest rpc/finalize_onboarding", "upstash EVALSHA publish_manifest"];

pub const TRACES: &[Trace] = &[
    warm(RouteId::ReadSession, &[LOOK], &[], |world| {
        Box::pin(async { looked(world).await.ask(Method::GET, "/onboarding/session") })
    }),
    cold(RouteId::ReadSession, COLD, &[], |world| {
        Box::pin(async { world.founder().await.ask(Method::GET, "/onboarding/session") })
    }),
    warm(RouteId::ReplaceSession, &[LOOK], SAVED, |world| {
        Box::pin(async { replacing(&looked(world).await) })
    }),
    cold(RouteId::ReplaceSession, COLD, SAVED, |world| Box::pin(async { replacing(&world.founder().await) })),
    warm(RouteId::ResetSession, &[LOOK], SAVED, |world| {
        Box::pin(async { looked(world).await.ask(Method::DELETE, "/onboarding/session") })
    }),
    cold(RouteId::ResetSession, COLD, SAVED, |world| {
        Box::pin(async { world.founder().await.ask(Method::DELETE, "/onboarding/session") })
    }),
    warm(RouteId::SaveStep, &[LOOK], SAVED, |world| Box::pin(async { saving(&looked(world).await) })),
    cold(RouteId::SaveStep, COLD, SAVED, |world| Box::pin(async { saving(&world.founder().await) })),
    warm(RouteId::Finalize, FINALIZED, &[], |world| {
        Box::pin(async {
            let body = json!({"answers": answers()}).to_string();
            world.founder().await.ask(Method::POST, "/onboarding/finalize").body(body)
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
                let founder = looked(world).await;
                put(&founder, 0, &answers()).await;
                snapshot_reaches(world, &founder, 1).await;
                world.redis(&["DEL", &format!("onb:{}", founder.workspace_id)]).await;
                founder.ask(Method::POST, "/onboarding/finalize")
            })
        },
    ),
];

/// A founder who has just read the session.
async fn looked(world: &World) -> Founder<'_> {
    let founder = world.founder().await;
    load(&founder).await;
    founder
}

fn replacing<'a>(founder: &Founder<'a>) -> Ask<'a> {
    let body = json!({"answers": {"industry": "Tea"}}).to_string();
    if_match(founder.ask(Method::PUT, "/onboarding/session"), 0).body(body)
}

fn saving<'a>(founder: &Founder<'a>) -> Ask<'a> {
    let body = json!({"answers": {"industry": "Tea"}}).to_string();
    if_match(founder.ask(Method::PATCH, "/onboarding/steps/company"), 0).body(body)
}
