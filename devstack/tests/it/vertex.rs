//! The simulated language model through its API. The Worker's tests show what a valid signature allows.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_devstack::vertex::Vertex;
use serde_json::{Value, json};

use crate::shared_stack;

async fn post(url: &str, bearer: &str, body: String, media: &str) -> (u16, Value) {
    let request =
        reqwest::Client::new().post(url).header("content-type", media).bearer_auth(bearer).body(body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn an_assertion_without_a_valid_signature_gets_no_token() {
    let vertex = shared_stack().await.vertex();
    let token = format!("{}/token", vertex.url());
    let media = "application/x-www-form-urlencoded";
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims = encode(json!({
        "iss": vertex.client_email(), "aud": token, "scope": "https://www.googleapis.com/auth/cloud-platform",
        "iat": now, "exp": now + 3_600,
    }));
    let rs256 = encode(json!({"alg": "RS256", "typ": "JWT"}));
    let none = encode(json!({"alg": "none", "typ": "JWT"}));
    // Everything is valid except for the signature: absent, of the wrong length, zero, one, larger than the modulus.
    let mut one = [0; 256];
    one[255] = 1;
    for signature in [&[][..], &[7; 32], &[0; 256], &one, &[0xff; 256]] {
        for header in [&rs256, &none] {
            let assertion = format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature));
            let form = format!(
                "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}"
            );
            let (status, answer) = post(&token, "", form, media).await;
            assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")), "{assertion}");
            assert_eq!(answer["error_description"], "Invalid JWT Signature.");
        }
    }
    let (status, answer) = post(
        &format!("{}/token", vertex.url()),
        "",
        "grant_type=password".into(),
        "application/x-www-form-urlencoded",
    )
    .await;
    assert_eq!((status, &answer["error"]), (400, &json!("unsupported_grant_type")));
}

#[tokio::test]
async fn without_a_token_no_model_answers() {
    let vertex = shared_stack().await.vertex();
    let (project, location, model) = (vertex.project(), vertex.location(), vertex.model());
    let url = format!(
        "{}/v1/projects/{project}/locations/{location}/publishers/google/models/{model}:generateContent",
        vertex.url()
    );
    let (status, answer) = post(&url, "ya29.made-up", "{}".into(), "application/json").await;
    assert_eq!((status, &answer["error"]["status"]), (401, &json!("UNAUTHENTICATED")));
    assert!(vertex.requests().is_empty());
    assert_eq!(Vertex::response_with("x", "STOP")["candidates"][0]["content"]["parts"][0]["text"], "x");
}
