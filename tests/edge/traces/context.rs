//! The manifest, what it is made from, and suggestions for it.

use gatehouse_core::route::RouteId;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::{Trace, cold, warm, with_cached_manifest, with_manifest};
use crate::support::{Founder, Request, World, answers};

pub const TRACES: &[Trace] = &[
    warm(RouteId::Manifest, &["upstash EVALSHA read_manifest"], &[], |world| {
        Box::pin(async { with_cached_manifest(world).await.request(Method::GET, "/context/manifest") })
    }),
    // The last call keeps what Postgres said.
    cold(
        RouteId::Manifest,
        &["upstash EVALSHA read_manifest", "postgrest rpc/read_manifest"],
        &["upstash EVALSHA"],
        |world| Box::pin(async { with_manifest(world).await.request(Method::GET, "/context/manifest") }),
    ),
    warm(RouteId::History, &["postgrest rpc/manifest_history"], &[], |world| {
        Box::pin(async { with_manifest(world).await.request(Method::GET, "/context/history") })
    }),
    warm(RouteId::Diff, &["postgrest rpc/read_versions_pair"], &[], |world| {
        Box::pin(async { with_manifest(world).await.request(Method::GET, "/context/diff?from=1&to=1") })
    }),
    warm(RouteId::ReadSource, &["postgrest rpc/read_source"], &[], |world| {
        Box::pin(async { with_manifest(world).await.request(Method::GET, "/context/source") })
    }),
    warm(
        RouteId::EditSource,
        &[
            "upstash EVALSHA raise_fence",
            "postgrest rpc/read_source",
            "postgrest rpc/edit_source",
            "upstash EVALSHA publish_manifest",
        ],
        &[],
        |world| {
            Box::pin(async {
                let body = json!({"answers": answers()}).to_string();
                let edit = with_manifest(world).await.request(Method::PUT, "/context/source");
                edit.header("if-match", "\"1\"").body(body)
            })
        },
    ),
    warm(
        RouteId::Restore,
        &[
            "upstash EVALSHA raise_fence",
            "postgrest rpc/restore_manifest",
            "upstash EVALSHA publish_manifest",
        ],
        &[],
        |world| {
            Box::pin(async {
                let body = json!({"version": 1}).to_string();
                with_manifest(world).await.request(Method::POST, "/context/restore").body(body)
            })
        },
    ),
    // The last call keeps the answer for a repeat.
    warm(
        RouteId::Rebuild,
        &[
            "upstash EVALSHA raise_fence",
            "postgrest rpc/read_source",
            "postgrest rpc/store_manifest",
            "upstash EVALSHA publish_manifest",
        ],
        &["upstash EVALSHA"],
        |world| {
            Box::pin(async {
                let rebuild = with_manifest(world).await.request(Method::POST, "/context/rebuild");
                rebuild.header("idempotency-key", &Uuid::new_v4().to_string())
            })
        },
    ),
    warm(RouteId::Export, &["upstash EVALSHA read_manifest"], &["postgrest rpc/record_events"], |world| {
        Box::pin(async { export_request(&with_cached_manifest(world).await) })
    }),
    cold(
        RouteId::Export,
        &["upstash EVALSHA read_manifest", "postgrest rpc/read_manifest"],
        &["upstash EVALSHA", "postgrest rpc/record_events"],
        |world| Box::pin(async { export_request(&with_manifest(world).await) }),
    ),
    warm(RouteId::Suggestions, &["postgrest rpc/list_suggestions"], &[], |world| {
        Box::pin(async { with_manifest(world).await.request(Method::GET, "/context/suggestions") })
    }),
    warm(
        RouteId::Suggest,
        &[
            "upstash EVALSHA begin_idempotent",
            "postgrest rpc/begin_suggestions",
            "vertex generateContent",
            "postgrest rpc/keep_suggestions",
        ],
        &["upstash EVALSHA"],
        |world| Box::pin(async { suggest_request(&with_manifest(world).await) }),
    ),
    warm(RouteId::DecideSuggestion, &["postgrest rpc/decide_suggestion"], &[], |world| {
        Box::pin(async { decide_request(world).await })
    }),
];

fn export_request<'a>(founder: &Founder<'a>) -> Request<'a> {
    founder.request(Method::POST, "/context/export").body(json!({"format": "markdown"}).to_string())
}

pub fn suggest_request<'a>(founder: &Founder<'a>) -> Request<'a> {
    founder
        .request(Method::POST, "/context/suggestions")
        .header("idempotency-key", &Uuid::new_v4().to_string())
        .body(json!({"fields": ["brand_tone"]}).to_string())
}

async fn decide_request(world: &World) -> Request<'_> {
    let founder = with_manifest(world).await;
    let suggested = suggest_request(&founder).send().await;
    let id = suggested.json["suggestions"][0]["id"].as_str().expect("a suggestion");
    founder
        .request(Method::PATCH, &format!("/context/suggestions/{id}"))
        .body(json!({"state": "accepted"}).to_string())
}
