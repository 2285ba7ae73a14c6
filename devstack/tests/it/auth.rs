//! The Auth server: sign-up, password, rotation, errors in both formats, admin, keys.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::{call, fresh_email, shared_stack};

fn claims(token: &str) -> Value {
    let body = token.split('.').nth(1).expect("a JWT has three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).expect("base64url")).expect("JSON")
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

async fn refresh(token: &str) -> (u16, Value) {
    let body = json!({"refresh_token": token});
    let (status, _, body) =
        call(shared_stack().await, "POST", "/auth/v1/token?grant_type=refresh_token", body, &[]).await;
    (status, body)
}

#[tokio::test]
async fn a_token_carries_the_hosted_claims() {
    let stack = shared_stack().await;
    let email = fresh_email();
    let session = stack.sign_up(&email, "correct horse").await.unwrap();
    let claims = claims(&session.access_token);
    assert_eq!(claims["iss"], format!("{}/auth/v1", stack.supabase_url()));
    assert_eq!(claims["sub"], session.user_id);
    assert_eq!(claims["email"], email);
    for (name, value) in [
        ("aud", json!("authenticated")),
        ("role", json!("authenticated")),
        ("aal", json!("aal1")),
        ("phone", json!("")),
        ("is_anonymous", json!(false)),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    assert_eq!(claims["amr"][0]["method"], "password");
    assert_eq!(claims["app_metadata"], json!({"provider": "email", "providers": ["email"]}));
    assert!(claims["session_id"].is_string());
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    assert_eq!(session.body["expires_at"], claims["exp"]);
    assert_eq!(session.body["token_type"], "bearer");
}

#[tokio::test]
async fn a_refresh_token_can_be_used_once_and_its_reuse_ends_the_session() {
    let first = shared_stack().await.sign_up(&fresh_email(), "correct horse").await.unwrap().refresh_token;
    let (status, body) = refresh(&first).await;
    assert_eq!(status, 200, "{body}");
    let second = body["refresh_token"].as_str().unwrap();
    assert_ne!(first, second);
    let (status, body) = refresh(&first).await;
    assert_eq!((status, &body["error_code"]), (400, &json!("refresh_token_already_used")));
    let (status, body) = refresh(second).await;
    assert_eq!(
        (status, &body["error_code"]),
        (400, &json!("refresh_token_already_used")),
        "the family is revoked"
    );
    let (status, body) = refresh("nosuchtoken1").await;
    assert_eq!((status, &body["error_code"]), (400, &json!("refresh_token_not_found")));
}

#[tokio::test]
async fn two_refreshes_at_once_have_one_winner() {
    let token = shared_stack().await.sign_up(&fresh_email(), "correct horse").await.unwrap().refresh_token;
    let (one, two) = tokio::join!(refresh(&token), refresh(&token));
    let mut statuses = [one.0, two.0];
    statuses.sort();
    assert_eq!(statuses, [200, 400]);
}

#[tokio::test]
async fn errors_have_the_hosted_status_and_code_in_both_formats() {
    let stack = shared_stack().await;
    let email = fresh_email();
    stack.sign_up(&email, "correct horse").await.unwrap();
    let cases = [
        (
            "/auth/v1/token?grant_type=password",
            json!({"email": email, "password": "wrong"}),
            400,
            "invalid_credentials",
        ),
        (
            "/auth/v1/token?grant_type=password",
            json!({"email": fresh_email(), "password": "wrong"}),
            400,
            "invalid_credentials",
        ),
        (
            "/auth/v1/signup",
            json!({"email": email.to_uppercase(), "password": "correct horse"}),
            422,
            "user_already_exists",
        ),
        ("/auth/v1/signup", json!({"email": fresh_email(), "password": "short"}), 422, "weak_password"),
        (
            "/auth/v1/signup",
            json!({"email": "nobody", "password": "correct horse"}),
            400,
            "validation_failed",
        ),
        (
            "/auth/v1/signup",
            json!({"email": "refused@example.com", "password": "correct horse"}),
            500,
            "unexpected_failure",
        ),
    ];
    for (path, body, status, code) in cases {
        let (received, headers, old) = call(stack, "POST", path, body.clone(), &[]).await;
        assert_eq!(
            (received, &old["code"], &old["error_code"]),
            (status, &json!(status), &json!(code)),
            "{old}"
        );
        assert_eq!(headers["x-sb-error-code"], code);
        let (_, _, new) = call(stack, "POST", path, body, &[("x-supabase-api-version", "2024-01-01")]).await;
        assert_eq!(new["code"], code);
        assert_eq!(new["message"], old["msg"]);
    }
    let (_, _, body) = call(
        stack,
        "POST",
        "/auth/v1/signup",
        json!({"email": "refused@example.com", "password": "correct horse"}),
        &[],
    )
    .await;
    assert_eq!(body["msg"], "Database error saving new user");
}

#[tokio::test]
async fn the_user_is_read_changed_and_signed_out() {
    let stack = shared_stack().await;
    let session = stack.sign_up(&fresh_email(), "correct horse").await.unwrap();
    let token = bearer(&session.access_token);
    let auth = [("authorization", token.as_str())];
    let (status, _, user) = call(
        stack,
        "PUT",
        "/auth/v1/user",
        json!({"data": {"name": "आशा"}, "password": "another horse"}),
        &auth,
    )
    .await;
    assert_eq!((status, &user["user_metadata"]["name"]), (200, &json!("आशा")));
    let (status, _, body) =
        call(stack, "PUT", "/auth/v1/user", json!({"password": "another horse"}), &auth).await;
    assert_eq!((status, &body["error_code"]), (422, &json!("same_password")));
    let (status, _, user) = call(stack, "GET", "/auth/v1/user", Value::Null, &auth).await;
    assert_eq!((status, &user["id"]), (200, &json!(session.user_id)));
    let (status, _, _) = call(stack, "POST", "/auth/v1/logout?scope=local", Value::Null, &auth).await;
    assert_eq!(status, 204);
    let (status, _, body) = call(stack, "GET", "/auth/v1/user", Value::Null, &auth).await;
    assert_eq!((status, &body["error_code"]), (403, &json!("session_not_found")));
    assert_eq!(refresh(&session.refresh_token).await.0, 400);
    let (status, _, body) =
        call(stack, "GET", "/auth/v1/user", Value::Null, &[("authorization", "Bearer a.b.c")]).await;
    assert_eq!((status, &body["error_code"]), (403, &json!("bad_jwt")));
}

#[tokio::test]
async fn only_the_secret_key_administers_users() {
    let stack = shared_stack().await;
    let session = stack.sign_up(&fresh_email(), "correct horse").await.unwrap();
    let path = format!("/auth/v1/admin/users/{}", session.user_id);
    assert_eq!(call(stack, "GET", &path, Value::Null, &[]).await.0, 403);
    assert_eq!(
        call(stack, "GET", &path, Value::Null, &[("authorization", &bearer(&session.access_token))]).await.0,
        403
    );
    let secret = [("apikey", stack.secret_key())];
    assert_eq!(call(stack, "GET", &path, Value::Null, &secret).await.2["id"], session.user_id);
    let (status, _, user) =
        call(stack, "PUT", &path, json!({"app_metadata": {"gatehouse_support": true}}), &secret).await;
    assert_eq!(
        (status, &user["app_metadata"]["gatehouse_support"], &user["app_metadata"]["provider"]),
        (200, &json!(true), &json!("email"))
    );
    assert_eq!(call(stack, "DELETE", &path, Value::Null, &secret).await.0, 200);
    assert_eq!(call(stack, "GET", &path, Value::Null, &secret).await.0, 404);
    let body = json!({"email": fresh_email(), "password": "correct horse", "email_confirm": false});
    let (status, _, user) = call(stack, "POST", "/auth/v1/admin/users", body.clone(), &secret).await;
    assert_eq!((status, &user["email_confirmed_at"]), (200, &Value::Null));
    let (status, _, refused) = call(stack, "POST", "/auth/v1/token?grant_type=password", body, &[]).await;
    assert_eq!((status, &refused["error_code"]), (400, &json!("email_not_confirmed")));
}

#[tokio::test]
async fn a_rotated_key_keeps_old_tokens_until_it_is_revoked() {
    let stack = crate::own_stack().await;
    let old = stack.mint(&json!({}));
    let kid = |token: &str| {
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
        serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
    };
    stack.rotate_key().await.unwrap();
    let new = stack.mint(&json!({}));
    assert_ne!(kid(&old), kid(&new));
    let (status, headers, jwks) =
        call(&stack, "GET", "/auth/v1/.well-known/jwks.json", Value::Null, &[]).await;
    assert_eq!((status, jwks["keys"].as_array().unwrap().len()), (200, 2));
    assert_eq!(headers["cache-control"], "public, max-age=600");
    assert!(jwks["keys"][0]["d"].is_null(), "no private part");
    for token in [&old, &new] {
        let (status, _, who) =
            call(&stack, "POST", "/rest/v1/rpc/who", json!({}), &[("authorization", &bearer(token))]).await;
        assert_eq!((status, &who["role"]), (200, &json!("authenticated")));
    }
    assert!(stack.revoke_key(&kid(&new)).await.is_err(), "the key in use stays");
    stack.revoke_key(&kid(&old)).await.unwrap();
    assert_eq!(
        call(&stack, "POST", "/rest/v1/rpc/who", json!({}), &[("authorization", &bearer(&old))]).await.0,
        401
    );
    assert_eq!(
        call(&stack, "POST", "/rest/v1/rpc/who", json!({}), &[("authorization", &bearer(&new))]).await.0,
        200
    );
    stack.stop().await.unwrap();
}
