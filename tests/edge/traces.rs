//! Exactly which network calls each route makes, by the Worker's own word and by its neighbours'.

use gatehouse_core::route::{self, RouteId};
use serde_json::json;

use crate::support::{Reply, World, answers, seen, until};

fn budgeted(id: RouteId, reply: &Reply, cold: bool) {
    let route = route::of(id).unwrap();
    let expected = route.calls.warm + if cold { route.calls.cold_extra } else { 0 };
    assert_eq!(reply.calls.len(), usize::from(expected), "{} made {:?}", route.path, reply.calls);
}

/// Keys fetched and scripts known, as in an isolate that has served before.
async fn warm(world: &World) {
    let founder = world.founder().await;
    founder.get("/context/manifest").await;
    founder.finalize(&answers()).await;
    founder.get("/context/manifest").await;
}

#[tokio::test]
async fn every_route_makes_the_calls_that_the_table_says() {
    let world = World::shared().await;
    warm(world).await;
    let founder = world.founder().await;

    let reply = world.ask(reqwest::Method::GET, "/health").send().await;
    budgeted(RouteId::Health, &reply, false);
    seen(world, &reply.id, &[]).await;

    let reply = founder.post("/auth/ensure-profile", None).await;
    budgeted(RouteId::EnsureProfile, &reply, false);
    seen(world, &reply.id, &["/rest/v1/rpc/ensure_profile"]).await;

    let reply = founder.get("/auth/verify-profile").await;
    budgeted(RouteId::VerifyProfile, &reply, false);
    seen(world, &reply.id, &["/rest/v1/rpc/verify_profile"]).await;

    let reply = founder.get("/auth/gate?path=/dashboard").await;
    budgeted(RouteId::Gate, &reply, false);
    seen(world, &reply.id, &["/rest/v1/rpc/read_gate"]).await;

    let reply = founder.finalize(&answers()).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    budgeted(RouteId::Finalize, &reply, false);
    assert_eq!(
        reply.calls,
        [
            "upstash EVALSHA raise_fence",
            "postgrest rpc/finalize_onboarding",
            "upstash EVALSHA publish_manifest"
        ]
    );
    seen(world, &reply.id, &["upstash EVALSHA", "/rest/v1/rpc/finalize_onboarding", "upstash EVALSHA"]).await;

    // The membership record is cold: Postgres answers, and what it said is kept after the answer.
    let reply = founder.get("/context/manifest").await;
    budgeted(RouteId::Manifest, &reply, true);
    assert_eq!(reply.header("x-cache"), Some("origin"));
    seen(world, &reply.id, &["upstash EVALSHA", "/rest/v1/rpc/read_manifest", "upstash EVALSHA"]).await;

    let reply = founder.get("/context/manifest").await;
    budgeted(RouteId::Manifest, &reply, false);
    assert_eq!(reply.header("x-cache"), Some("tier0"));
    seen(world, &reply.id, &["upstash EVALSHA"]).await;

    let reply = founder.post("/context/export", Some(&json!({"format": "markdown"}))).await;
    budgeted(RouteId::Export, &reply, false);
    seen(world, &reply.id, &["upstash EVALSHA", "/rest/v1/rpc/record_events"]).await;

    let reply = founder.get("/context/diff?from=1&to=1").await;
    budgeted(RouteId::Diff, &reply, false);
    seen(world, &reply.id, &["/rest/v1/rpc/read_versions_pair"]).await;

    let reply = founder.post("/context/restore", Some(&json!({"version": 1}))).await;
    budgeted(RouteId::Restore, &reply, false);
    let restored = ["upstash EVALSHA", "/rest/v1/rpc/restore_manifest", "upstash EVALSHA"];
    seen(world, &reply.id, &restored).await;

    let reply = founder.get("/context/source").await;
    budgeted(RouteId::ReadSource, &reply, false);
    seen(world, &reply.id, &["/rest/v1/rpc/read_source"]).await;

    let edit = founder.ask(reqwest::Method::PUT, "/context/source").header("if-match", "\"1\"");
    let reply = edit.body(json!({"answers": answers()}).to_string()).send().await;
    budgeted(RouteId::EditSource, &reply, false);
    let edited =
        ["upstash EVALSHA", "/rest/v1/rpc/read_source", "/rest/v1/rpc/edit_source", "upstash EVALSHA"];
    seen(world, &reply.id, &edited).await;

    let rebuild =
        founder.ask(reqwest::Method::POST, "/context/rebuild").header("idempotency-key", "the-trace");
    let reply = rebuild.send().await;
    budgeted(RouteId::Rebuild, &reply, false);
    // The last one keeps the answer for a repeat, after it has gone out.
    let rebuilt = [
        "upstash EVALSHA",
        "/rest/v1/rpc/read_source",
        "/rest/v1/rpc/store_manifest",
        "upstash EVALSHA",
        "upstash EVALSHA",
    ];
    seen(world, &reply.id, &rebuilt).await;
}

#[tokio::test]
async fn the_same_bytes_come_from_postgres_and_from_redis() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let made = founder.finalize(&answers()).await;
    let origin = founder.get("/context/manifest").await;
    let mut tier0 = founder.get("/context/manifest").await;
    until("the membership is kept", || async {
        founder.get("/context/manifest").await.header("x-cache") == Some("tier0")
    })
    .await;
    tier0 =
        if tier0.header("x-cache") == Some("tier0") { tier0 } else { founder.get("/context/manifest").await };
    assert_eq!(origin.header("x-cache"), Some("origin"));
    assert_eq!(origin.text, tier0.text);
    assert_eq!(origin.header("etag"), tier0.header("etag"));
    assert_eq!(made.json["manifest"], origin.json);
    let known = founder
        .ask(reqwest::Method::GET, "/context/manifest")
        .header("if-none-match", origin.header("etag").unwrap());
    let known = known.send().await;
    assert_eq!((known.status, known.text.as_str()), (304, ""));
}

#[tokio::test]
async fn exports_are_files_with_safe_names_that_carry_the_checksum() {
    let world = World::shared().await;
    let founder = world.founder().await;
    founder.finalize(&answers()).await;
    let file = founder.post("/context/export", Some(&json!({"format": "markdown"}))).await;
    let checksum = founder.get("/context/manifest").await.json["checksum"].as_str().unwrap().to_owned();
    assert!(file.text.contains("चाय कथा"));
    let verified = gatehouse_core::context::verify_export(&file.text).unwrap();
    assert_eq!((verified.checksum.as_str(), verified.version), (checksum.as_str(), 1));
    assert_eq!(verified.workspace_id.as_deref(), Some(founder.workspace_id.as_str()));
    let name = format!("attachment; filename=\"manifest-{}-v1.md\"", &founder.workspace_id[..8]);
    assert_eq!(file.header("content-disposition"), Some(name.as_str()));
    let file = founder.post("/context/export", Some(&json!({"format": "json"}))).await;
    assert_eq!(gatehouse_core::context::verify_export(&file.text), Ok(verified));
    assert_eq!(file.header("content-type"), Some("application/json"));
}
