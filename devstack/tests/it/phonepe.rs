//! The simulated payment gateway through its API.

use gatehouse_devstack::phonepe::{OrderState, Phonepe};
use gatehouse_devstack::{Fault, Part};
use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::shared_stack;

/// An id for an order or refund that no other test uses.
pub fn fresh_id() -> String {
    format!("ord_{}", uuid::Uuid::new_v4().simple())
}

/// A client that does not follow redirects.
fn http() -> reqwest::Client {
    reqwest::Client::builder().redirect(Policy::none()).build().unwrap()
}

/// Requests a token.
pub async fn token(phonepe: &Phonepe, secret: &str) -> (u16, Value) {
    let form = format!(
        "client_id={}&client_version={}&client_secret={secret}&grant_type=client_credentials",
        phonepe.client_id(),
        phonepe.client_version(),
    );
    let request = http()
        .post(format!("{}/v1/oauth/token", phonepe.url()))
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = request.body(form).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Sends one call with a new token; a null body sends GET.
pub async fn call(phonepe: &Phonepe, path: &str, body: Value) -> (u16, Value) {
    let access = token(phonepe, phonepe.client_secret()).await.1["access_token"].clone();
    let access = format!("O-Bearer {}", access.as_str().unwrap());
    call_with(phonepe, path, body, &access).await
}

async fn call_with(phonepe: &Phonepe, path: &str, body: Value, access: &str) -> (u16, Value) {
    let url = format!("{}{path}", phonepe.url());
    let request = if body.is_null() { http().get(url) } else { http().post(url).json(&body) };
    let answer = request.header("authorization", access).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// The body of a payment request.
pub fn payment(id: &str, paise: i64) -> Value {
    json!({
        "merchantOrderId": id, "amount": paise, "expireAfter": 600, "metaInfo": {"udf1": "workspace"},
        "paymentFlow": {"type": "PG_CHECKOUT", "merchantUrls": {"redirectUrl": format!("http://127.0.0.1:3000/back?order={id}")}},
    })
}

/// Creates an order; returns its id and the address of its page.
pub async fn order(phonepe: &Phonepe, paise: i64) -> (String, String) {
    let id = fresh_id();
    let (status, body) = call(phonepe, "/checkout/v2/pay", payment(&id, paise)).await;
    assert_eq!(status, 200, "{body}");
    (id, body["redirectUrl"].as_str().unwrap().to_owned())
}

async fn status(phonepe: &Phonepe, id: &str) -> Value {
    call(phonepe, &format!("/checkout/v2/order/{id}/status"), Value::Null).await.1
}

#[tokio::test]
async fn a_token_needs_valid_credentials_and_every_call_needs_a_token() {
    let phonepe = shared_stack().await.phonepe();
    let (code, body) = token(phonepe, phonepe.client_secret()).await;
    assert_eq!((code, &body["token_type"]), (200, &json!("O-Bearer")));
    let (issued, expires) = (body["issued_at"].as_i64().unwrap(), body["expires_at"].as_i64().unwrap());
    assert!(issued < expires && expires < 10_000_000_000, "epoch seconds: {body}");
    let (code, body) = token(phonepe, "wrong").await;
    assert_eq!((code, &body["code"]), (400, &json!("INVALID_CLIENT")));
    assert_eq!(body["context"]["errorDescription"], "Client Authentication Failure");
    let good = token(phonepe, phonepe.client_secret()).await.1["access_token"].clone();
    for access in ["O-Bearer wrong".to_owned(), format!("Bearer {}", good.as_str().unwrap()), String::new()] {
        let (code, body) =
            call_with(phonepe, "/checkout/v2/pay", payment(&fresh_id(), 500_000), &access).await;
        assert_eq!((code, &body["code"]), (401, &json!("AUTHORIZATION_FAILED")), "{access}");
    }
}

#[tokio::test]
async fn a_payment_is_pending_until_somebody_pays() {
    let phonepe = shared_stack().await.phonepe();
    let (id, page) = order(phonepe, 500_000).await;
    assert!(page.starts_with(&format!("{}/transact/", phonepe.url())), "{page}");
    let pending = status(phonepe, &id).await;
    assert_eq!(pending["state"], "PENDING");
    assert_eq!(pending["amount"], 500_000);
    assert_eq!(pending["metaInfo"]["udf1"], "workspace");
    assert_eq!(pending["paymentDetails"], json!([]));
    assert!(pending["expireAt"].as_i64().unwrap() > 1_000_000_000_000, "milliseconds: {pending}");

    phonepe.pay(&id).unwrap();
    let paid = status(phonepe, &id).await;
    assert_eq!((&paid["state"], &paid["merchantOrderId"]), (&json!("COMPLETED"), &json!(id)));
    let attempt = &paid["paymentDetails"][0];
    assert_eq!((&attempt["state"], &attempt["amount"]), (&json!("COMPLETED"), &json!(500_000)));
    assert_eq!(attempt["splitInstruments"][0]["rail"]["type"], "UPI");
    assert!(phonepe.pay(&id).unwrap_err().to_string().contains("is paid already"));
    assert!(phonepe.fail(&id).is_err(), "a paid order stays paid");
}

#[tokio::test]
async fn an_order_fails_by_decline_cancel_or_expiry_and_may_still_be_paid_late() {
    let phonepe = shared_stack().await.phonepe();
    type End = fn(&Phonepe, &str) -> anyhow::Result<()>;
    let failures: [(End, &str, usize); 3] = [
        (Phonepe::fail, "PAYMENT_ERROR", 1),
        (Phonepe::cancel, "CANCELLED_BY_USER", 1),
        (Phonepe::expire, "ORDER_EXPIRED", 0),
    ];
    for (end, code, attempts) in failures {
        let (id, _) = order(phonepe, 500_000).await;
        end(phonepe, &id).unwrap();
        let path = format!("/checkout/v2/order/{id}/status?details=true&errorContext=true");
        let (_, body) = call(phonepe, &path, Value::Null).await;
        assert_eq!((&body["state"], &body["errorCode"]), (&json!("FAILED"), &json!(code)));
        assert_eq!(body["errorContext"]["errorCode"], code);
        assert_eq!(body["paymentDetails"].as_array().unwrap().len(), attempts);
        assert!(status(phonepe, &id).await["errorContext"].is_null(), "only when asked for");
        phonepe.pay(&id).unwrap();
        let (_, body) = call(phonepe, &path, Value::Null).await;
        assert_eq!((&body["state"], &body["errorCode"]), (&json!("COMPLETED"), &Value::Null));
        assert_eq!(body["paymentDetails"].as_array().unwrap().len(), attempts + 1);
        let latest = status(phonepe, &id).await["paymentDetails"].clone();
        assert_eq!((latest.as_array().unwrap().len(), &latest[0]["state"]), (1, &json!("COMPLETED")));
    }
}

#[tokio::test]
async fn invalid_payments_are_refused_like_the_service_does() {
    let phonepe = shared_stack().await.phonepe();
    let changed = |change: fn(&mut Value)| {
        let mut body = payment(&fresh_id(), 500_000);
        change(&mut body);
        body
    };
    for (body, word) in [
        (changed(|b| b["amount"] = json!(99)), "amount"),
        (changed(|b| b["amount"] = json!(5000.5)), "amount"),
        (changed(|b| b["amount"] = json!("500000")), "amount"),
        (changed(|b| b["merchantOrderId"] = json!("with space")), "merchantOrderId"),
        (changed(|b| b["merchantOrderId"] = json!("a".repeat(64))), "merchantOrderId"),
        (changed(|b| b["expireAfter"] = json!(299)), "expireAfter"),
        (changed(|b| b["expireAfter"] = json!(3601)), "expireAfter"),
        (changed(|b| b["paymentFlow"]["type"] = json!("PG")), "paymentFlow"),
        (changed(|b| b["paymentFlow"]["merchantUrls"] = json!({})), "redirectUrl"),
        (changed(|b| b["metaInfo"] = json!({"udf11": "नमस्ते"})), "udf11"),
    ] {
        let (code, answer) = call(phonepe, "/checkout/v2/pay", body).await;
        assert_eq!((code, &answer["code"]), (400, &json!("BAD_REQUEST")), "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(word), "{answer} should name {word}");
    }
    let (id, _) = order(phonepe, 500_000).await;
    let (code, answer) = call(phonepe, "/checkout/v2/pay", payment(&id, 500_000)).await;
    assert_eq!((code, &answer["code"]), (417, &json!("INVALID_TRANSACTION_ID")), "one order per id");
    let (code, answer) = call(phonepe, "/checkout/v2/order/nobody/status", Value::Null).await;
    assert_eq!((code, &answer["code"]), (400, &json!("INVALID_MERCHANT_ORDER_ID")));
}

#[tokio::test]
async fn a_person_pays_fails_cancels_and_leaves_on_the_page() {
    let phonepe = shared_stack().await.phonepe();
    for (action, state) in [
        ("pay", OrderState::Completed),
        ("fail", OrderState::Failed),
        ("cancel", OrderState::Failed),
        ("leave", OrderState::Pending),
    ] {
        let (id, page) = order(phonepe, 1_000_000).await;
        let html = http().get(&page).send().await.unwrap().text().await.unwrap();
        assert!(
            html.contains("₹10,000.00")
                && html.contains(&id)
                && html.contains(&format!("value=\"{action}\""))
        );
        let click = || async {
            let request = http().post(&page).header("content-type", "application/x-www-form-urlencoded");
            request.body(format!("action={action}")).send().await.unwrap()
        };
        let answer = click().await;
        assert_eq!(answer.status(), 303, "{action}");
        assert_eq!(answer.headers()["location"], format!("http://127.0.0.1:3000/back?order={id}"));
        assert_eq!(phonepe.order(&id).unwrap().state, state, "{action}");
        if action != "leave" {
            let again = click().await;
            assert_eq!(again.status(), 200, "a second click only shows the final state");
            assert!(again.text().await.unwrap().contains("Back to Gatehouse"));
            assert_eq!(phonepe.order(&id).unwrap().attempts.len(), 1);
        }
    }
    let missing = http().get(format!("{}/transact/nothing", phonepe.url())).send().await.unwrap();
    assert_eq!(missing.status(), 404);
}

#[tokio::test]
async fn refunds_never_exceed_what_was_paid() {
    let phonepe = shared_stack().await.phonepe();
    let (id, _) = order(phonepe, 500_000).await;
    let refund = |paise: i64| {
        let refund = fresh_id();
        (refund.clone(), json!({"merchantRefundId": refund, "originalMerchantOrderId": id, "amount": paise}))
    };
    let (_, body) = refund(100_000);
    assert_eq!(call(phonepe, "/payments/v2/refund", body).await.0, 400, "not paid yet");
    phonepe.pay(&id).unwrap();
    let (first, body) = refund(300_000);
    let (code, answer) = call(phonepe, "/payments/v2/refund", body.clone()).await;
    assert_eq!((code, &answer["state"], &answer["amount"]), (200, &json!("PENDING"), &json!(300_000)));
    let (_, shown) = call(phonepe, &format!("/payments/v2/refund/{first}/status"), Value::Null).await;
    assert_eq!((&shown["state"], &shown["originalMerchantOrderId"]), (&json!("COMPLETED"), &json!(id)));
    assert_eq!(call(phonepe, "/payments/v2/refund", body).await.0, 417, "one refund per id");
    let (_, body) = refund(200_001);
    let (code, answer) = call(phonepe, "/payments/v2/refund", body).await;
    assert_eq!((code, &answer["code"]), (400, &json!("EXCESS_REFUND_AMOUNT")));
    let (_, body) = refund(200_000);
    assert_eq!(call(phonepe, "/payments/v2/refund", body).await.0, 200);
    let (_, body) = refund(100);
    assert_eq!(call(phonepe, "/payments/v2/refund", body).await.0, 400, "everything is refunded");
    let (code, answer) = call(phonepe, "/payments/v2/refund/nothing/status", Value::Null).await;
    assert_eq!((code, &answer["code"]), (404, &json!("REFUND_NOT_FOUND")));
}

#[tokio::test]
async fn the_status_can_be_wrong_and_faults_hit_one_request_id() {
    let stack = shared_stack().await;
    let phonepe = stack.phonepe();
    let (id, _) = order(phonepe, 500_000).await;
    phonepe.pay(&id).unwrap();
    phonepe.answer_amount(&id, 100);
    phonepe.answer_state(&id, Some(OrderState::Pending));
    let wrong = status(phonepe, &id).await;
    assert_eq!((&wrong["amount"], &wrong["state"]), (&json!(100), &json!("PENDING")));
    assert_eq!(phonepe.order(&id).unwrap().amount, 500_000, "the order itself is unchanged");

    let (request_id, lost) = (uuid::Uuid::new_v4().to_string(), fresh_id());
    let access = token(phonepe, phonepe.client_secret()).await.1["access_token"].clone();
    let pay = || async {
        let request = http().post(format!("{}/checkout/v2/pay", phonepe.url()));
        let request = request.header("authorization", format!("O-Bearer {}", access.as_str().unwrap()));
        request.header("x-request-id", &request_id).json(&payment(&lost, 500_000)).send().await
    };
    let only = Fault { times: Some(1), request_id: Some(request_id.clone()), ..Fault::default() };
    stack.faults().set(Part::Phonepe, Fault { status: Some(503), ..only.clone() }).unwrap();
    stack.faults().set(Part::Phonepe, Fault { drop: true, after: true, ..only }).unwrap();
    let refused = pay().await.unwrap();
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "INTERNAL_SERVER_ERROR");
    assert!(phonepe.order(&lost).is_none());
    assert!(pay().await.is_err(), "the response is lost");
    assert!(phonepe.order(&lost).is_some(), "but the order was created");
    assert_eq!(pay().await.unwrap().status(), 417, "and a second attempt finds it");
    let calls = stack.calls(&request_id);
    assert_eq!(
        calls.iter().map(|c| (c.part, c.status)).collect::<Vec<_>>(),
        [503, 0, 417].map(|s| (Part::Phonepe, s))
    );
}
