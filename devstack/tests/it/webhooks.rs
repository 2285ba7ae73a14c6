//! Webhooks of the simulated payment gateway, as a receiver gets them.

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
use crate::{call as gateway, own_stack};

#[derive(Clone)]
struct Receiver {
    received: UnboundedSender<(String, Value)>,
    /// The first answers; the later ones are 200.
    answers: Arc<Mutex<VecDeque<u16>>>,
}

/// Starts a receiver of webhooks; returns its address and what it receives: the header and the body.
async fn receiver(answers: &[u16]) -> (String, UnboundedReceiver<(String, Value)>) {
    async fn receive(
        State(receiver): State<Receiver>,
        headers: HeaderMap,
        Json(body): Json<Value>,
    ) -> StatusCode {
        let authorization = headers["authorization"].to_str().unwrap().to_owned();
        receiver.received.send((authorization, body)).unwrap();
        let answer = receiver.answers.lock().unwrap().pop_front().unwrap_or(200);
        StatusCode::from_u16(answer).unwrap()
    }
    let (sender, received) = mpsc::unbounded_channel();
    let state =
        Receiver { received: sender, answers: Arc::new(Mutex::new(answers.iter().copied().collect())) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().route("/hook", post(receive)).with_state(state);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, received)
}

async fn next(received: &mut UnboundedReceiver<(String, Value)>) -> (String, Value) {
    let waiting = tokio::time::timeout(Duration::from_secs(30), received.recv());
    waiting.await.expect("a webhook arrives").unwrap()
}

async fn event(received: &mut UnboundedReceiver<(String, Value)>) -> String {
    next(received).await.1["event"].as_str().unwrap().to_owned()
}

/// Waits until the simulator has recorded this many delivery attempts for an order.
async fn delivery_attempts(stack: &Stack, id: &str, count: usize) -> Vec<Outcome> {
    let recorded = async {
        loop {
            let all = stack.phonepe().deliveries();
            let own: Vec<Outcome> = all.iter().filter(|d| d.order_id == id).map(|d| d.outcome).collect();
            if own.len() >= count {
                return own;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), recorded).await.expect("the attempts are recorded")
}

#[tokio::test]
async fn the_merchant_is_notified_with_the_agreed_header_and_again_after_an_error() {
    let stack = own_stack().await;
    let phonepe = stack.phonepe();
    let (silent, _) = order(phonepe, 500_000).await;
    phonepe.cancel(&silent).unwrap();
    assert_eq!(delivery_attempts(&stack, &silent, 1).await, [Outcome::NoWebhook]);

    let (url, mut received) = receiver(&[500, 200, 503, 503]).await;
    phonepe.set_webhook(&url, "username", "password");
    let (id, _) = order(phonepe, 500_000).await;
    phonepe.pay(&id).unwrap();
    let (authorization, body) = next(&mut received).await;
    assert_eq!(authorization, "bc842c31a9e54efe320d30d948be61291f3ceee4766e36ab25fa65243cd76e0e");
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
    assert_eq!(next(&mut received).await.1, body, "the retry is the same");
    assert_eq!(delivery_attempts(&stack, &id, 2).await, [Outcome::Answered(500), Outcome::Answered(200)]);

    let (failed, _) = order(phonepe, 500_000).await;
    phonepe.fail(&failed).unwrap();
    let (_, body) = next(&mut received).await;
    assert_eq!(
        (&body["event"], &body["payload"]["errorCode"]),
        (&json!("checkout.order.failed"), &json!("PAYMENT_ERROR"))
    );
    assert_eq!(
        delivery_attempts(&stack, &failed, 2).await,
        [Outcome::Answered(503); 2],
        "one retry and no more"
    );
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn webhooks_are_lost_duplicated_and_reordered() {
    let stack = own_stack().await;
    let phonepe = stack.phonepe();
    let (url, mut received) = receiver(&[]).await;
    phonepe.set_webhook(&url, phonepe.webhook_username(), phonepe.webhook_password());

    let (lost, _) = order(phonepe, 500_000).await;
    phonepe.webhooks_for(&lost, Webhooks { lose: true, ..Webhooks::default() });
    phonepe.pay(&lost).unwrap();
    assert_eq!(delivery_attempts(&stack, &lost, 1).await, [Outcome::Lost]);

    let (duplicated, _) = order(phonepe, 500_000).await;
    phonepe.webhooks(Webhooks { duplicate: true, delay_ms: 1, ..Webhooks::default() });
    phonepe.pay(&duplicated).unwrap();
    let first = next(&mut received).await;
    assert_eq!(first.1["payload"]["merchantOrderId"], json!(duplicated), "the lost one never arrives");
    assert_eq!(next(&mut received).await, first);

    phonepe.webhooks(Webhooks { reorder: true, ..Webhooks::default() });
    let (reordered, _) = order(phonepe, 500_000).await;
    phonepe.fail(&reordered).unwrap();
    phonepe.pay(&reordered).unwrap();
    assert_eq!(event(&mut received).await, "checkout.order.completed", "the late success arrives first");
    assert_eq!(event(&mut received).await, "checkout.order.failed");

    let (held, _) = order(phonepe, 500_000).await;
    phonepe.cancel(&held).unwrap();
    assert!(phonepe.deliveries().iter().all(|d| d.order_id != held));
    phonepe.webhooks(Webhooks::default());
    assert_eq!(event(&mut received).await, "checkout.order.failed", "sent when reordering is turned off");
    phonepe.notify(&held).unwrap();
    assert_eq!(next(&mut received).await.1["payload"]["merchantOrderId"], json!(held), "and again on demand");
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn refunds_are_notified_step_by_step_and_the_simulator_is_controlled_over_http() {
    let stack = own_stack().await;
    let phonepe = stack.phonepe();
    let (url, mut received) = receiver(&[]).await;
    let control = async |method, path: &str, body| {
        let (status, _, body) =
            gateway(&stack, method, &format!("/__devstack/phonepe{path}"), body, &[]).await;
        (status, body)
    };
    let target = json!({"url": url, "username": "username", "password": "password"});
    assert_eq!(control("PUT", "/webhook", target).await.0, 200);
    let (id, _) = order(phonepe, 500_000).await;
    assert_eq!(control("POST", &format!("/orders/{id}/pay"), Value::Null).await.0, 200);
    assert_eq!(event(&mut received).await, "checkout.order.completed");
    let (status, refused) = control("POST", &format!("/orders/{id}/cancel"), Value::Null).await;
    assert_eq!(status, 400);
    assert!(refused["message"].as_str().unwrap().contains("only a pending order"), "{refused}");
    assert_eq!(control("GET", "/orders", Value::Null).await.1[0]["state"], "COMPLETED");

    let refund = fresh_id();
    let request = json!({"merchantRefundId": refund, "originalMerchantOrderId": id, "amount": 200_000});
    call(phonepe, "/payments/v2/refund", request).await;
    assert_eq!(event(&mut received).await, "pg.refund.accepted");
    let (_, done) = next(&mut received).await;
    assert_eq!(
        (&done["event"], &done["payload"]["merchantRefundId"]),
        (&json!("pg.refund.completed"), &json!(refund))
    );
    assert_eq!(done["payload"]["originalMerchantOrderId"], json!(id));

    assert_eq!(control("PUT", "/refunds/hold", json!({"hold": true})).await.0, 200);
    let held = fresh_id();
    let request = json!({"merchantRefundId": held, "originalMerchantOrderId": id, "amount": 300_000});
    assert_eq!(call(phonepe, "/payments/v2/refund", request.clone()).await.0, 200);
    let path = format!("/payments/v2/refund/{held}/status");
    assert_eq!(call(phonepe, &path, Value::Null).await.1["state"], "PENDING");
    assert_eq!(control("POST", &format!("/refunds/{held}/fail"), Value::Null).await.0, 200);
    assert_eq!(event(&mut received).await, "pg.refund.failed");
    let mut again = request;
    again["merchantRefundId"] = json!(fresh_id());
    assert_eq!(
        call(phonepe, "/payments/v2/refund", again).await.0,
        200,
        "the amount of a failed refund can be refunded again"
    );

    let wrong = json!({"amount": 1, "state": "FAILED"});
    assert_eq!(control("PUT", &format!("/orders/{id}/answer"), wrong).await.0, 200);
    let path = format!("/checkout/v2/order/{id}/status");
    assert_eq!(call(phonepe, &path, Value::Null).await.1["amount"], 1);
    assert_eq!(control("PUT", "/webhooks", json!({"lose": true})).await.0, 200);
    assert_eq!(
        control("PUT", "/webhooks", json!({"loose": true})).await.0,
        422,
        "unknown fields are refused"
    );
    assert_eq!(control("POST", "/tokens/revoke", Value::Null).await.0, 200);
    assert_eq!(control("GET", "/deliveries", Value::Null).await.1[0]["outcome"], json!({"answered": 200}));
    stack.stop().await.unwrap();
}
