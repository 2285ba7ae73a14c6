//! One log line for each request, with the listed fields and nothing personal.

use gatehouse_core::log::FIELDS;
use serde_json::Value;

use crate::support::{World, answers, until};

async fn line_of(world: &World, id: &str) -> Value {
    let find = || {
        world.worker.logs().iter().find_map(|line| {
            let json: Value = serde_json::from_str(&line.message).ok()?;
            (json["event"] == "request" && json["request_id"] == id).then_some(json)
        })
    };
    until("the request's log line", || async { find().is_some() }).await;
    find().unwrap()
}

#[tokio::test]
async fn a_request_leaves_one_line_with_its_calls_and_no_personal_data() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let reply = founder.finalize(&answers()).await;
    let line = line_of(world, &reply.id).await;
    let names: Vec<_> = line.as_object().unwrap().keys().map(String::as_str).collect();
    let mut listed: Vec<_> = FIELDS.iter().map(|(name, _)| *name).collect();
    listed.sort_unstable();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, listed);
    assert_eq!(line["route"], "/onboarding/finalize");
    assert_eq!(line["calls"].as_array().unwrap().len(), reply.calls.len());
    let logs: Vec<_> = world.worker.logs().into_iter().map(|line| line.message).collect();
    let logs = logs.join("\n");
    for secret in [founder.email.as_str(), founder.token.as_str(), "चाय कथा", world.stack.upstash_token()]
    {
        assert!(!logs.contains(secret), "the log holds {secret}");
    }
}

#[tokio::test]
async fn a_refusal_is_logged_with_its_code_and_the_paths_of_strangers_are_not() {
    let world = World::shared().await;
    let reply = world.request(reqwest::Method::GET, "/wp-login.php").send().await;
    let line = line_of(world, &reply.id).await;
    assert_eq!((line["route"].as_str(), line["code"].as_str()), (Some("unmatched"), Some("route_not_found")));
}

#[tokio::test]
async fn sessions_are_never_cacheable() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let reply = founder.get("/auth/verify-profile").await;
    assert_eq!(reply.header("cache-control"), Some("private, no-store"));
}
