//! The same functions through PostgREST with a real session: what the Worker will see on the wire.

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::stack::stack;
use crate::support::Db;

/// A call of a function over HTTP with the publishable key.
pub async fn rpc(function: &str, arguments: &Value) -> RequestBuilder {
    let stack = stack().await;
    Client::new()
        .post(format!("{}/rest/v1/rpc/{function}", stack.supabase_url()))
        .header("apikey", stack.publishable_key())
        .json(arguments)
}

/// Status and body.
pub async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.json().await.expect("JSON"))
}

/// A token of somebody new.
pub async fn access_token() -> String {
    let email = format!("{}@example.in", Uuid::new_v4());
    stack().await.sign_up(&email, "a long pass phrase 9").await.expect("a sign-up").access_token
}

#[tokio::test]
async fn a_signed_up_person_has_a_profile_and_outsiders_get_404() {
    let (asha, ben) = (access_token().await, access_token().await);
    let request_id = Uuid::new_v4().to_string();
    let request =
        rpc("ensure_profile", &json!({})).await.bearer_auth(&asha).header("x-request-id", &request_id);
    let (status, profile) = answer(request).await;
    assert_eq!((status, &profile["created"]), (200, &json!(false)));
    let workspace = json!({ "p_workspace_id": profile["workspace_id"] });

    let (status, facts) = answer(rpc("verify_profile", &json!({})).await.bearer_auth(&asha)).await;
    assert_eq!((status, &facts["workspace_id"]), (200, &profile["workspace_id"]));
    let (status, read) = answer(rpc("read_manifest", &workspace).await.bearer_auth(&asha)).await;
    assert_eq!(
        (status, &read["membership"]["role"], &read["manifest"]),
        (200, &json!("owner"), &json!(null))
    );

    for function in ["read_manifest", "read_membership"] {
        let (status, problem) = answer(rpc(function, &workspace).await.bearer_auth(&ben)).await;
        assert_eq!(status, 404, "{function}");
        assert_eq!((&problem["code"], &problem["message"]), (&json!("PT404"), &json!("workspace_not_found")));
        let (status, problem) = answer(rpc(function, &workspace).await).await;
        assert_eq!((status, &problem["code"]), (401, &json!("42501")), "{function} without a session");
    }
}

#[tokio::test]
async fn finalize_over_http_checks_and_stores() {
    let asha = access_token().await;
    let (_, profile) = answer(rpc("ensure_profile", &json!({})).await.bearer_auth(&asha)).await;
    let content = json!({ "guardrails": ["कोई दावा नहीं"] });
    let mut arguments = json!({ "p_workspace_id": profile["workspace_id"], "p_answers": {}, "p_business_context": {},
        "p_content": crate::support::canonical_json(&content),
        "p_checksum": crate::support::checksum(&content),
        "p_token_estimate": 12, "p_meta": crate::manifests::meta(12), "p_request_id": "req-http" });
    let (status, problem) = answer(rpc("finalize_onboarding", &arguments).await.bearer_auth(&asha)).await;
    assert_eq!(
        (status, &problem["code"], &problem["message"]),
        (403, &json!("PT403"), &json!("plan_required"))
    );
    let workspace = profile["workspace_id"].as_str().and_then(|id| id.parse().ok()).expect("a workspace");
    crate::members::subscribe(&Db::shared().await, workspace, "ascent").await;
    let (status, made) = answer(rpc("finalize_onboarding", &arguments).await.bearer_auth(&asha)).await;
    assert_eq!((status, &made["version"], &made["created"]), (200, &json!(1), &json!(true)));
    arguments["p_checksum"] = json!("0");
    let (status, problem) = answer(rpc("finalize_onboarding", &arguments).await.bearer_auth(&asha)).await;
    assert_eq!(
        (status, &problem["code"], &problem["message"]),
        (422, &json!("PT422"), &json!("checksum_mismatch"))
    );
    assert!(problem["details"].as_str().is_some_and(|sentence| sentence.ends_with('.')));
}
