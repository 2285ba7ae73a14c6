//! What the gateway says, applied: the state machine, the money, exactly once.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::orders::open_order;
use crate::support::{Db, Params, Refused, Who, World};

const APPLY: &str =
    "select public.apply_payment_event($1, $2, $3, $4, $5, $6, now() + interval '3 seconds', $7, 'req-p')";

async fn apply(db: &mut Db, order: &str, source: &str, state: &str, amount: Option<i64>) -> Value {
    let params: Params<'_> =
        &[&order, &source, &state, &amount, &None::<&str>, &json!({ "code": "X" }), &None::<i64>];
    db.call(Who::Service, APPLY, params).await.expect("an outcome")
}

/// Rows that an order has left: events, e-mails, audit rows, open incidents.
async fn left(db: &Db, order: &str) -> (i64, i64, i64, i64) {
    let row = db
        .client
        .query_one(
            "select (select count(*) from public.payment_events e join public.payment_transactions t
                     on t.id = e.transaction_id where t.merchant_order_id = $1 and e.outcome <> 'created'),
                    (select count(*) from public.email_outbox where idempotency_key like '%/' || $1),
                    (select count(*) from public.audit_log
                     where details ->> 'order_id' = $1 and action <> 'payment.order_created'),
                    (select count(*) from public.payment_incidents where order_id = $1)",
            &[&order],
        )
        .await
        .unwrap_or_else(|error| panic!("{error:?}"));
    (row.get(0), row.get(1), row.get(2), row.get(3))
}

#[tokio::test]
async fn an_order_moves_only_as_the_table_says() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let id = open_order(&mut db, &world, "glide", "month").await;
    for (from, said, outcome, to) in [
        ("pending", "COMPLETED", "applied", "completed"),
        ("pending", "FAILED", "applied", "failed"),
        ("pending", "CANCELLED", "applied", "cancelled"),
        ("pending", "PENDING", "unchanged", "pending"),
        ("pending", "EXPIRED", "unchanged", "pending"),
        ("pending", "completed", "unchanged", "pending"),
        ("pending", "", "unchanged", "pending"),
        ("failed", "COMPLETED", "applied", "completed"),
        ("failed", "FAILED", "unchanged", "failed"),
        ("failed", "CANCELLED", "unchanged", "failed"),
        ("failed", "PENDING", "unchanged", "failed"),
        ("cancelled", "COMPLETED", "applied", "completed"),
        ("cancelled", "FAILED", "unchanged", "cancelled"),
        ("cancelled", "PENDING", "unchanged", "cancelled"),
        ("completed", "COMPLETED", "unchanged", "completed"),
        ("completed", "FAILED", "unchanged", "completed"),
        ("completed", "CANCELLED", "unchanged", "completed"),
        ("completed", "PENDING", "unchanged", "completed"),
        ("refunded", "COMPLETED", "unchanged", "refunded"),
        ("refunded", "FAILED", "unchanged", "refunded"),
        ("refunded", "PENDING", "unchanged", "refunded"),
    ] {
        db.run(
            "update public.payment_transactions set status = $2 where merchant_order_id = $1",
            &[&id, &from],
        )
        .await;
        let found = apply(&mut db, &id, "cron", said, Some(700_000)).await;
        assert_eq!(
            (&found["outcome"], &found["order"]["status"]),
            (&json!(outcome), &json!(to)),
            "{from} hears {said}"
        );
        let asked = found["order"]["next_check_at"].is_string();
        let may_be_paid = matches!(to, "pending" | "failed" | "cancelled");
        assert_eq!(asked, may_be_paid, "{from} hears {said}: what may still be paid is asked about");
    }
    // The gateway knows no such word: only cron and a person give an order up.
    db.run("update public.payment_transactions set status = 'pending' where merchant_order_id = $1", &[&id])
        .await;
    for source in ["webhook", "poll"] {
        assert_eq!(apply(&mut db, &id, source, "CANCELLED", None).await["outcome"], "unchanged");
    }
}

#[tokio::test]
async fn a_completed_order_pays_for_the_plan_and_tells_everybody_once() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let id = open_order(&mut db, &world, "soar", "year").await;
    let found = apply(&mut db, &id, "poll", "COMPLETED", Some(10_000_000)).await;
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

    assert_eq!(left(&db, &id).await, (1, 1, 1, 0));
    for (source, state) in [("webhook", "COMPLETED"), ("cron", "COMPLETED"), ("poll", "PENDING")] {
        let again = apply(&mut db, &id, source, state, Some(10_000_000)).await;
        assert_eq!((&again["outcome"], &again["order"]["subscription"]), (&json!("unchanged"), sub));
    }
    assert_eq!(left(&db, &id).await, (1, 1, 1, 0), "repeats leave nothing");
    for _ in 0..3 {
        assert_eq!(apply(&mut db, &id, "webhook", "FAILED", None).await["outcome"], "unchanged");
    }
    assert_eq!(left(&db, &id).await, (2, 1, 1, 0), "a contradiction is written down, once");
}

#[tokio::test]
async fn a_failure_is_told_and_a_late_success_still_counts() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let id = open_order(&mut db, &world, "ascent", "month").await;
    let found = apply(&mut db, &id, "webhook", "FAILED", None).await;
    assert_eq!((&found["outcome"], &found["order"]["subscription"]), (&json!("applied"), &json!(null)));
    assert_eq!(left(&db, &id).await, (1, 1, 1, 0));
    let late = apply(&mut db, &id, "cron", "COMPLETED", Some(500_000)).await;
    assert_eq!(
        (&late["outcome"], &late["order"]["subscription"]["plan"]),
        (&json!("applied"), &json!("ascent"))
    );
    assert_eq!(left(&db, &id).await, (2, 2, 2, 0));
}

#[tokio::test]
async fn asking_in_vain_moves_the_next_question_and_nothing_else() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let id = open_order(&mut db, &world, "ascent", "month").await;
    for checks in 1..=3 {
        let found = apply(&mut db, &id, "poll", "PENDING", None).await;
        assert_eq!(found["order"]["checks"], checks);
    }
    assert_eq!(
        apply(&mut db, &id, "webhook", "PENDING", None).await["order"]["checks"],
        3,
        "a webhook is no question"
    );
    assert_eq!(left(&db, &id).await, (0, 0, 0, 0));
    // Only cron stops asking, by naming no next time.
    let sql = "select public.apply_payment_event($1, $2, 'PENDING', null, null, null, null, null, null)";
    for (source, asked) in [("webhook", true), ("poll", true), ("cron", false)] {
        let found = db.call(Who::Service, sql, &[&id, &source]).await.expect("an outcome");
        assert_eq!(found["order"]["next_check_at"].is_string(), asked, "{source}");
    }
}

#[tokio::test]
async fn money_that_does_not_match_is_an_incident_and_changes_nothing() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let id = open_order(&mut db, &world, "glide", "month").await;
    for amount in [None, Some(100), Some(699_999), Some(700_001), Some(-700_000), Some(7_000)] {
        let found = apply(&mut db, &id, "poll", "COMPLETED", amount).await;
        assert_eq!(
            (&found["outcome"], &found["order"]["status"]),
            (&json!("incident"), &json!("pending")),
            "{amount:?}"
        );
    }
    assert_eq!(left(&db, &id).await, (1, 0, 0, 1), "one row each, however often");
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
            apply(&mut db, &id, ["webhook", "poll", "cron"][n % 3], "COMPLETED", Some(700_000)).await
        })
    });
    let outcomes: Vec<Value> = futures_util::future::join_all(calls)
        .await
        .into_iter()
        .map(|call| call.expect("no panic")["outcome"].clone())
        .collect();
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "applied").count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "unchanged").count(), 9);
    assert_eq!(left(&db, &id).await, (1, 1, 1, 0));
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
            apply(&mut db, &id, "webhook", "COMPLETED", Some(700_000)).await
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
    let found = apply(&mut db, &id, "cron", "COMPLETED", Some(700_000)).await;
    assert_eq!((&found["outcome"], &found["order"]["status"]), (&json!("applied"), &json!("completed")));
    assert_eq!(
        (&found["order"]["workspace_id"], &found["order"]["subscription"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(left(&db, &id).await, (1, 0, 1, 1));
}

#[tokio::test]
async fn nobody_but_the_service_key_applies_and_nonsense_is_refused() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let id = open_order(&mut db, &world, "glide", "month").await;
    let refused = async |db: &mut Db, who: Who, source: &str, details: Value| -> Refused {
        let params: Params<'_> =
            &[&id, &source, &"COMPLETED", &700_000_i64, &None::<&str>, &details, &None::<i64>];
        db.call(who, APPLY, params).await.expect_err("refused")
    };
    for who in [Who::Anon, Who::Nobody, Who::Person(world.owner), Who::Person(world.outsider)] {
        assert_eq!(refused(&mut db, who, "poll", json!({})).await.state, "42501", "{who:?}");
    }
    for (source, details, code) in [
        ("browser", json!({}), "source_unknown"),
        ("", json!({}), "source_unknown"),
        ("poll", json!([]), "details_invalid"),
        ("poll", json!({ "x": "y".repeat(70_000) }), "details_too_large"),
    ] {
        assert_eq!(refused(&mut db, Who::Service, source, details).await.code, code);
    }
    for order in ["", "GH", &Uuid::new_v4().to_string()] {
        assert_eq!(
            apply(&mut db, order, "poll", "COMPLETED", Some(1)).await,
            json!({ "outcome": "unknown_order", "order": null })
        );
    }
    let change = db
        .client
        .execute("update public.payment_events set outcome = 'applied'", &[])
        .await
        .expect_err("append-only");
    assert_eq!(change.code().map(|code| code.code()), Some("PT409"));
}

#[tokio::test]
async fn a_failed_order_is_asked_about_for_a_week_because_it_may_be_paid_late() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let id = open_order(&mut db, &world, "glide", "month").await;
    apply(&mut db, &id, "cron", "FAILED", Some(700_000)).await;
    // A webhook that says the same puts nothing off.
    apply(&mut db, &id, "webhook", "FAILED", Some(700_000)).await;
    let hours = "select round(extract(epoch from next_check_at - now()) / 3600)::int
                 from public.payment_transactions where merchant_order_id = $1";
    let due = "update public.payment_transactions set created_at = now() - make_interval(hours => $2), next_check_at = now()
               where merchant_order_id = $1";
    for (age, next) in
        [(0, Some(1)), (1, Some(1)), (2, Some(2)), (64, Some(64)), (167, Some(167)), (168, None)]
    {
        db.run(due, &[&id, &age]).await;
        apply(&mut db, &id, "cron", "FAILED", Some(700_000)).await;
        assert_eq!(db.one::<Option<i32>>(hours, &[&id]).await, next, "{age} hours old");
    }
    db.run(due, &[&id, &2]).await;
    let claimed = db
        .call(Who::Service, "select public.claim_due_work(100, 0, 0) -> 'orders'", &[])
        .await
        .expect("orders");
    assert!(claimed.to_string().contains(&id), "handed out: {claimed}");
    let found = apply(&mut db, &id, "cron", "COMPLETED", Some(700_000)).await;
    assert_eq!((&found["outcome"], &found["order"]["next_check_at"]), (&json!("applied"), &json!(null)));
}
