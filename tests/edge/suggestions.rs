//! Suggestions of a language model: real signatures, a simulated model, and everything that it may do wrong.

use gatehouse_core::rate_limit;
use gatehouse_devstack::vertex::Vertex;
use gatehouse_devstack::worker::{Worker, WorkerOptions, worker_vars};
use gatehouse_devstack::{Fault, Part, Stack, StackOptions};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Founder, Reply, Request, World, answers};

/// A founder with a plan and a manifest.
async fn founder_with_manifest(world: &World) -> Founder<'_> {
    let founder = world.founder().await;
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    founder
}

fn suggest_request<'a>(founder: &Founder<'a>, fields: &Value) -> Request<'a> {
    founder
        .request(Method::POST, "/context/suggestions")
        .header("idempotency-key", &Uuid::new_v4().to_string())
        .body(json!({ "fields": fields }).to_string())
}

async fn suggest(founder: &Founder<'_>, fields: Value) -> Reply {
    suggest_request(founder, &fields).send().await
}

/// Asks for the tone while the model answers otherwise.
async fn suggest_with_fault(world: &World, founder: &Founder<'_>, fault: Fault) -> Reply {
    let asked = suggest_request(founder, &json!(["brand_tone"]));
    let path = fault.path.clone().or_else(|| Some("generateContent".to_owned()));
    let fault = Fault { request_id: Some(asked.id.clone()), path, ..fault };
    world.stack.faults().set(Part::Vertex, fault).unwrap();
    asked.send().await
}

fn model_answers(text: &str, finish_reason: &str) -> Fault {
    Fault { status: Some(200), body: Some(Vertex::response_with(text, finish_reason)), ..Fault::default() }
}

async fn open_suggestions(founder: &Founder<'_>) -> Value {
    founder.get("/context/suggestions").await.json["suggestions"].clone()
}

#[tokio::test]
async fn a_suggestion_is_made_accepted_and_changes_nothing_else() {
    let world = World::shared().await;
    let founder = founder_with_manifest(world).await;
    let before = founder.get("/context/manifest").await;
    assert_eq!(open_suggestions(&founder).await, json!([]));
    // The first question of an isolate fetches a token; the next ones have it.
    suggest(&founder, json!(["core_problem"])).await;
    let made = suggest(&founder, json!(["brand_tone", "core_problem"])).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(
        made.calls,
        [
            "upstash EVALSHA begin_idempotent",
            "postgrest rpc/begin_suggestions",
            "vertex generateContent",
            "postgrest rpc/keep_suggestions"
        ]
    );
    let listed = made.json["suggestions"].as_array().unwrap().clone();
    assert_eq!((&listed[0]["field"], &listed[0]["state"]), (&json!("brand_tone"), &json!("open")));
    assert_eq!(listed[0]["answer"].as_array().unwrap().len(), 2, "{made:?}");
    assert_eq!((listed.len(), &made.json["left_out"]), (2, &json!([])));
    assert_eq!(open_suggestions(&founder).await, Value::Array(listed.clone()), "in place of the older one");

    let prompt = world.stack.vertex().requests().pop().unwrap();
    let text = prompt["contents"][0]["parts"][0]["text"].as_str().unwrap();
    assert!(text.contains(answers()["company_name"].as_str().unwrap()), "the prompt has the answers so far");

    let path = format!("/context/suggestions/{}", listed[0]["id"].as_str().unwrap());
    let decide = async |who: &Founder<'_>, state: &str| {
        who.request(Method::PATCH, &path).body(json!({ "state": state }).to_string()).send().await
    };
    let mut outsider = world.founder().await;
    decide(&outsider, "accepted").await.refused(404, "suggestion_not_found");
    outsider.workspace_id.clone_from(&founder.workspace_id);
    decide(&outsider, "accepted").await.refused(404, "workspace_not_found");
    outsider.get("/context/suggestions").await.refused(404, "workspace_not_found");
    suggest(&outsider, json!(["brand_tone"])).await.refused(404, "workspace_not_found");
    let accepted = decide(&founder, "accepted").await;
    assert_eq!((accepted.status, &accepted.json["state"]), (200, &json!("accepted")), "{accepted:?}");
    assert_eq!(accepted.json["answer"], listed[0]["answer"]);
    decide(&founder, "dismissed").await.refused(409, "suggestion_decided");
    decide(&founder, "open").await.refused(422, "status_unknown");
    decide(&founder, "perhaps").await.refused(400, "body_invalid");
    assert_eq!(open_suggestions(&founder).await, json!([listed[1]]));
    assert_eq!(founder.get("/context/manifest").await.text, before.text, "the manifest is as it was");
}

#[tokio::test]
async fn whatever_the_model_does_wrong_is_said_and_leaves_what_was_there() {
    let world = World::shared().await;
    let founder = founder_with_manifest(world).await;
    assert_eq!(suggest(&founder, json!(["brand_tone"])).await.status, 201);
    let before = open_suggestions(&founder).await;
    let status = |status: u16| Fault { status: Some(status), ..Fault::default() };
    for (fault, words) in [
        (status(429), "overloaded"),
        (status(500), "failed to answer"),
        (status(403), "refused our settings"),
        (model_answers("Here you are: warm and exact!", "STOP"), "cannot be read"),
        (model_answers("{\"brand_tone\": [\"Wa", "MAX_TOKENS"), "cut off"),
        (model_answers("{\"brand_tone\": [\"Warm\"]}", "SAFETY"), "declined"),
        (model_answers("{\"brand_tone\": \"\\u0007\", \"company_name\": \"Rival\"}", "STOP"), "nothing new"),
    ] {
        let reply = suggest_with_fault(world, &founder, fault).await;
        reply.refused(502, "suggestions_failed");
        let detail = reply.json["detail"].as_str().unwrap();
        assert!(detail.contains(words) && detail.ends_with(" was changed."), "{detail}");
        assert_eq!(open_suggestions(&founder).await, before, "{words}");
    }
    // Ten questions an hour for each person.
    let founder = founder_with_manifest(world).await;
    let away = suggest_with_fault(world, &founder, Fault { drop: true, ..Fault::default() }).await;
    away.refused(503, "dependency_unavailable");
    assert_eq!(open_suggestions(&founder).await, json!([]));

    let lies =
        json!({"brand_tone": ["  Calm ", "calm", "Exact"], "proof_points": ["10,000 customers"]}).to_string();
    let kept = suggest_with_fault(world, &founder, model_answers(&lies, "STOP")).await;
    let found: Vec<_> =
        kept.json["suggestions"].as_array().unwrap().iter().map(|one| &one["answer"]).collect();
    assert_eq!(found, [&json!(["Calm", "Exact"])], "what was asked for, in normal form, and nothing more");
}

#[tokio::test]
async fn a_token_that_is_no_longer_taken_is_replaced_once() {
    let world = World::shared().await;
    let founder = founder_with_manifest(world).await;
    let refused = Fault { status: Some(401), times: Some(1), ..Fault::default() };
    let reply = suggest_with_fault(world, &founder, refused).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let asked: Vec<_> =
        reply.calls.iter().map(String::as_str).filter(|call| call.starts_with("vertex")).collect();
    let expected = ["vertex generateContent", "vertex token", "vertex generateContent"];
    assert!(asked.ends_with(&expected), "{asked:?}");
}

#[tokio::test]
async fn who_asks_wrongly_or_too_often_is_told_before_the_model_is_asked() {
    let world = World::shared().await;
    let bare = world.founder_without_plan().await;
    suggest(&bare, json!(["brand_tone"])).await.refused(403, "plan_required");
    let founder = founder_with_manifest(world).await;
    for (fields, status, code) in [
        (json!([]), 422, "fields_invalid"),
        (json!(["proof_points"]), 422, "fields_invalid"),
        (json!(["brand_tone", "brand_tone"]), 422, "fields_invalid"),
        (json!("brand_tone"), 400, "body_invalid"),
    ] {
        let reply = suggest(&founder, fields).await;
        reply.refused(status, code);
        assert!(reply.calls.is_empty(), "{reply:?}");
    }
    founder
        .post("/context/suggestions", Some(&json!({"fields": ["brand_tone"]})))
        .await
        .refused(400, "idempotency_key_missing");
    let most = rate_limit::SUGGEST.most[0];
    for _ in 0..most {
        assert_eq!(suggest(&founder, json!(["brand_tone"])).await.status, 201);
    }
    let reply = suggest(&founder, json!(["brand_tone"])).await;
    reply.refused(429, "rate_limited");
    assert_eq!(reply.calls, ["upstash EVALSHA begin_idempotent"]);
}

#[tokio::test]
async fn without_settings_there_are_no_suggestions_and_with_some_of_them_no_start() {
    let options = StackOptions::for_tests();
    let repo = options.repo.clone();
    let stack = Stack::start(options, |_| {}).await.unwrap();
    let mut vars = worker_vars(&stack);
    vars.retain(|name, _| !name.starts_with("VERTEX_"));
    let worker =
        Worker::start(WorkerOptions { repo: repo.clone(), port: 0, vars: vars.clone() }).await.unwrap();
    let world = World::of(stack, worker);
    let founder = founder_with_manifest(&world).await;
    let reply = suggest(&founder, json!(["brand_tone"])).await;
    reply.refused(501, "suggestions_off");
    assert!(reply.calls.is_empty(), "{reply:?}");
    assert_eq!(open_suggestions(&founder).await, json!([]));

    vars.insert("VERTEX_MODEL".to_owned(), "gemini-local".to_owned());
    let worker = Worker::start(WorkerOptions { repo, port: 0, vars }).await.unwrap();
    let response = reqwest::get(format!("{}/health", worker.url)).await.unwrap();
    assert_eq!(response.status().as_u16(), 500);
    let problem: Value = response.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().starts_with("4 of "), "{problem}");
}
