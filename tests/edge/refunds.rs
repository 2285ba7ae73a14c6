//! Refunds over HTTP, and the timeline that people see of an order.

use gatehouse_devstack::phonepe::Webhooks;
use gatehouse_devstack::{Fault, Part};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Founder, Reply, World, until};

/// A founder whose month of Glide is paid, and the order's id.
pub async fn founder_with_paid_order(world: &World) -> (Founder<'_>, String) {
    let founder = world.founder_without_plan().await;
    let order_id = founder.order().await;
    world.stack.phonepe().pay(&order_id).unwrap();
    until("the order is completed", || async {
        timeline(&founder, &order_id).await.json["order"]["status"] == "completed"
    })
    .await;
    (founder, order_id)
}

async fn timeline(founder: &Founder<'_>, order_id: &str) -> Reply {
    founder.get(&format!("/payments/v2/{order_id}/timeline")).await
}

async fn request_refund(who: &Founder<'_>, body: &Value, key: &str) -> Reply {
    let request = who.request(Method::POST, "/payments/v2/refund").header("idempotency-key", key);
    request.body(body.to_string()).send().await
}

/// Somebody whom an operator has made support staff.
async fn support_person(world: &World) -> Founder<'_> {
    let mut person = world.founder_without_plan().await;
    let subject = Uuid::new_v4().to_string();
    person.token = world.stack.mint(&json!({"sub": subject, "app_metadata": {"gatehouse_support": true}}));
    person
}

async fn wait_until_refunded(founder: &Founder<'_>, order_id: &str) {
    until("the order is refunded", || async {
        timeline(founder, order_id).await.json["order"]["status"] == "refunded"
    })
    .await;
}

#[tokio::test]
async fn a_full_refund_travels_from_the_owner_to_the_end_of_access_and_one_e_mail() {
    let world = World::shared().await;
    let (founder, order_id) = founder_with_paid_order(world).await;
    let key = Uuid::new_v4().to_string();
    let body = json!({"order_id": order_id, "reason": "Not what I needed"});
    let first = request_refund(&founder, &body, &key).await;
    assert_eq!((first.status, &first.json["amount"]), (202, &json!(700_000)), "{first:?}");
    assert_eq!(
        first.calls,
        [
            "upstash EVALSHA begin_idempotent",
            "postgrest rpc/request_refund",
            "phonepe refund",
            "postgrest rpc/apply_refund_event"
        ]
    );
    wait_until_refunded(&founder, &order_id).await;
    assert_eq!(founder.get("/auth/verify-profile").await.json["needs_payment"], true);
    let mails = || {
        let sent = world.stack.resend().emails();
        sent.iter()
            .filter(|mail| mail.to.contains(&founder.email) && mail.subject == "Refund completed: ₹7,000")
            .count()
    };
    until("the e-mail is sent", || async { mails() == 1 }).await;
    let shown = timeline(&founder, &order_id).await;
    assert_eq!(shown.calls, ["postgrest rpc/read_timeline"]);
    let lines: Vec<_> =
        shown.json["events"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "The order for ₹7,000 was created.",
            "We received ₹7,000 and activated the plan.",
            "A refund of ₹7,000 was requested.",
            "₹7,000 was refunded to the original payment method."
        ]
    );
    assert_eq!(
        (&shown.json["refunds"][0]["status"], &shown.json["next_check_at"]),
        (&json!("completed"), &Value::Null)
    );

    // The key's first answer is kept; PhonePe paid back once; a late word about the payment changes nothing.
    let again = request_refund(&founder, &body, &key).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (202, Some("true")));
    let other = json!({"order_id": order_id, "amount": 100, "reason": "Not what I needed"});
    request_refund(&founder, &other, &key).await.refused(422, "idempotency_key_reused");
    request_refund(&founder, &body, &Uuid::new_v4().to_string()).await.refused(409, "order_not_refundable");
    let known = world.stack.phonepe().refunds();
    assert_eq!(known.iter().filter(|refund| refund.merchant_order_id == order_id).count(), 1);
    world.stack.phonepe().notify(&order_id).unwrap();
    assert_eq!(timeline(&founder, &order_id).await.json["order"]["status"], "refunded");
    assert_eq!(mails(), 1);
}

#[tokio::test]
async fn support_refunds_parts_and_nobody_else_asks_for_other_peoples_money() {
    let world = World::shared().await;
    let (founder, order_id) = founder_with_paid_order(world).await;
    let stranger = world.founder_without_plan().await;
    let key = || Uuid::new_v4().to_string();
    let part = json!({"order_id": order_id, "amount": 200_000, "reason": "Goodwill"});
    request_refund(&stranger, &part, &key()).await.refused(404, "order_not_found");
    timeline(&stranger, &order_id).await.refused(404, "order_not_found");
    request_refund(&founder, &part, &key()).await.refused(422, "refund_amount_invalid");
    request_refund(&founder, &part, "short").await.refused(400, "idempotency_key_missing");
    request_refund(&founder, &json!({"order_id": order_id, "reason": " "}), &key())
        .await
        .refused(422, "refund_reason_invalid");
    request_refund(&founder, &json!({"order_id": "../x", "reason": "r"}), &key())
        .await
        .refused(404, "order_not_found");
    request_refund(&founder, &json!({"order_id": order_id}), &key()).await.refused(400, "body_invalid");
    // What a person may write about themselves makes nobody support.
    let mut pretender = stranger.clone();
    let claims = json!({"sub": Uuid::new_v4().to_string(), "user_metadata": {"gatehouse_support": true}});
    pretender.token = world.stack.mint(&claims);
    request_refund(&pretender, &part, &key()).await.refused(404, "order_not_found");

    let staff = support_person(world).await;
    let made = request_refund(&staff, &part, &key()).await;
    assert_eq!((made.status, &made.json["requested_as"]), (202, &json!("support")), "{made:?}");
    assert_eq!(made.calls[1], "postgrest rpc/request_refund_as_support");
    until("the part went back", || async {
        timeline(&founder, &order_id).await.json["refunds"][0]["status"] == "completed"
    })
    .await;
    assert_eq!(founder.get("/auth/verify-profile").await.json["needs_payment"], false, "a part ends nothing");
    let too_much = json!({"order_id": order_id, "amount": 500_001, "reason": "Goodwill"});
    request_refund(&staff, &too_much, &key()).await.refused(422, "refund_amount_invalid");
    let rest = request_refund(&founder, &json!({"order_id": order_id, "reason": "The rest"}), &key()).await;
    assert_eq!(rest.json["amount"], 500_000, "{rest:?}");
    wait_until_refunded(&founder, &order_id).await;
}

#[tokio::test]
async fn a_refund_whose_answer_is_lost_is_asked_about_before_anything_is_repeated() {
    let world = World::shared().await;
    for after in [true, false] {
        let (founder, order_id) = founder_with_paid_order(world).await;
        world.stack.phonepe().webhooks_for(&order_id, Webhooks { lose: true, ..Webhooks::default() });
        let request = founder
            .request(Method::POST, "/payments/v2/refund")
            .header("idempotency-key", &Uuid::new_v4().to_string());
        let lost = Fault {
            drop: true,
            after,
            path: Some("/payments/v2/refund".into()),
            request_id: Some(request.id.clone()),
            ..Fault::default()
        };
        world.stack.faults().set(Part::Phonepe, lost).unwrap();
        let reply = request.body(json!({"order_id": order_id, "reason": "r"}).to_string()).send().await;
        assert_eq!((reply.status, &reply.json["status"]), (202, &json!("pending")), "{reply:?}");
        let shown = timeline(&founder, &order_id).await;
        assert!(
            shown.json["next_check_at"].is_string()
                && shown.json["support"].as_str().unwrap().starts_with("A refund")
        );

        let (client, connection) =
            tokio_postgres::connect(world.stack.database_url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let due =
            "update refunds set next_check_at = now() - interval '1 second' where merchant_refund_id = $1";
        let refund_id = reply.json["refund_id"].as_str().unwrap();
        until("PhonePe's word is applied", || async {
            let moved = client.execute(due, &[&refund_id]).await.unwrap();
            assert_eq!(moved, 1);
            world.worker.run_scheduled("* * * * *", 0).unwrap();
            timeline(&founder, &order_id).await.json["order"]["status"] == "refunded"
        })
        .await;
        let known = world.stack.phonepe().refunds();
        assert_eq!(
            known.iter().filter(|refund| refund.merchant_order_id == order_id).count(),
            1,
            "after {after}"
        );
    }
}

#[tokio::test]
async fn a_revoked_token_is_replaced_once_and_a_refusal_gives_the_money_free() {
    let world = World::shared().await;
    let (founder, order_id) = founder_with_paid_order(world).await;
    let body = json!({"order_id": order_id, "reason": "r"}).to_string();
    let request = founder
        .request(Method::POST, "/payments/v2/refund")
        .header("idempotency-key", &Uuid::new_v4().to_string());
    let refused = Fault {
        status: Some(403),
        path: Some("/payments/v2/refund".into()),
        request_id: Some(request.id.clone()),
        ..Fault::default()
    };
    world.stack.faults().set(Part::Phonepe, refused).unwrap();
    request.body(body.clone()).send().await.refused(502, "refund_refused");
    assert_eq!(timeline(&founder, &order_id).await.json["refunds"][0]["status"], "failed");

    world.stack.phonepe().revoke_tokens();
    let request = founder
        .request(Method::POST, "/payments/v2/refund")
        .header("idempotency-key", &Uuid::new_v4().to_string());
    let made = request.body(body).send().await;
    assert_eq!(made.status, 202, "{made:?}");
    wait_until_refunded(&founder, &order_id).await;
}

#[tokio::test]
async fn orders_are_listed_for_their_workspace_alone() {
    let world = World::shared().await;
    let (founder, order_id) = founder_with_paid_order(world).await;
    let listed = founder.get("/payments/v2/orders?limit=5").await;
    assert_eq!(listed.calls, ["postgrest rpc/list_orders"]);
    let orders = listed.json["orders"].as_array().unwrap();
    assert_eq!(
        (orders.len(), &orders[0]["order_id"], &orders[0]["status"]),
        (1, &json!(order_id), &json!("completed"))
    );
    for limit in ["0", "101", "-1", "ten"] {
        founder.get(&format!("/payments/v2/orders?limit={limit}")).await.refused(400, "query_invalid");
    }
    let mut stranger = world.founder_without_plan().await;
    assert_eq!(stranger.get("/payments/v2/orders").await.json["orders"], json!([]));
    stranger.workspace_id.clone_from(&founder.workspace_id);
    stranger.get("/payments/v2/orders").await.refused(404, "workspace_not_found");
}
