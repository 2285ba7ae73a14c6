//! An order's states: which answer of the gateway moves it where, and when it is asked about again.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{APPLY, apply_event, rows_of_order};
use crate::orders::open_order;
use crate::support::{Db, Params, Refused, Who, World};

#[tokio::test]
async fn an_order_moves_only_as_the_table_says() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let id = open_order(&mut db, &world, "glide", "month").await;
    for (from, event, outcome, to) in [
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
        let found = apply_event(&mut db, &id, "cron", event, Some(700_000)).await;
        assert_eq!(
            (&found["outcome"], &found["order"]["status"]),
            (&json!(outcome), &json!(to)),
            "{from} hears {event}"
        );
        let asked = found["order"]["next_check_at"].is_string();
        let may_be_paid = matches!(to, "pending" | "failed" | "cancelled");
        assert_eq!(asked, may_be_paid, "{from} hears {event}: what may still be paid is asked about");
    }
    // The gateway knows no such word: only cron and a person give an order up.
    db.run("update public.payment_transactions set status = 'pending' where merchant_order_id = $1", &[&id])
        .await;
    for source in ["webhook", "poll"] {
        assert_eq!(apply_event(&mut db, &id, source, "CANCELLED", None).await["outcome"], "unchanged");
    }
}

#[tokio::test]
async fn asking_in_vain_moves_the_next_question_and_nothing_else() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let id = open_order(&mut db, &world, "ascent", "month").await;
    for checks in 1..=3 {
        let found = apply_event(&mut db, &id, "poll", "PENDING", None).await;
        assert_eq!(found["order"]["checks"], checks);
    }
    assert_eq!(
        apply_event(&mut db, &id, "webhook", "PENDING", None).await["order"]["checks"],
        3,
        "a webhook is no question"
    );
    assert_eq!(rows_of_order(&db, &id).await, (0, 0, 0, 0));
    // Only cron stops asking, by naming no next time.
    let sql = "select public.apply_payment_event($1, $2, 'PENDING', null, null, null, null, null, null)";
    for (source, asked) in [("webhook", true), ("poll", true), ("cron", false)] {
        let found = db.call(Who::Service, sql, &[&id, &source]).await.expect("an outcome");
        assert_eq!(found["order"]["next_check_at"].is_string(), asked, "{source}");
    }
}

#[tokio::test]
async fn a_failed_order_is_asked_about_for_a_week_because_it_may_be_paid_late() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let id = open_order(&mut db, &world, "glide", "month").await;
    apply_event(&mut db, &id, "cron", "FAILED", Some(700_000)).await;
    // A webhook that says the same puts nothing off.
    apply_event(&mut db, &id, "webhook", "FAILED", Some(700_000)).await;
    let hours = "select round(extract(epoch from next_check_at - now()) / 3600)::int
                 from public.payment_transactions where merchant_order_id = $1";
    let due = "update public.payment_transactions set created_at = now() - make_interval(hours => $2), next_check_at = now()
               where merchant_order_id = $1";
    for (age, next) in
        [(0, Some(1)), (1, Some(1)), (2, Some(2)), (64, Some(64)), (167, Some(167)), (168, None)]
    {
        db.run(due, &[&id, &age]).await;
        apply_event(&mut db, &id, "cron", "FAILED", Some(700_000)).await;
        assert_eq!(db.one::<Option<i32>>(hours, &[&id]).await, next, "{age} hours old");
    }
    db.run(due, &[&id, &2]).await;
    let claimed = db
        .call(Who::Service, "select public.claim_due_work(100, 0, 0) -> 'orders'", &[])
        .await
        .expect("orders");
    assert!(claimed.to_string().contains(&id), "handed out: {claimed}");
    let found = apply_event(&mut db, &id, "cron", "COMPLETED", Some(700_000)).await;
    assert_eq!((&found["outcome"], &found["order"]["next_check_at"]), (&json!("applied"), &json!(null)));
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
            apply_event(&mut db, order, "poll", "COMPLETED", Some(1)).await,
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
