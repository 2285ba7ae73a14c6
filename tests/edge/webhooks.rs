//! PhonePe's webhooks: forged, repeated, out of order, about strangers, and while their secret is changed.

use gatehouse_core::context::sha256_hex;
use gatehouse_devstack::phonepe::Webhooks;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::payments::{another_worker, email_count, order_status, wait_until_paid};
use crate::support::{Reply, Request, World, until};

/// A webhook as PhonePe sends it, known by its fixed secret alone.
pub fn webhook_request<'a>(world: &'a World, body: &Value) -> Request<'a> {
    let phonepe = world.stack.phonepe();
    let secret = sha256_hex(format!("{}:{}", phonepe.webhook_username(), phonepe.webhook_password()));
    let request = world.request(Method::POST, "/api/webhooks/phonepe").header("authorization", &secret);
    request.body(body.to_string())
}

pub async fn send_webhook(world: &World, body: &Value) -> Reply {
    webhook_request(world, body).send().await
}

#[tokio::test]
async fn a_forged_webhook_is_rejected_and_a_true_one_that_lies_grants_nothing() {
    let world = World::shared().await;
    let founder = world.founder_without_plan().await;
    let order_id = founder.order().await;
    let body = json!({"event": "checkout.order.completed",
        "payload": {"merchantOrderId": order_id, "state": "COMPLETED", "amount": 700_000}});
    let forged = || world.request(Method::POST, "/api/webhooks/phonepe").body(body.to_string());
    forged().send().await.refused(401, "webhook_rejected");
    forged().header("authorization", &"0".repeat(64)).send().await.refused(401, "webhook_rejected");
    // The header is a fixed secret that does not sign the body: whoever has it can still grant nothing.
    let taken = send_webhook(world, &body).await;
    assert_eq!(
        (taken.status, taken.calls.as_slice()),
        (200, ["postgrest rpc/receive_webhook".to_owned()].as_slice())
    );
    let settled =
        format!("select count(*) from webhook_inbox where order_id = '{order_id}' and state = 'ignored'");
    until("the webhook is settled", || async { world.count(&settled).await == 1 }).await;
    assert_eq!(order_status(&founder, &order_id).await.json["status"], "pending");
    assert_eq!(founder.get("/auth/verify-profile").await.json["needs_payment"], true);
}

#[tokio::test]
async fn a_thousand_identical_webhooks_are_one_payment_and_one_e_mail() {
    let world = World::shared().await;
    let founder = world.founder_without_plan().await;
    let order_id = founder.order().await;
    let phonepe = world.stack.phonepe();
    phonepe.webhooks_for(&order_id, Webhooks { lose: true, ..Webhooks::default() });
    phonepe.pay(&order_id).unwrap();
    let body = json!({"event": "checkout.order.completed", "payload": {"merchantOrderId": order_id}});
    let mut duplicates = 0;
    for _ in 0..20 {
        for reply in futures_util::future::join_all((0..50).map(|_| send_webhook(world, &body))).await {
            assert_eq!(reply.status, 200, "{reply:?}");
            duplicates += i32::from(reply.json["duplicate"] == true);
        }
    }
    assert_eq!(duplicates, 999);
    wait_until_paid(&founder, &order_id).await;
    until("the e-mail is sent", || async { email_count(world, &founder) == 1 }).await;
    let applied = format!(
        "select count(*) from payment_events e join payment_transactions t on t.id = e.transaction_id
         where t.merchant_order_id = '{order_id}' and e.outcome = 'applied'"
    );
    assert_eq!(world.count(&applied).await, 1);
}

#[tokio::test]
async fn while_the_webhooks_secret_is_changed_both_are_taken_and_afterwards_one() {
    let world = World::shared().await;
    let rotating = [
        ("PHONEPE_WEBHOOK_PASSWORD", "thenewone1"),
        ("PHONEPE_WEBHOOK_PREVIOUS", "gatehouse_local:localwebhook1"),
    ];
    let done = [("PHONEPE_WEBHOOK_PASSWORD", "thenewone1")];
    for (vars, old_is_taken) in [(rotating.as_slice(), 200), (done.as_slice(), 401)] {
        let worker = another_worker(world, vars).await;
        for (password, status) in [("thenewone1", 200), ("localwebhook1", old_is_taken), ("neither1", 401)] {
            let secret = sha256_hex(format!("gatehouse_local:{password}"));
            let reply = reqwest::Client::new()
                .post(format!("{}/api/webhooks/phonepe", worker.url))
                .header("authorization", secret)
                .body(json!({"event": "something.new", "n": Uuid::new_v4().to_string()}).to_string())
                .send()
                .await
                .unwrap();
            assert_eq!(reply.status().as_u16(), status, "{password} with {vars:?}");
        }
    }
}

#[tokio::test]
async fn webhooks_out_of_order_about_strangers_and_of_new_kinds_end_as_stated() {
    let world = World::shared().await;
    let founder = world.founder_without_plan().await;
    let order_id = founder.order().await;
    let phonepe = world.stack.phonepe();
    // It failed and was paid after all; the news of the success arrives first, that of the failure last.
    phonepe.webhooks_for(&order_id, Webhooks { reorder: true, ..Webhooks::default() });
    phonepe.fail(&order_id).unwrap();
    phonepe.pay(&order_id).unwrap();
    let settled = |about: &str| {
        format!(
            "select count(*) from webhook_inbox where order_id = '{about}' and state in ('applied', 'ignored')"
        )
    };
    until("both webhooks are settled", || async { world.count(&settled(&order_id)).await == 2 }).await;
    assert_eq!(order_status(&founder, &order_id).await.json["status"], "completed");
    let applied = format!(
        "select count(*) from audit_log where details ->> 'order_id' = '{order_id}' and action = 'payment.completed'"
    );
    assert_eq!(world.count(&applied).await, 1);

    let send_webhook = async |body: Value| assert_eq!(send_webhook(world, &body).await.status, 200);
    let (stranger, refund) =
        (format!("GH{}", Uuid::new_v4().simple()), format!("DASH{}", Uuid::new_v4().simple()));
    send_webhook(json!({"event": "checkout.order.completed", "payload": {"merchantOrderId": stranger}}))
        .await;
    send_webhook(json!({"event": "pg.refund.completed", "payload": {"merchantRefundId": refund}})).await;
    for (about, kind) in [(&stranger, "unknown_order"), (&refund, "unknown_refund")] {
        until(kind, || async { world.count(&settled(about)).await == 1 }).await;
        let incidents =
            format!("select count(*) from payment_incidents where order_id = '{about}' and kind = '{kind}'");
        assert_eq!(world.count(&incidents).await, 1, "{kind}");
    }
    let event = format!("something.new.{}", Uuid::new_v4().simple());
    send_webhook(json!({"event": event})).await;
    let ignored = format!("select count(*) from webhook_inbox where event = '{event}' and state = 'ignored'");
    until("a new kind is ignored", || async { world.count(&ignored).await == 1 }).await;
}
