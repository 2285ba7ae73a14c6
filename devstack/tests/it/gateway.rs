//! API keys, roles, CORS and the record of calls.

use serde_json::{Value, json};

use crate::{call, fresh_email, shared_stack, upstash};

#[tokio::test]
async fn a_key_decides_the_role_and_a_user_token_passes_through() {
    let stack = shared_stack().await;
    let session = stack.sign_up(&fresh_email(), "correct horse").await.unwrap();
    let user = format!("Bearer {}", session.access_token);
    let same = format!("Bearer {}", stack.publishable_key());
    let cases: [(Vec<(&str, &str)>, Value); 5] = [
        (vec![], json!("anon")),
        (vec![("authorization", &same)], json!("anon")),
        (vec![("apikey", stack.secret_key())], json!("service_role")),
        (vec![("authorization", &user)], json!("authenticated")),
        (vec![("authorization", &user), ("apikey", stack.secret_key())], json!("authenticated")),
    ];
    for (headers, role) in cases {
        let (status, _, who) = call(stack, "POST", "/rest/v1/rpc/who", json!({}), &headers).await;
        assert_eq!((status, &who["role"]), (200, &role), "{headers:?}: {who}");
    }
    let (_, _, who) = call(stack, "POST", "/rest/v1/rpc/who", json!({}), &[("authorization", &user)]).await;
    assert_eq!(who["uid"], session.user_id);
}

#[tokio::test]
async fn wrong_keys_and_wrong_tokens_are_refused() {
    let stack = shared_stack().await;
    let (status, _, body) =
        call(stack, "GET", "/rest/v1/notes", Value::Null, &[("apikey", "sb_publishable_wrong")]).await;
    assert_eq!((status, &body["message"]), (401, &json!("Invalid API key")));
    let bare = reqwest::get(format!("{}/rest/v1/notes", stack.supabase_url())).await.unwrap();
    assert_eq!(bare.status(), 401);
    let browser = [("apikey", stack.secret_key()), ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)")];
    assert_eq!(call(stack, "GET", "/rest/v1/notes", Value::Null, &browser).await.0, 401);
    let other = format!("Bearer {}", stack.secret_key());
    let (status, _, _) =
        call(stack, "GET", "/rest/v1/notes", Value::Null, &[("authorization", &other)]).await;
    assert_eq!(status, 401, "a key is a bearer token only when it is also the apikey");
    let expired = format!("Bearer {}", stack.mint(&json!({"expires_in": -120})));
    let (status, headers, body) =
        call(stack, "GET", "/rest/v1/notes", Value::Null, &[("authorization", &expired)]).await;
    assert_eq!(status, 401);
    assert!(["PGRST301", "PGRST303"].contains(&body["code"].as_str().unwrap()), "{body}");
    assert!(headers.contains_key("www-authenticate"));
}

#[tokio::test]
async fn postgrest_answers_unchanged_with_row_level_security() {
    let stack = shared_stack().await;
    let (asha, ravi) = tokio::join!(stack.sign_up_fresh(), stack.sign_up_fresh());
    let (asha, ravi) = (format!("Bearer {asha}"), format!("Bearer {ravi}"));
    let headers = [("authorization", asha.as_str()), ("prefer", "return=representation")];
    let (status, _, rows) = call(stack, "POST", "/rest/v1/notes", json!({"body": "mine"}), &headers).await;
    assert_eq!(status, 201, "{rows}");
    let path = format!("/rest/v1/notes?id=eq.{}&select=body", rows[0]["id"]);
    let (status, headers, body) = call(stack, "GET", &path, Value::Null, &[("authorization", &asha)]).await;
    assert_eq!((status, &body), (200, &json!([{"body": "mine"}])));
    assert_eq!(headers["content-range"], "0-0/*");
    let (_, _, body) = call(stack, "GET", &path, Value::Null, &[("authorization", &ravi)]).await;
    assert_eq!(body, json!([]));
    let single = [("authorization", ravi.as_str()), ("accept", "application/vnd.pgrst.object+json")];
    let (status, _, body) = call(stack, "GET", &path, Value::Null, &single).await;
    assert_eq!((status, &body["code"]), (406, &json!("PGRST116")));
}

trait SignUpFresh {
    async fn sign_up_fresh(&self) -> String;
}

impl SignUpFresh for gatehouse_devstack::Stack {
    async fn sign_up_fresh(&self) -> String {
        self.sign_up(&fresh_email(), "correct horse").await.expect("signs up").access_token
    }
}

#[tokio::test]
async fn any_origin_may_call() {
    let stack = shared_stack().await;
    for path in ["/rest/v1/notes", "/auth/v1/token"] {
        let preflight = reqwest::Client::new()
            .request(reqwest::Method::OPTIONS, format!("{}{path}", stack.supabase_url()))
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "apikey,x-client-info")
            .send()
            .await
            .unwrap();
        assert_eq!(preflight.status(), 200);
        assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
        assert_eq!(preflight.headers()["access-control-allow-headers"], "apikey,x-client-info");
    }
    let (_, headers, _) =
        call(stack, "GET", "/rest/v1/notes", Value::Null, &[("origin", "https://app.example")]).await;
    assert_eq!(headers.get_all("access-control-allow-origin").iter().count(), 1);
}

#[tokio::test]
async fn every_call_is_recorded_under_its_request_id() {
    let stack = shared_stack().await;
    let id = uuid::Uuid::new_v4().to_string();
    let header = [("x-request-id", id.as_str())];
    call(stack, "GET", "/rest/v1/notes?select=body", Value::Null, &header).await;
    call(stack, "GET", "/auth/v1/user", Value::Null, &header).await;
    reqwest::Client::new()
        .post(format!("{}/pipeline", stack.upstash_url()))
        .bearer_auth(stack.upstash_token())
        .header("x-request-id", &id)
        .json(&json!([["set", "recorded", 1], ["get", "recorded"]]))
        .send()
        .await
        .unwrap();
    upstash(stack, "/", &json!(["PING"])).await;
    let calls = stack.calls(&id);
    let recorded: Vec<_> =
        calls.iter().map(|c| (c.part.name(), c.method.as_str(), c.path.as_str(), c.status)).collect();
    assert_eq!(
        recorded,
        [
            ("postgrest", "GET", "/rest/v1/notes", 200),
            ("auth", "GET", "/auth/v1/user", 403),
            ("upstash", "POST", "/pipeline", 200)
        ]
    );
    assert_eq!(calls[0].query, "select=body");
    assert_eq!(calls[2].commands, ["SET", "GET"]);
    let (_, _, listed) =
        call(stack, "GET", &format!("/__devstack/calls?request_id={id}"), Value::Null, &[]).await;
    assert_eq!(listed, serde_json::to_value(&calls).unwrap());
}
