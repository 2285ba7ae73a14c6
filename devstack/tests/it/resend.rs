//! The simulated mail service through its API.

use gatehouse_devstack::resend::Resend;
use gatehouse_devstack::{Fault, Part};
use serde_json::{Value, json};

use crate::{call as gateway, fresh_email, shared_stack};

async fn send(resend: &Resend, path: &str, body: &Value, headers: &[(&str, &str)]) -> (u16, Value) {
    let mut request = reqwest::Client::new().post(format!("{}{path}", resend.url()));
    for (name, value) in [("user-agent", "gatehouse-tests")].iter().chain(headers) {
        request = request.header(*name, *value);
    }
    if !headers.iter().any(|(name, _)| *name == "authorization") {
        request = request.bearer_auth(resend.api_key());
    }
    let answer = request.json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn mail(to: &str) -> Value {
    json!({"from": "Gatehouse <hello@gatehouse.example>", "to": [to], "subject": "Your receipt", "text": "Paid: ₹5,000"})
}

fn received(resend: &Resend, to: &str) -> usize {
    resend.emails().iter().filter(|mail| mail.to == [to]).count()
}

#[tokio::test]
async fn an_email_is_in_the_inbox_for_people_and_for_tests() {
    let stack = shared_stack().await;
    let (resend, to) = (stack.resend(), fresh_email());
    let mut body = mail(&to);
    body["html"] = json!("<p>Paid <b>₹5,000</b></p><script>alert(1)</script>");
    body["subject"] = json!("Receipt <script>");
    let (code, answer) = send(resend, "/emails", &body, &[]).await;
    assert_eq!(code, 200, "{answer}");
    let id = answer["id"].as_str().unwrap();
    let kept = resend.emails().into_iter().find(|mail| mail.id == id).unwrap();
    assert_eq!((kept.to, kept.text.as_deref()), (vec![to.clone()], Some("Paid: ₹5,000")));
    let (_, _, listed) = gateway(stack, "GET", "/__devstack/resend/emails", Value::Null, &[]).await;
    assert!(listed.as_array().unwrap().iter().any(|mail| mail["id"] == id && mail["to"] == json!([to])));
    let page = async |path: &str| {
        let answer = reqwest::get(format!("{}{path}", resend.url())).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert!(page("/inbox").await.1.contains(&format!("/inbox/{id}")));
    let (code, html) = page(&format!("/inbox/{id}")).await;
    assert_eq!(code, 200);
    assert!(html.contains(&to) && html.contains("Receipt &lt;script&gt;") && !html.contains("<script>"));
    assert_eq!(page("/inbox/nothing").await.0, 404);
}

#[tokio::test]
async fn invalid_requests_get_the_errors_of_the_service() {
    let resend = shared_stack().await.resend();
    let to = fresh_email();
    let without_agent = reqwest::Client::new().post(format!("{}/emails", resend.url()));
    let answer = without_agent.bearer_auth(resend.api_key()).json(&mail(&to)).send().await.unwrap();
    assert_eq!(answer.status(), 403);
    assert!(answer.text().await.unwrap().contains("1010"));
    let changed = |name: &str, value: Value| {
        let mut body = mail(&to);
        body[name] = value;
        body
    };
    let many: Vec<String> = (0..51).map(|_| fresh_email()).collect();
    for (body, headers, code, name) in [
        (mail(&to), [("authorization", "")], 401, "missing_api_key"),
        (mail(&to), [("authorization", "Bearer re_wrong")], 403, "invalid_api_key"),
        (changed("to", Value::Null), [("x", "")], 422, "missing_required_field"),
        (changed("subject", json!("")), [("x", "")], 422, "missing_required_field"),
        (changed("from", json!("nobody")), [("x", "")], 422, "invalid_from_address"),
        (changed("to", json!("a@b, c@d.example")), [("x", "")], 422, "validation_error"),
        (changed("to", json!(many)), [("x", "")], 422, "validation_error"),
        (changed("text", Value::Null), [("x", "")], 422, "validation_error"),
        (changed("tags", json!([{"name": "order id", "value": "1"}])), [("x", "")], 422, "validation_error"),
    ] {
        let (status, answer) = send(resend, "/emails", &body, &headers).await;
        assert_eq!((status, &answer["name"], &answer["statusCode"]), (code, &json!(name), &json!(code)));
        assert!(answer["message"].is_string());
    }
    assert_eq!(received(resend, &to), 0);
}

#[tokio::test]
async fn an_idempotency_key_sends_once() {
    let resend = shared_stack().await.resend();
    let (to, key) = (fresh_email(), format!("receipt/{}", uuid::Uuid::new_v4()));
    let header = [("idempotency-key", key.as_str())];
    let first = send(resend, "/emails", &mail(&to), &header).await;
    assert_eq!(first.0, 200);
    assert_eq!(send(resend, "/emails", &mail(&to), &header).await, first);
    assert_eq!(received(resend, &to), 1);
    let mut other = mail(&to);
    other["subject"] = json!("Another");
    let (code, answer) = send(resend, "/emails", &other, &header).await;
    assert_eq!((code, &answer["name"]), (409, &json!("invalid_idempotent_request")));
    let long = "k".repeat(257);
    let (code, answer) = send(resend, "/emails", &mail(&to), &[("idempotency-key", &long)]).await;
    assert_eq!((code, &answer["name"]), (400, &json!("invalid_idempotency_key")));
    // The key of a refused request can be used again.
    let retry = format!("{key}/retry");
    let header = [("idempotency-key", retry.as_str())];
    assert_eq!(send(resend, "/emails", &json!({"to": to}), &header).await.0, 422);
    assert_eq!(send(resend, "/emails", &mail(&to), &header).await.0, 200);
    assert_eq!(received(resend, &to), 2);
}

#[tokio::test]
async fn a_batch_is_all_or_nothing_unless_permissive() {
    let resend = shared_stack().await.resend();
    let to = fresh_email();
    let bad = json!({"from": "a@b.example", "to": to, "subject": "No body"});
    let mixed = json!([mail(&to), bad]);
    assert_eq!(send(resend, "/emails/batch", &mixed, &[]).await.0, 422);
    assert_eq!(received(resend, &to), 0);
    let (code, answer) = send(resend, "/emails/batch", &mixed, &[("x-batch-validation", "permissive")]).await;
    assert_eq!((code, answer["data"].as_array().unwrap().len()), (200, 1));
    assert_eq!(answer["errors"][0]["index"], 1);
    assert_eq!(received(resend, &to), 1);
    let (key, both) = (uuid::Uuid::new_v4().to_string(), json!([mail(&to), mail(&to)]));
    let header = [("idempotency-key", key.as_str())];
    let first = send(resend, "/emails/batch", &both, &header).await;
    assert_eq!((first.0, first.1["data"].as_array().unwrap().len()), (200, 2));
    assert_eq!(send(resend, "/emails/batch", &both, &header).await, first);
    assert_eq!(received(resend, &to), 3);
    let hundred_and_one: Value = (0..101).map(|_| mail(&to)).collect();
    assert_eq!(send(resend, "/emails/batch", &hundred_and_one, &[]).await.0, 422);
}

#[tokio::test]
async fn rate_limits_are_announced_and_faults_come_before_or_after_the_work() {
    let stack = shared_stack().await;
    let (resend, to) = (stack.resend(), fresh_email());
    let id = uuid::Uuid::new_v4().to_string();
    let post = || async {
        let request = reqwest::Client::new().post(format!("{}/emails", resend.url()));
        let request = request.header("user-agent", "gatehouse-tests").bearer_auth(resend.api_key());
        request.header("x-request-id", &id).json(&mail(&to)).send().await
    };
    let only = Fault { times: Some(1), request_id: Some(id.clone()), ..Fault::default() };
    stack.faults().set(Part::Resend, Fault { status: Some(429), ..only.clone() }).unwrap();
    stack.faults().set(Part::Resend, Fault { status: Some(500), after: true, ..only.clone() }).unwrap();
    stack.faults().set(Part::Resend, Fault { drop: true, ..only }).unwrap();
    let limited = post().await.unwrap();
    assert_eq!((limited.status().as_u16(), &limited.headers()["retry-after"]), (429, &"1".parse().unwrap()));
    assert_eq!(limited.json::<Value>().await.unwrap()["name"], "rate_limit_exceeded");
    assert_eq!(received(resend, &to), 0);
    assert_eq!(post().await.unwrap().status(), 500);
    assert_eq!(received(resend, &to), 1, "accepted, although the caller got an error");
    assert!(post().await.is_err());
    let fine = post().await.unwrap();
    assert_eq!((fine.status().as_u16(), &fine.headers()["ratelimit-limit"]), (200, &"5".parse().unwrap()));
    assert!(
        fine.headers().contains_key("ratelimit-remaining") && fine.headers().contains_key("ratelimit-reset")
    );
    let statuses: Vec<u16> = stack.calls(&id).iter().map(|call| call.status).collect();
    assert_eq!(statuses, [429, 500, 0, 200]);
}
