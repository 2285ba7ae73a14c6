//! What operators ask the Worker: is it ready, what has it counted, what would a stored webhook change.

use gatehouse_core::metrics::METRICS;
use gatehouse_devstack::phonepe::Webhooks;
use gatehouse_devstack::{Fault, Part};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Reply, World, until};
use crate::webhooks::send_webhook;

pub const METRICS_TOKEN: &str = "Bearer local-metrics-token-worth-nothing-here";
pub const OPERATOR_TOKEN: &str = "Bearer local-operator-token-worth-nothing-here";

async fn replay(world: &World, about: &str, apply: bool) -> Reply {
    let body = json!({"about": about, "apply": apply}).to_string();
    let request = world.request(Method::POST, "/operations/replay").header("authorization", OPERATOR_TOKEN);
    request.body(body).send().await
}

#[tokio::test]
async fn a_stored_webhook_is_shown_then_applied_once() {
    let world = World::shared().await;
    let founder = world.founder_without_plan().await;
    let order_id = founder.order().await;
    let phonepe = world.stack.phonepe();
    phonepe.webhooks_for(&order_id, Webhooks { lose: true, ..Webhooks::default() });
    // It comes while the order is still pending at PhonePe, and is settled; later somebody pays.
    let body = json!({"event": "checkout.order.completed", "payload": {"merchantOrderId": order_id}});
    assert_eq!(send_webhook(world, &body).await.status, 200);
    let settled =
        format!("select count(*) from webhook_inbox where order_id = '{order_id}' and state = 'ignored'");
    until("the webhook is settled", || async { world.count(&settled).await == 1 }).await;
    phonepe.pay(&order_id).unwrap();

    let status = format!(
        "select count(*) from payment_transactions where merchant_order_id = '{order_id}' and status = 'completed'"
    );
    let shown = replay(world, &order_id, false).await;
    assert_eq!((shown.status, &shown.json["applied"]), (200, &json!(false)), "{shown:?}");
    let changes = shown.json["changes"].as_array().unwrap();
    assert!(
        changes.iter().any(|change| change["path"] == "order.status" && change["after"] == "completed"),
        "{shown:?}"
    );
    assert_eq!(world.count(&status).await, 0, "a dry run changes nothing");
    assert_eq!(replay(world, &order_id, true).await.json["applied"], true);
    assert_eq!(world.count(&status).await, 1);
    let again = replay(world, &order_id, true).await;
    assert_eq!((&again.json["applied"], &again.json["changes"]), (&json!(false), &json!([])), "{again:?}");
    replay(world, &format!("GH{}", Uuid::new_v4().simple()), true).await.refused(404, "webhook_not_found");
}

#[tokio::test]
async fn without_the_right_token_nobody_replays_or_reads_metrics() {
    let world = World::shared().await;
    for (method, path, other) in
        [(Method::GET, "/metrics", OPERATOR_TOKEN), (Method::POST, "/operations/replay", METRICS_TOKEN)]
    {
        for wrong in ["", "Bearer ", "Bearer wrong", other] {
            let request = world.request(method.clone(), path).header("authorization", wrong);
            let request = if method == Method::POST { request.body("{}") } else { request };
            request.send().await.refused(401, "operator_token_invalid");
        }
    }
}

#[tokio::test]
async fn metrics_are_prometheus_text_with_what_was_counted() {
    let world = World::own().await;
    let founder = world.founder_without_plan().await;
    founder.order().await;
    let read = || world.request(Method::GET, "/metrics").header("authorization", METRICS_TOKEN).send();
    let reply = read().await;
    assert_eq!(reply.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"), "{reply:?}");
    assert!(
        reply.text.contains("gatehouse_queue_rows{queue=\"orders_pending\",kind=\"\"} 1\n"),
        "{}",
        reply.text
    );
    for metric in METRICS {
        assert!(reply.text.contains(&format!("# TYPE {} {}\n", metric.name, metric.kind)), "{}", metric.name);
    }
    // Every line is a comment, or a known metric with its labels and a whole number.
    for line in reply.text.lines().filter(|line| !line.starts_with('#')) {
        let (series, number) = line.rsplit_once(' ').unwrap();
        assert!(number.parse::<i64>().is_ok(), "{line}");
        assert!(METRICS.iter().any(|metric| series.split('{').next() == Some(metric.name)), "{line}");
        assert!(!line.contains(&founder.workspace_id) && !line.contains('@'), "{line}");
    }
    until("the counters are added", || async {
        read().await.text.contains("gatehouse_requests_total{route=\"/payments/v2/init\",status=\"2xx\"} 1\n")
    })
    .await;
}

#[tokio::test]
async fn ready_asks_four_and_names_what_is_away() {
    let world = World::shared().await;
    let ready = || world.request(Method::GET, "/ready");
    ready().send().await;
    let reply = ready().send().await;
    assert_eq!((reply.status, &reply.json), (200, &json!({"ready": true, "phonepe": true})), "{reply:?}");
    for (part, name) in
        [(Part::Postgrest, "the database"), (Part::Upstash, "the cache"), (Part::Auth, "the sign-in service")]
    {
        let request = ready();
        let away = Fault { drop: true, request_id: Some(request.id.clone()), ..Fault::default() };
        world.stack.faults().set(part, away).unwrap();
        let reply = request.send().await;
        assert_eq!(
            reply.refused(503, "dependency_unavailable").json["detail"],
            format!("Not ready: {name} cannot be reached.")
        );
    }
    let request = ready();
    let away = Fault { drop: true, request_id: Some(request.id.clone()), ..Fault::default() };
    world.stack.faults().set(Part::Phonepe, away).unwrap();
    assert_eq!(request.send().await.json, json!({"ready": true, "phonepe": false}));
}
