//! Who may make something new: a workspace with a plan, and of its members those with a seat. Everybody else reads.

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::members::invite_and_join;
use crate::support::{Founder, Reply, World, answers, until};

/// The subscription's period ended four days ago, its days of grace yesterday.
async fn end_plan(world: &World, founder: &Founder<'_>) {
    let sql = format!(
        "with ended as (update subscriptions set current_period_start = now() - interval '34 days',
             current_period_end = now() - interval '4 days' where workspace_id = '{}' returning 1)
         select count(*) from ended",
        founder.workspace_id
    );
    assert_eq!(world.count(&sql).await, 1);
}

async fn has_plan(world: &World, founder: &Founder<'_>) -> bool {
    let sql = format!(
        "select count(*) from subscriptions where workspace_id = '{}' and current_period_end > now()",
        founder.workspace_id
    );
    world.count(&sql).await == 1
}

/// Buys a month of Glide and returns as soon as the payment has been applied.
async fn pay(world: &World, founder: &Founder<'_>) {
    let order_id = founder.order().await;
    world.stack.phonepe().pay(&order_id).expect("it is paid");
    until("the payment is applied", || has_plan(world, founder)).await;
}

async fn rebuild(who: &Founder<'_>, key: &str) -> Reply {
    who.request(Method::POST, "/context/rebuild").header("idempotency-key", key).body("{}").send().await
}

/// One request to each route that makes something new and is called over HTTP.
async fn write_everything(who: &Founder<'_>, key: &str) -> Vec<(&'static str, Reply)> {
    let edit = who.request(Method::PUT, "/context/source").header("if-match", "\"1\"");
    let suggest = who.request(Method::POST, "/context/suggestions").header("idempotency-key", key);
    let invitation = json!({"email": format!("{}@example.in", Uuid::new_v4()), "role": "member"});
    vec![
        ("finalize", who.finalize(&answers()).await),
        ("edit", edit.body(json!({"answers": answers()}).to_string()).send().await),
        ("restore", who.post("/context/restore", Some(&json!({"version": 1}))).await),
        ("rebuild", rebuild(who, key).await),
        ("suggest", suggest.body(r#"{"fields": ["brand_tone"]}"#).send().await),
        ("invite", who.post("/members/invite", Some(&invitation)).await),
    ]
}

/// Insists that everything that is the workspace's own can be read and taken away.
async fn read_everything(who: &Founder<'_>) {
    for path in [
        "/context/manifest",
        "/context/history",
        "/context/diff?from=1&to=1",
        "/context/source",
        "/context/suggestions",
        "/payments/v2/orders",
        "/onboarding/session",
        "/members",
    ] {
        let reply = who.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
    }
    for format in ["json", "markdown"] {
        let reply = who.post("/context/export", Some(&json!({ "format": format }))).await;
        assert_eq!(reply.status, 200, "{format}: {reply:?}");
    }
}

#[tokio::test]
async fn whoever_has_just_paid_finalizes_at_once() {
    let world = World::shared().await;
    let founder = world.founder_without_plan().await;
    // Drafts need no plan; and a record of the membership without one is in Redis from here on.
    let save = founder.request(Method::PUT, "/onboarding/session").header("if-match", "\"0\"");
    let saved = save.body(json!({"answers": answers()}).to_string()).send().await;
    assert_eq!(saved.status, 200, "{saved:?}");
    until("the membership is kept", || async { founder.get("/onboarding/session").await.calls.len() == 1 })
        .await;
    let finalize = || founder.post("/onboarding/finalize", None);
    finalize().await.refused(403, "plan_required");
    founder.finalize(&answers()).await.refused(403, "plan_required");
    founder.get("/context/manifest").await.refused(404, "manifest_not_found");

    pay(world, &founder).await;
    let made = finalize().await;
    assert_eq!((made.status, &made.json["manifest"]["version"]), (201, &json!(1)), "{made:?}");
}

#[tokio::test]
async fn without_a_plan_everything_is_read_and_nothing_is_written() {
    let world = World::shared().await;
    let founder = world.founder().await;
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    let before = founder.get("/context/manifest").await;
    end_plan(world, &founder).await;
    let key = Uuid::new_v4().to_string();
    for (name, reply) in write_everything(&founder, &key).await {
        assert_eq!(
            (reply.status, reply.json["code"].as_str()),
            (403, Some("plan_required")),
            "{name}: {reply:?}"
        );
        assert!(reply.json["fix"].as_str().is_some_and(|fix| fix.contains("plan")), "{name}: {reply:?}");
    }
    read_everything(&founder).await;
    assert_eq!(founder.get("/context/manifest").await.text, before.text);

    // The refusals are not kept: once there is a plan, the same requests with the same keys succeed.
    pay(world, &founder).await;
    until("the refused keys are free", || async { rebuild(&founder, &key).await.status != 409 }).await;
    for (name, reply) in write_everything(&founder, &key).await {
        assert!(matches!(reply.status, 200 | 201), "{name}: {reply:?}");
    }
}

#[tokio::test]
async fn a_member_beyond_the_seats_reads_and_is_told_whom_to_ask() {
    let world = World::shared().await;
    let (owner, mut admin) = (world.founder().await, world.founder().await);
    assert_eq!(owner.finalize(&answers()).await.status, 201);
    invite_and_join(&owner, &mut admin, "admin").await;
    assert_eq!(admin.finalize(&answers()).await.status, 200, "there are five seats");

    let smaller = format!(
        "with smaller as (update subscriptions set plan = 'ascent' where workspace_id = '{}' returning 1)
         select count(*) from smaller",
        owner.workspace_id
    );
    assert_eq!(world.count(&smaller).await, 1);
    for (name, reply) in write_everything(&admin, &Uuid::new_v4().to_string()).await {
        assert_eq!((reply.status, reply.json["code"].as_str()), (403, Some("no_seat")), "{name}: {reply:?}");
        let detail = reply.json["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(&owner.email), "{name} says whom to ask: {detail}");
    }
    read_everything(&admin).await;
    assert_eq!(owner.finalize(&answers()).await.status, 200, "the owner has the first seat");
}
