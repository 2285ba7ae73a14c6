//! The simulated language model over its own wire. What a right signature opens, the Worker's own tests show.

use gatehouse_devstack::vertex::Vertex;
use serde_json::{Value, json};

use crate::shared;

async fn post(url: &str, bearer: &str, body: String, media: &str) -> (u16, Value) {
    let request =
        reqwest::Client::new().post(url).header("content-type", media).bearer_auth(bearer).body(body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn an_assertion_that_the_key_did_not_sign_buys_no_token() {
    let vertex = shared().await.vertex();
    let encode = |value: Value| {
        let bytes = value.to_string();
        // Base64url without a crate: what is encoded here is refused whatever it says.
        bytes.bytes().map(|byte| format!("{byte:x}")).collect::<String>()
    };
    let claims = encode(json!({"iss": vertex.client_email()}));
    for assertion in ["", "a.b", "a.b.c", &format!("{claims}.{claims}.{claims}")] {
        let form =
            format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}");
        let (status, answer) =
            post(&format!("{}/token", vertex.url()), "", form, "application/x-www-form-urlencoded").await;
        assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")), "{assertion}");
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
    let vertex = shared().await.vertex();
    let (project, location, model) = (vertex.project(), vertex.location(), vertex.model());
    let url = format!(
        "{}/v1/projects/{project}/locations/{location}/publishers/google/models/{model}:generateContent",
        vertex.url()
    );
    let (status, answer) = post(&url, "ya29.made-up", "{}".into(), "application/json").await;
    assert_eq!((status, &answer["error"]["status"]), (401, &json!("UNAUTHENTICATED")));
    assert!(vertex.asked().is_empty());
    assert_eq!(Vertex::answer("x", "STOP")["candidates"][0]["content"]["parts"][0]["text"], "x");
}
