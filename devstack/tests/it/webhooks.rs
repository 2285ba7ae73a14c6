//! Webhooks of the simulated payment gateway, as a small receiver sees them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use gatehouse_devstack::Stack;
use gatehouse_devstack::phonepe::{Outcome, Webhooks};
use serde_json::{Value, json};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::phonepe::{call, fresh_id, order};
use crate::{call as gateway, own};

#[derive(Clone)]
struct Desk {
    heard: UnboundedSender<(String, Value)>,
    /// What to answer first; afterwards 200.
    answers: Arc<Mutex<VecDeque<u16>>>,
}

/// Listens for webhooks and gives what it hears: the header and the body.
async fn receiver(answers: &[u16]) -> (String, UnboundedReceiver<(String, Value)>) {
    async fn hear(State(desk): State<Desk>, headers: HeaderMap, Json(body): Json<Value>) -> StatusCode {
        let proof = headers["authorization"].to_str().unwrap().to_owned();
        desk.heard.send((proof, body)).unwrap();
        let answer = desk.answers.lock().unwrap().pop_front().unwrap_or(200);
        StatusCode::from_u16(answer).unwrap()
    }
    let (heard, hearing) = mpsc::unbounded_channel();
    let desk = Desk { heard, answers: Arc::new(Mutex::new(answers.iter().copied().collect())) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().route("/hook", post(hear)).with_state(desk);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, hearing)
}

async fn next(hearing: &mut UnboundedReceiver<(String, Value)>) -> (String, Value) {
    let waiting = tokio::time::timeout(Duration::from_secs(30), hearing.recv());
    waiting.await.expect("a webhook arrives").unwrap()
}

async fn event(hearing: &mut UnboundedReceiver<(String, Value)>) -> String {
    next(hearing).await.1["event"].as_str().unwrap().to_owned()
}

/// Waits until the simulator has noted so many sendings about an order.
async fn sendings(stack: &Stack, id: &str, count: usize) -> Vec<Outcome> {
    let noted = async {
        loop {
            let all = stack.phonepe().deliveries();
            let own: Vec<Outcome> = all.iter().filter(|d| d.order_id == id).map(|d| d.outcome).collect();
            if own.len() >= count {
                return own;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), noted).await.expect("the sendings are noted")
}

#[tokio::test]
async fn the_merchant_is_told_with_the_agreed_header_and_once_more_after_a_refusal() {
    let stack = own().await;
    let phonepe = stack.phonepe();
    let (silent, _) = order(phonepe, 500_000).await;
    phonepe.cancel(&silent).unwrap();
    assert_eq!(sendings(&stack, &silent, 1).await, [Outcome::NoWebhook]);

    let (url, mut hearing) = receiver(&[500, 200, 503, 503]).await;
    phonepe.set_webhook(&url, "username", "password");
    let (id, _) = order(phonepe, 500_000).await;
    phonepe.pay(&id).unwrap();
    let (proof, body) = next(&mut hearing).await;
    assert_eq!(proof, "bc842c31a9e54efe320d30d948be61291f3ceee4766e36ab25fa65243cd76e0e");
    assert_eq!(
        (&body["event"], &body["type"]),
        (&json!("checkout.order.completed"), &json!("CHECKOUT_ORDER_COMPLETED"))
    );
    let payload = &body["payload"];
    assert_eq!((&payload["merchantOrderId"], &payload["state"]), (&json!(id), &json!("COMPLETED")));
    assert_eq!(
        (&payload["amount"], &payload["paymentDetails"][0]["paymentMode"]),
        (&json!(500_000), &json!("UPI_QR"))
    );
    assert_eq!(next(&mut hearing).await.1, body, "the retry is the same");
    assert_eq!(sendings(&stack, &id, 2).await, [Outcome::Answered(500), Outcome::Answered(200)]);

    let (failed, _) = order(phonepe, 500_000).await;
    phonepe.fail(&failed).unwrap();
    let (_, body) = next(&mut hearing).await;
    assert_eq!(
        (&body["event"], &body["payload"]["errorCode"]),
        (&json!("checkout.order.failed"), &json!("PAYMENT_ERROR"))
    );
    assert_eq!(sendings(&stack, &failed, 2).await, [Outcome::Answered(503); 2], "one retry and no more");
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn webhooks_are_lost_doubled_and_turned_round() {
    let stack = own().await;
    let phonepe = stack.phonepe();
    let (url, mut hearing) = receiver(&[]).await;
    phonepe.set_webhook(&url, phonepe.webhook_username(), phonepe.webhook_password());

    let (lost, _) = order(phonepe, 500_000).await;
    phonepe.webhooks_for(&lost, Webhooks { lose: true, ..Webhooks::default() });
    phonepe.pay(&lost).unwrap();
    assert_eq!(sendings(&stack, &lost, 1).await, [Outcome::Lost]);

    let (doubled, _) = order(phonepe, 500_000).await;
    phonepe.webhooks(Webhooks { duplicate: true, delay_ms: 1, ..Webhooks::default() });
    phonepe.pay(&doubled).unwrap();
    let first = next(&mut hearing).await;
    assert_eq!(first.1["payload"]["merchantOrderId"], json!(doubled), "nothing of the lost one before");
    assert_eq!(next(&mut hearing).await, first);

    phonepe.webhooks(Webhooks { reorder: true, ..Webhooks::default() });
    let (turned, _) = order(phonepe, 500_000).await;
    phonepe.fail(&turned).unwrap();
    phonepe.pay(&turned).unwrap();
    assert_eq!(event(&mut hearing).await, "checkout.order.completed", "the late success overtakes");
    assert_eq!(event(&mut hearing).await, "checkout.order.failed");

    let (kept, _) = order(phonepe, 500_000).await;
    phonepe.cancel(&kept).unwrap();
    assert!(phonepe.deliveries().iter().all(|d| d.order_id != kept));
    phonepe.webhooks(Webhooks::default());
    assert_eq!(event(&mut hearing).await, "checkout.order.failed", "sent when the knob is turned back");
    phonepe.notify(&kept).unwrap();
    assert_eq!(next(&mut hearing).await.1["payload"]["merchantOrderId"], json!(kept), "and again on demand");
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn refunds_are_told_step_by_step_and_the_knobs_work_over_http() {
    let stack = own().await;
    let phonepe = stack.phonepe();
    let (url, mut hearing) = receiver(&[]).await;
    let knob = async |method, path: &str, body| {
        let (status, _, body) =
            gateway(&stack, method, &format!("/__devstack/phonepe{path}"), body, &[]).await;
        (status, body)
    };
    let target = json!({"url": url, "username": "username", "password": "password"});
    assert_eq!(knob("PUT", "/webhook", target).await.0, 200);
    let (id, _) = order(phonepe, 500_000).await;
    assert_eq!(knob("POST", &format!("/orders/{id}/pay"), Value::Null).await.0, 200);
    assert_eq!(event(&mut hearing).await, "checkout.order.completed");
    let (status, refused) = knob("POST", &format!("/orders/{id}/cancel"), Value::Null).await;
    assert_eq!(status, 400);
    assert!(refused["message"].as_str().unwrap().contains("only a pending order"), "{refused}");
    assert_eq!(knob("GET", "/orders", Value::Null).await.1[0]["state"], "COMPLETED");

    let refund = fresh_id();
    let ask = json!({"merchantRefundId": refund, "originalMerchantOrderId": id, "amount": 200_000});
    call(phonepe, "/payments/v2/refund", ask).await;
    assert_eq!(event(&mut hearing).await, "pg.refund.accepted");
    let (_, done) = next(&mut hearing).await;
    assert_eq!(
        (&done["event"], &done["payload"]["merchantRefundId"]),
        (&json!("pg.refund.completed"), &json!(refund))
    );
    assert_eq!(done["payload"]["originalMerchantOrderId"], json!(id));

    assert_eq!(knob("PUT", "/refunds/hold", json!({"hold": true})).await.0, 200);
    let held = fresh_id();
    let ask = json!({"merchantRefundId": held, "originalMerchantOrderId": id, "amount": 300_000});
    assert_eq!(call(phonepe, "/payments/v2/refund", ask.clone()).await.0, 200);
    let path = format!("/payments/v2/refund/{held}/status");
    assert_eq!(call(phonepe, &path, Value::Null).await.1["state"], "PENDING");
    assert_eq!(knob("POST", &format!("/refunds/{held}/fail"), Value::Null).await.0, 200);
    assert_eq!(event(&mut hearing).await, "pg.refund.failed");
    let mut again = ask;
    again["merchantRefundId"] = json!(fresh_id());
    assert_eq!(call(phonepe, "/payments/v2/refund", again).await.0, 200, "a failed refund frees its sum");

    let lie = json!({"amount": 1, "state": "FAILED"});
    assert_eq!(knob("PUT", &format!("/orders/{id}/answer"), lie).await.0, 200);
    let path = format!("/checkout/v2/order/{id}/status");
    assert_eq!(call(phonepe, &path, Value::Null).await.1["amount"], 1);
    assert_eq!(knob("PUT", "/webhooks", json!({"lose": true})).await.0, 200);
    assert_eq!(knob("PUT", "/webhooks", json!({"loose": true})).await.0, 422, "unknown knobs are refused");
    assert_eq!(knob("POST", "/tokens/revoke", Value::Null).await.0, 200);
    assert_eq!(knob("GET", "/deliveries", Value::Null).await.1[0]["outcome"], json!({"answered": 200}));
    stack.stop().await.unwrap();
}
