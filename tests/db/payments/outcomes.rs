//! What an applied answer leaves behind: the plan, one e-mail, one audit row, or an incident.

use serde_json::{Value, json};

use super::{APPLY, apply_event, rows_of_order};
use crate::orders::open_order;
use crate::support::{Db, Params, Who, World};

#[tokio::test]
async fn a_completed_order_pays_for_the_plan_and_tells_everybody_once() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let id = open_order(&mut db, &world, "soar", "year").await;
    let found = apply_event(&mut db, &id, "poll", "COMPLETED", Some(10_000_000)).await;
    let order = &found["order"];
    assert_eq!((&found["outcome"], &order["status"]), (&json!("applied"), &json!("completed")));
    assert!(order["paid_at"].is_string());
    let sub = &order["subscription"];
    assert_eq!((&sub["plan"], &sub["status"]), (&json!("soar"), &json!("active")));
    assert_eq!(sub["current_period_start"], order["paid_at"]);
    let facts =
        db.call(Who::Person(world.owner), "select public.verify_profile()", &[]).await.expect("facts");
    assert_eq!((&facts["plan"], &facts["access_until"]), (&json!("soar"), &sub["access_until"]));
    assert_eq!(facts["onboarding_status"], "payment_confirmed");
    let admin =
        db.call(Who::Person(world.admin), "select public.verify_profile()", &[]).await.expect("facts");
    assert_eq!(admin["onboarding_status"], "pending", "the admin's own workspace has paid nothing");

    let mail = db
        .call(Who::Service, "select to_jsonb(e) from public.email_outbox e where idempotency_key = 'payment_confirmed/' || $1", &[&id])
        .await
        .expect("one e-mail");
    assert_eq!((&mail["template"], &mail["state"]), (&json!("payment_confirmed"), &json!("pending")));
    assert!(mail["to_email"].as_str().is_some_and(|to| to.starts_with("owner-")));
    let data = &mail["data"];
    assert_eq!(
        (&data["amount"], &data["plan"], &data["name"]),
        (&json!(10_000_000), &json!("soar"), &json!("owner"))
    );
    assert_eq!((data.get("redirect_url"), &data["subscription"]), (None, sub));

    assert_eq!(rows_of_order(&db, &id).await, (1, 1, 1, 0));
    for (source, state) in [("webhook", "COMPLETED"), ("cron", "COMPLETED"), ("poll", "PENDING")] {
        let again = apply_event(&mut db, &id, source, state, Some(10_000_000)).await;
        assert_eq!((&again["outcome"], &again["order"]["subscription"]), (&json!("unchanged"), sub));
    }
    assert_eq!(rows_of_order(&db, &id).await, (1, 1, 1, 0), "repeats leave nothing");
    for _ in 0..3 {
        assert_eq!(apply_event(&mut db, &id, "webhook", "FAILED", None).await["outcome"], "unchanged");
    }
    assert_eq!(rows_of_order(&db, &id).await, (2, 1, 1, 0), "a contradiction is written down, once");
}

#[tokio::test]
async fn a_failure_is_told_and_a_late_success_still_counts() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let id = open_order(&mut db, &world, "ascent", "month").await;
    let found = apply_event(&mut db, &id, "webhook", "FAILED", None).await;
    assert_eq!((&found["outcome"], &found["order"]["subscription"]), (&json!("applied"), &json!(null)));
    assert_eq!(rows_of_order(&db, &id).await, (1, 1, 1, 0));
    let late = apply_event(&mut db, &id, "cron", "COMPLETED", Some(500_000)).await;
    assert_eq!(
        (&late["outcome"], &late["order"]["subscription"]["plan"]),
        (&json!("applied"), &json!("ascent"))
    );
    assert_eq!(rows_of_order(&db, &id).await, (2, 2, 2, 0));
}

#[tokio::test]
async fn money_that_does_not_match_is_an_incident_and_changes_nothing() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let id = open_order(&mut db, &world, "glide", "month").await;
    for amount in [None, Some(100), Some(699_999), Some(700_001), Some(-700_000), Some(7_000)] {
        let found = apply_event(&mut db, &id, "poll", "COMPLETED", amount).await;
        assert_eq!(
            (&found["outcome"], &found["order"]["status"]),
            (&json!("incident"), &json!("pending")),
            "{amount:?}"
        );
    }
    assert_eq!(rows_of_order(&db, &id).await, (1, 0, 0, 1), "one row each, however often");
    let seen: i32 = db
        .one(
            "select seen from public.payment_incidents where order_id = $1 and kind = 'amount_mismatch'",
            &[&id],
        )
        .await;
    assert_eq!(seen, 6);

    let other = open_order(&mut db, &world, "glide", "year").await;
    for provider in ["OMO-strange".to_owned(), format!("OMO{other}")] {
        let params: Params<'_> =
            &[&id, &"poll", &"COMPLETED", &700_000_i64, &provider, &json!({}), &None::<i64>];
        let found = db.call(Who::Service, APPLY, params).await.expect("an outcome");
        assert_eq!(
            (&found["outcome"], &found["order"]["status"]),
            (&json!("incident"), &json!("pending")),
            "{provider}"
        );
    }
    let provider = format!("OMO{id}");
    let params: Params<'_> = &[&id, &"poll", &"COMPLETED", &700_000_i64, &provider, &json!({}), &None::<i64>];
    let found = db.call(Who::Service, APPLY, params).await.expect("an outcome");
    assert_eq!(found["outcome"], "applied", "the right one still goes through");
}

#[tokio::test]
async fn ten_answers_at_once_extend_once() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let id = open_order(&mut db, &world, "glide", "month").await;
    let calls = (0..10).map(|n| {
        let id = id.clone();
        tokio::spawn(async move {
            let mut db = Db::shared().await;
            apply_event(&mut db, &id, ["webhook", "poll", "cron"][n % 3], "COMPLETED", Some(700_000)).await
        })
    });
    let outcomes: Vec<Value> = futures_util::future::join_all(calls)
        .await
        .into_iter()
        .map(|call| call.expect("no panic")["outcome"].clone())
        .collect();
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "applied").count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "unchanged").count(), 9);
    assert_eq!(rows_of_order(&db, &id).await, (1, 1, 1, 0));
    let once: bool = db
        .one(
            "select current_period_end = private.add_interval(current_period_start, 'month')
             from public.subscriptions where workspace_id = $1",
            &[&world.workspace],
        )
        .await;
    assert!(once);
}

#[tokio::test]
async fn two_orders_captured_at_once_both_count() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        ids.push(open_order(&mut db, &world, "glide", "month").await);
        db.run(
            "update public.payment_transactions set expires_at = now() where workspace_id = $1",
            &[&world.workspace],
        )
        .await;
    }
    assert_ne!(ids[0], ids[1]);
    let calls = ids.into_iter().map(|id| {
        tokio::spawn(async move {
            let mut db = Db::shared().await;
            apply_event(&mut db, &id, "webhook", "COMPLETED", Some(700_000)).await
        })
    });
    for call in futures_util::future::join_all(calls).await {
        assert_eq!(call.expect("no panic")["outcome"], "applied");
    }
    let both: bool = db
        .one(
            "select current_period_end = private.add_interval(
               private.add_interval(current_period_start, 'month'), 'month', billing_day)
             from public.subscriptions where workspace_id = $1",
            &[&world.workspace],
        )
        .await;
    assert!(both);
}

#[tokio::test]
async fn an_order_outlives_its_workspace_and_the_money_is_an_incident() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let id = open_order(&mut db, &world, "glide", "month").await;
    db.run("delete from auth.users where id = $1", &[&world.owner]).await;
    let found = apply_event(&mut db, &id, "cron", "COMPLETED", Some(700_000)).await;
    assert_eq!((&found["outcome"], &found["order"]["status"]), (&json!("applied"), &json!("completed")));
    assert_eq!(
        (&found["order"]["workspace_id"], &found["order"]["subscription"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(rows_of_order(&db, &id).await, (1, 0, 1, 1));
}
