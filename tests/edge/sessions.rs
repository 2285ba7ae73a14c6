//! Sessions of every kind and forgery against the real Worker and its WebCrypto; keys that rotate; cookies.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::{Json, Router, routing};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use gatehouse_core::env::SETTINGS;
use gatehouse_devstack::StackOptions;
use gatehouse_devstack::worker::{Worker, WorkerOptions, worker_vars};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Founder, World};

/// A project that is nothing but a key set, and a database that only notes whose token it was asked with.
#[derive(Clone, Default)]
struct Project {
    url: String,
    state: Arc<Mutex<ProjectState>>,
}

#[derive(Default)]
struct ProjectState {
    jwks: Value,
    asked_for_keys: u32,
    tokens: Vec<String>,
}

impl Project {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let project = Self { url, ..Self::default() };
        let router = Router::new()
            .route("/auth/v1/.well-known/jwks.json", routing::get(serve_keys))
            .route("/rest/v1/rpc/{function}", routing::post(record_token))
            .with_state(project.clone());
        tokio::spawn(async { axum::serve(listener, router).await });
        project
    }

    async fn worker(&self, more: &[(&str, &str)]) -> Worker {
        let mut vars: BTreeMap<String, String> =
            SETTINGS.iter().map(|setting| (setting.name.into(), setting.example.into())).collect();
        vars.insert("SUPABASE_URL".into(), self.url.clone());
        vars.extend(more.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        Worker::start(WorkerOptions { repo: StackOptions::for_tests().repo, port: 0, vars }).await.unwrap()
    }

    fn publish(&self, keys: &[Value]) {
        self.state.lock().unwrap().jwks = json!({"keys": keys});
    }

    fn asked_for_keys(&self) -> u32 {
        self.state.lock().unwrap().asked_for_keys
    }

    /// `ok` for a token that reached the database, else status, code and `Retry-After` of the refusal.
    async fn verdict(&self, worker: &Worker, token: &str) -> (String, Option<String>) {
        let request = reqwest::Client::new()
            .get(format!("{}/auth/verify-profile", worker.url))
            .header("x-request-id", Uuid::new_v4().to_string())
            .bearer_auth(token);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let retry = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        let code = response.json::<Value>().await.unwrap()["code"].as_str().unwrap_or_default().to_owned();
        let reached = self.state.lock().unwrap().tokens.iter().any(|seen| seen == token);
        match (reached, status) {
            (true, 401 | 403) => panic!("the database was asked with a token that is refused: {code}"),
            (true, _) => ("ok".to_owned(), None),
            (false, 401) => (code, retry),
            (false, _) => panic!("neither asked nor refused: {status} {code}"),
        }
    }
}

async fn serve_keys(State(project): State<Project>) -> Json<Value> {
    project.state.lock().unwrap().asked_for_keys += 1;
    // Long enough for requests beside the first to find it asking.
    tokio::time::sleep(Duration::from_millis(200)).await;
    Json(project.state.lock().unwrap().jwks.clone())
}

async fn record_token(State(project): State<Project>, headers: HeaderMap) -> Json<Value> {
    let token = headers["authorization"].to_str().unwrap().trim_start_matches("Bearer ").to_owned();
    project.state.lock().unwrap().tokens.push(token);
    Json(json!({}))
}

fn node(repo: &Path) -> tokio::process::Command {
    let bundled = repo.join("node_modules/.bin/node");
    tokio::process::Command::new(if bundled.exists() { bundled } else { "node".into() })
}

/// The vectors of tests/contract/tokens, signed for this project and the present.
async fn vectors(project: &Project) -> Value {
    let repo = StackOptions::for_tests().repo;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let made = node(&repo)
        .arg(repo.join("tests/contract/tokens/generate.mjs"))
        .args([format!("{}/auth/v1", project.url), now.to_string()])
        .output()
        .await
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    serde_json::from_slice(&made.stdout).unwrap()
}

fn token<'a>(vectors: &'a Value, name: &str) -> &'a str {
    let case = vectors["cases"].as_array().unwrap().iter().find(|case| case["name"] == name).unwrap();
    case["token"].as_str().unwrap()
}

#[tokio::test]
async fn every_vector_gets_its_verdict_from_the_worker() {
    let project = Project::start().await;
    let vectors = vectors(&project).await;
    project.publish(vectors["jwks"]["keys"].as_array().unwrap());
    let secret = vectors["secret"].as_str().unwrap();
    for (verdict, settings) in [("expect", vec![]), ("legacy", vec![("SUPABASE_JWT_SECRET", secret)])] {
        let worker = project.worker(&settings).await;
        for case in vectors["cases"].as_array().unwrap() {
            // Those at the very edge of a time are for core, whose clock stands still.
            if case["exact"] == true {
                continue;
            }
            project.state.lock().unwrap().tokens.clear();
            let (got, retry) = project.verdict(&worker, case["token"].as_str().unwrap()).await;
            assert_eq!(
                got,
                case[verdict].as_str().unwrap(),
                "{verdict}: {} ({})",
                case["name"],
                case["catches"]
            );
            assert_eq!(retry.as_deref(), (got == "signing_key_unknown").then_some("30"), "{}", case["name"]);
        }
        worker.stop().await.unwrap();
    }
}

#[tokio::test]
async fn keys_that_rotate_under_traffic_lose_no_session_and_cost_one_call() {
    let project = Project::start().await;
    let vectors = vectors(&project).await;
    let key = |kid: &str| {
        let keys = vectors["jwks"]["keys"].as_array().unwrap();
        keys.iter().find(|key| key["kid"] == kid).unwrap().clone()
    };
    let worker = project.worker(&[]).await;
    let many = |name: &'static str| {
        (0..10).map(|_| project.verdict(&worker, token(&vectors, name))).collect::<Vec<_>>()
    };
    let all_ok =
        |verdicts: Vec<(String, Option<String>)>| verdicts.iter().all(|(verdict, _)| verdict == "ok");

    // The first requests of an isolate, all at once.
    project.publish(&[key("es-1")]);
    assert!(all_ok(join_all(many("es256")).await));
    assert_eq!(project.asked_for_keys(), 1);

    // A new key; sessions of the old one go on beside it.
    project.publish(&[key("es-1"), key("rs-1")]);
    let mut both = many("rs256");
    both.extend(many("es256"));
    assert!(all_ok(join_all(both).await));
    assert_eq!(project.asked_for_keys(), 2);

    // Forged ids: one more call for all of them, and again none for those that follow.
    for _ in 0..2 {
        for verdict in join_all(many("kid_unknown")).await {
            assert_eq!(verdict, ("signing_key_unknown".to_owned(), Some("30".to_owned())));
        }
        assert_eq!(project.asked_for_keys(), 3);
    }
    assert!(all_ok(join_all(many("rs256")).await));
    worker.stop().await.unwrap();
}

/// The session as `@supabase/ssr` stores it, in pieces of this many characters.
fn cookie(founder: &Founder<'_>, size: usize) -> Vec<String> {
    let stored =
        json!({"access_token": founder.token, "token_type": "bearer", "user": {"email": founder.email}});
    let text = format!("base64-{}", URL_SAFE_NO_PAD.encode(stored.to_string()));
    let chunks: Vec<_> =
        text.as_bytes().chunks(size).map(|chunk| std::str::from_utf8(chunk).unwrap()).collect();
    match chunks.as_slice() {
        [whole] => vec![format!("sb-127-auth-token={whole}")],
        chunks => {
            chunks.iter().enumerate().map(|(n, chunk)| format!("sb-127-auth-token.{n}={chunk}")).collect()
        }
    }
}

#[tokio::test]
async fn a_cookie_is_a_session_and_costs_no_call() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let verify = |cookies: &[String]| {
        world.request(Method::GET, "/auth/verify-profile").header("cookie", &cookies.join("; "))
    };
    let reply = verify(&cookie(&founder, 10_000)).send().await;
    assert_eq!(
        (reply.status, reply.calls.as_slice()),
        (200, ["postgrest rpc/verify_profile".to_owned()].as_slice())
    );
    let mut chunks = cookie(&founder, 300);
    assert_eq!(verify(&chunks).send().await.status, 200);
    chunks.remove(1);
    verify(&chunks).send().await.refused(401, "token_missing");

    // What a program sends on purpose is never replaced by what a browser holds.
    let whole = cookie(&founder, 10_000);
    verify(&whole).header("authorization", "Bearer forged").send().await.refused(401, "token_invalid");
    verify(&whole).header("authorization", "Bearer ").send().await.refused(401, "token_missing");
    assert_eq!(verify(&whole).header("authorization", "Basic YTpi").send().await.status, 200);
}

#[tokio::test]
async fn by_cookie_only_our_own_pages_change_anything() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let cookie = cookie(&founder, 10_000).join("; ");
    let own = world.worker.url.clone();
    let request = |method: Method, path: &str| world.request(method, path).header("cookie", &cookie);
    let ensure = || request(Method::POST, "/auth/ensure-profile");

    for origin in ["https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1:3000.evil.example"]
    {
        let reply = ensure().header("origin", origin).header("sec-fetch-site", "same-origin").send().await;
        assert!(reply.refused(403, "origin_not_allowed").calls.is_empty(), "{origin}");
    }
    ensure().send().await.refused(403, "origin_not_allowed");
    ensure().header("sec-fetch-site", "same-site").send().await.refused(403, "origin_not_allowed");
    let patch = request(Method::PATCH, "/onboarding/steps/company").body("{}");
    patch.send().await.refused(403, "origin_not_allowed");

    for (name, value) in
        [("origin", own.as_str()), ("origin", "http://127.0.0.1:3000"), ("sec-fetch-site", "same-origin")]
    {
        assert_eq!(ensure().header(name, value).send().await.status, 200, "{name} {value}");
    }
    let read =
        request(Method::GET, "/auth/verify-profile").header("origin", "https://evil.example").send().await;
    assert_eq!(read.status, 200, "reading changes nothing, and the browser keeps the answer from that page");
    let by_token =
        founder.request(Method::POST, "/auth/ensure-profile").header("origin", "https://evil.example");
    assert_eq!(by_token.send().await.status, 200, "a page that knows the token was given it");
}

#[tokio::test]
async fn the_official_clients_sessions_are_taken_unchanged() {
    let world = World::shared().await;
    let repo = StackOptions::for_tests().repo;
    let done = node(&repo)
        .args(["--test", "--test-reporter=spec", "--test-timeout=60000"])
        .arg(repo.join("tests/edge/ssr.test.mjs"))
        .envs(worker_vars(&world.stack))
        .env("WORKER_URL", &world.worker.url)
        .output()
        .await
        .expect("node is installed");
    let text = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{text}");
}
