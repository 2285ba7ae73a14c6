//! Exactly which network calls each route makes, by the Worker's own word and by the services that it calls.
//!
//! A new route gets an entry in the file of its area, and a second one when its row says that a cold cache costs more.

mod account;
mod context;
mod members;
mod onboarding;
mod payments;
mod system;

use std::path::Path;

use futures_util::future::LocalBoxFuture;
use gatehouse_core::route::{self, RouteId};

use crate::support::{Founder, Reply, Request, World, answers, recorded_calls, until};

/// The calls of one request to a route.
struct Trace {
    route: RouteId,
    /// Whether what the route reads is not cached: its row's `cold_extra` comes on top.
    cold: bool,
    /// Before the answer, as `Server-Timing` names them.
    before: &'static [&'static str],
    /// After the answer, as [`recorded_calls`] names them.
    after: &'static [&'static str],
    /// Prepares what the request needs, and builds it.
    request: Prepare,
}

type Prepare = for<'a> fn(&'a World) -> LocalBoxFuture<'a, Request<'a>>;
type Calls = &'static [&'static str];

const fn warm(route: RouteId, before: Calls, after: Calls, request: Prepare) -> Trace {
    Trace { route, cold: false, before, after, request }
}

const fn cold(route: RouteId, before: Calls, after: Calls, request: Prepare) -> Trace {
    Trace { route, cold: true, before, after, request }
}

const AREAS: [&[Trace]; 6] =
    [system::TRACES, account::TRACES, onboarding::TRACES, context::TRACES, payments::TRACES, members::TRACES];

impl Trace {
    async fn send(&self, world: &World) -> Reply {
        let request = (self.request)(world).await;
        assert_eq!(request.route(), Some(self.route), "an entry's request goes to its route");
        let reply = request.send().await;
        assert!((200..300).contains(&reply.status), "{:?}: {reply:?}", self.route);
        reply
    }

    /// Before and after the answer, as [`recorded_calls`] names them.
    fn recorded(&self) -> Vec<&'static str> {
        let script = |call: &'static str| match call.strip_prefix("upstash ") {
            Some(command) => &call[.."upstash ".len() + command.find(' ').unwrap_or(command.len())],
            None => call,
        };
        self.before.iter().map(|call| script(call)).chain(self.after.iter().copied()).collect()
    }
}

/// On a platform of its own: after a webhook the Worker sends the e-mails of everybody.
#[tokio::test]
async fn every_route_makes_the_calls_that_the_table_says() {
    let world = World::own().await;
    warm_up(&world).await;
    let mut sent = Vec::new();
    for route in route::routes() {
        let traces: Vec<_> = AREAS.into_iter().flatten().filter(|trace| trace.route == route.id).collect();
        assert!(traces.iter().any(|trace| !trace.cold), "{:?} has no warm trace", route.id);
        let has_cold = traces.iter().any(|trace| trace.cold);
        assert_eq!(has_cold, route.calls.cold_extra > 0, "{:?}: a cold trace, by its row", route.id);
        for trace in traces {
            let reply = trace.send(&world).await;
            assert_eq!(reply.calls, trace.before, "{:?}", route.id);
            let calls = route.calls.warm + if trace.cold { route.calls.cold_extra } else { 0 };
            assert_eq!(reply.calls.len(), usize::from(calls), "{:?}, by the table of routes", route.id);
            sent.push((trace, reply.id));
        }
    }
    for (trace, id) in &sent {
        let expected = trace.recorded();
        until(&format!("{:?} calls {expected:?}", trace.route), || async {
            recorded_calls(&world, id).len() >= expected.len()
        })
        .await;
    }
    // All of them by now, so that a call too many is seen.
    for (trace, id) in &sent {
        assert_eq!(recorded_calls(&world, id), trace.recorded(), "{:?}", trace.route);
    }
}

/// Keys, tokens and scripts are known, as after a while of service: each costs one call more, once.
async fn warm_up(world: &World) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../edge/src/lua");
    let text = |path: &Path| std::fs::read_to_string(path).expect("a script");
    let prelude = folder.join("prelude.lua");
    for entry in std::fs::read_dir(&folder).expect("the folder of scripts") {
        let path = entry.expect("an entry").path();
        if path != prelude {
            world.redis(&["SCRIPT", "LOAD", &(text(&prelude) + &text(&path))]).await;
        }
    }
    let founder = with_manifest(world).await;
    founder.order().await;
    context::suggest_request(&founder).send().await;
}

/// A founder with a plan and a manifest, whose membership no cache has.
async fn with_manifest(world: &World) -> Founder<'_> {
    let founder = world.founder().await;
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    founder
}

/// As [`with_manifest`], once the cache has manifest and membership.
async fn with_cached_manifest(world: &World) -> Founder<'_> {
    let founder = with_manifest(world).await;
    until("the manifest comes from the cache", || async {
        founder.get("/context/manifest").await.header("x-cache") == Some("tier0")
    })
    .await;
    founder
}
