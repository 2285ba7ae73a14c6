//! Bad input: the right 4xx with a stable code, and nothing changed.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Founder, World, answers};

/// Everything that a request could have changed for one workspace.
async fn rows_of(world: &World, founder: &Founder<'_>) -> (i64, i64) {
    let id = &founder.workspace_id;
    (
        world
            .count(&format!("select count(*) from business_context_manifests where workspace_id = '{id}'"))
            .await,
        world
            .count(&format!(
                "select count(*) from audit_log where workspace_id = '{id}' and action <> 'bcm.read_denied'"
            ))
            .await,
    )
}

#[tokio::test]
async fn refused_requests_name_the_reason_and_change_nothing() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let before = rows_of(world, &founder).await;
    let finalize = "/onboarding/finalize";
    let full = json!({"answers": answers()}).to_string();
    let request = |token: &str| {
        let request = world
            .request(Method::POST, finalize)
            .header("x-workspace-id", &founder.workspace_id)
            .body(full.clone());
        if token.is_empty() { request } else { request.header("authorization", &format!("Bearer {token}")) }
    };

    // Sessions.
    request("").send().await.refused(401, "token_missing");
    request("not-a-token").send().await.refused(401, "token_invalid");
    let reply = request(&forged(&founder.token)).send().await;
    assert_eq!(reply.refused(401, "token_invalid").json["detail"], "The access token has a wrong signature.");
    world
        .request(Method::POST, finalize)
        .header("authorization", "Basic YTpi")
        .send()
        .await
        .refused(401, "token_missing");

    // The workspace.
    let person = |request: crate::support::Request<'static>| {
        request.header("authorization", &format!("Bearer {}", founder.token))
    };
    person(world.request(Method::POST, finalize))
        .body(full.clone())
        .send()
        .await
        .refused(400, "workspace_header_missing");
    person(world.request(Method::POST, finalize))
        .header("x-workspace-id", "1 or 1=1")
        .send()
        .await
        .refused(400, "workspace_header_invalid");

    // The body.
    founder
        .request(Method::POST, finalize)
        .body(vec![b' '; 5_000_000])
        .send()
        .await
        .refused(413, "body_too_large");
    founder
        .request(Method::POST, "/auth/ensure-profile")
        .body(vec![b' '; 5_000_000])
        .send()
        .await
        .refused(413, "body_too_large");
    founder.request(Method::POST, finalize).body("{\"answers\":").send().await.refused(400, "body_invalid");
    founder.request(Method::POST, finalize).body("[]").send().await.refused(400, "body_invalid");
    for body in ["{\"answers\":7}", "null", "\"answers\""] {
        founder.request(Method::POST, finalize).body(body).send().await.refused(400, "body_invalid");
    }
    // Without answers in the body those of the session are meant, and there is none.
    founder.request(Method::POST, finalize).send().await.refused(404, "session_not_found");
    founder
        .request(Method::POST, "/context/export")
        .body("{\"format\":\"pdf\"}")
        .send()
        .await
        .refused(400, "body_invalid");

    // The address.
    founder.get("/nowhere").await.refused(404, "route_not_found");
    founder.get("/auth/auth/verify-profile").await.refused(404, "route_not_found");
    let wrong = founder.request(Method::DELETE, "/context/manifest").send().await;
    wrong.refused(405, "method_not_allowed");
    assert_eq!(wrong.header("allow"), Some("GET, HEAD"));

    assert_eq!(rows_of(world, &founder).await, before);
    founder.get("/context/manifest").await.refused(404, "manifest_not_found");
}

/// The same token with one character in the middle of its signature changed.
fn forged(token: &str) -> String {
    let at = token.rfind('.').unwrap() + 40;
    let other = if &token[at..=at] == "A" { "B" } else { "A" };
    format!("{}{other}{}", &token[..at], &token[at + 1..])
}

#[tokio::test]
async fn tokens_that_are_signed_and_still_no_session_are_refused() {
    let world = World::shared().await;
    let sub = uuid::Uuid::new_v4().to_string();
    let request = |claims: serde_json::Value| async move {
        let token = world.stack.mint(&claims);
        world
            .request(Method::GET, "/auth/verify-profile")
            .header("authorization", &format!("Bearer {token}"))
            .send()
            .await
    };
    assert_eq!(request(json!({"sub": sub})).await.status, 200, "a minted token is as good as a real one");
    request(json!({"sub": sub, "expires_in": -60})).await.refused(401, "token_expired");
    request(json!({"sub": sub, "iss": "https://other.example/auth/v1"})).await.refused(401, "token_invalid");
    request(json!({"sub": sub, "aud": "anon"})).await.refused(401, "token_invalid");
    request(json!({"sub": sub, "role": "service_role"})).await.refused(401, "token_invalid");
    request(json!({"sub": ""})).await.refused(401, "token_invalid");
    let token = world.stack.mint(&json!({"sub": sub, "is_anonymous": true}));
    let ensure = world
        .request(Method::POST, "/auth/ensure-profile")
        .header("authorization", &format!("Bearer {token}"));
    ensure.send().await.refused(403, "anonymous_not_allowed");
}

#[tokio::test]
async fn a_nul_in_an_answer_is_named_and_raises_no_fence() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let mut bad = answers();
    bad["company_name"] = json!("A\u{0}");
    let reply = founder.finalize(&bad).await;
    reply.refused(422, "answers_invalid");
    assert_eq!(reply.json["errors"][0]["code"], "control_character");
    assert!(reply.calls.is_empty(), "{:?}", reply.calls);
}

#[tokio::test]
async fn a_body_of_unannounced_length_is_bounded_too() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let chunks = (0..8).map(|_| Ok::<_, std::io::Error>(vec![b' '; 65_536]));
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    founder
        .request(Method::POST, "/onboarding/finalize")
        .body(body)
        .send()
        .await
        .refused(413, "body_too_large");
}

#[tokio::test]
async fn every_wrong_answer_is_named_with_its_pointer_and_step() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let mut bad = answers();
    bad["company_name"] = json!("  ");
    bad["company_website"] = json!("not a site");
    bad["top_goals"] = json!([1, 2]);
    bad["favourite_colour"] = json!("blue");
    let reply = founder.finalize(&bad).await;
    reply.refused(422, "answers_invalid");
    let found: Vec<_> = reply.json["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap(), error["step"].clone())
        })
        .collect();
    assert_eq!(
        found,
        [
            ("/answers/company_name", "required", json!("company")),
            ("/answers/company_website", "not_a_url", json!("company")),
            ("/answers/top_goals", "wrong_type", json!("customer")),
            ("/answers/favourite_colour", "unknown_field", Value::Null),
        ]
    );
    assert!(reply.calls.is_empty(), "nothing is asked for answers that cannot be stored: {:?}", reply.calls);
}

#[tokio::test]
async fn guardrails_that_cannot_fit_are_refused_whole() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let mut bad = answers();
    bad["constraints_and_guardrails"] = (0..20).map(|n| format!("{n} {}", "क्ष".repeat(90))).collect();
    founder.finalize(&bad).await.refused(422, "manifest_too_large");
}

#[tokio::test]
async fn an_outsider_learns_nothing_of_a_workspace() {
    let world = World::shared().await;
    let (owner, mut outsider) = (world.founder().await, world.founder().await);
    owner.finalize(&answers()).await;
    let before = rows_of(world, &owner).await;
    outsider.workspace_id.clone_from(&owner.workspace_id);
    outsider.get("/context/manifest").await.refused(404, "workspace_not_found");
    outsider
        .post("/context/export", Some(&json!({"format": "json"})))
        .await
        .refused(404, "workspace_not_found");
    outsider.finalize(&answers()).await.refused(404, "workspace_not_found");
    // What does not exist looks the same.
    outsider.workspace_id = "00000000-0000-4000-8000-000000000000".to_owned();
    outsider.get("/context/manifest").await.refused(404, "workspace_not_found");
    assert_eq!(rows_of(world, &owner).await, before);
    assert_eq!(owner.get("/context/manifest").await.status, 200);
}

#[tokio::test]
async fn a_member_reads_and_may_not_write() {
    let world = World::shared().await;
    let (owner, mut member) = (world.founder().await, world.founder().await);
    owner.finalize(&answers()).await;
    let (client, connection) =
        tokio_postgres::connect(world.stack.database_url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql = "insert into workspace_members (workspace_id, user_id, role)
               select $1::text::uuid, id, 'member' from users where email = $2";
    client.execute(sql, &[&owner.workspace_id, &member.email]).await.unwrap();
    member.workspace_id.clone_from(&owner.workspace_id);
    assert_eq!(member.get("/context/manifest").await.status, 200);
    let mut other = answers();
    other["company_name"] = json!("Taken over");
    member.finalize(&other).await.refused(403, "role_not_allowed");
    assert_eq!(owner.get("/context/manifest").await.json["version"], 1);
}
