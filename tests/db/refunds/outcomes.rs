//! What PhonePe says about a refund, applied once: the order, its e-mail and its timeline.

use serde_json::{Value, json};

use super::{
    apply_refund, audit_rows, new_key, paid_order, read_order, refund_id, request_as_support, request_refund,
};
use crate::support::{Db, Who, World};

#[tokio::test]
async fn a_full_refund_ends_what_it_bought_and_tells_it_once() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let order = paid_order(&mut db, &world, "glide", "month", 700_000).await;
    let refund =
        request_refund(&mut db, Who::Person(world.owner), &order, None, "refund-1").await.expect("a refund");
    assert_eq!(
        (&refund["amount"], &refund["status"], &refund["requested_as"], &refund["order_id"]),
        (&json!(700_000), &json!("pending"), &json!("owner"), &json!(order))
    );
    assert!(
        refund_id(&refund).len() == 34
            && refund_id(&refund).starts_with("GR")
            && refund["next_check_at"].is_string()
    );
    assert_eq!(
        read_order(&mut db, &world, &order).await["status"],
        "completed",
        "asking changes nothing yet"
    );

    for state in ["PENDING", "CONFIRMED", "completed", ""] {
        assert_eq!(apply_refund(&mut db, &refund, state, 700_000).await["outcome"], "unchanged", "{state}");
    }
    let done = apply_refund(&mut db, &refund, "COMPLETED", 700_000).await;
    assert_eq!((&done["outcome"], &done["refund"]["status"]), (&json!("applied"), &json!("completed")));
    assert_eq!(
        (&done["refund"]["next_check_at"], done["refund"]["finished_at"].is_string()),
        (&json!(null), true)
    );
    let found = read_order(&mut db, &world, &order).await;
    assert_eq!((&found["status"], &found["subscription"]["status"]), (&json!("refunded"), &json!("expired")));
    let facts =
        db.call(Who::Person(world.owner), "select public.verify_profile()", &[]).await.expect("facts");
    assert_eq!((&facts["access_until"], &facts["plan_status"]), (&json!(null), &json!("expired")));

    // Whatever is said later changes nothing: neither the refund nor the order comes back.
    for state in ["COMPLETED", "FAILED", "PENDING"] {
        assert_eq!(apply_refund(&mut db, &refund, state, 700_000).await["outcome"], "unchanged", "{state}");
    }
    let sql =
        "select public.apply_payment_event($1, 'webhook', 'COMPLETED', 700000, null, null, null, null, null)";
    let late = db.call(Who::Service, sql, &[&order]).await.expect("an outcome");
    assert_eq!((&late["outcome"], &late["order"]["status"]), (&json!("unchanged"), &json!("refunded")));
    for (action, count) in
        [("payment.refund_requested", 1), ("payment.refund_completed", 1), ("payment.refund_failed", 0)]
    {
        assert_eq!(audit_rows(&db, &order, action).await, count, "{action}");
    }
    let mails = "select jsonb_agg(data) from public.email_outbox where template = 'refund_completed' and data ->> 'order_id' = $1";
    let mails = db.call(Who::Service, mails, &[&order]).await.expect("e-mails");
    assert_eq!((mails.as_array().map(Vec::len), &mails[0]["refunded"]), (Some(1), &json!(700_000)));
    let again =
        request_refund(&mut db, Who::Person(world.owner), &order, None, &new_key()).await.expect_err("gone");
    assert_eq!((again.state.as_str(), again.code.as_str()), ("PT409", "order_not_refundable"));
}

#[tokio::test]
async fn money_that_does_not_match_is_an_incident_and_an_unknown_refund_too() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let order = paid_order(&mut db, &world, "glide", "month", 700_000).await;
    let refund = request_as_support(&mut db, &order, Some(300_000), &new_key()).await.expect("a refund");
    for amount in [0, 299_999, 300_001, 700_000] {
        let found = apply_refund(&mut db, &refund, "COMPLETED", amount).await;
        assert_eq!(
            (&found["outcome"], &found["refund"]["status"]),
            (&json!("incident"), &json!("pending")),
            "{amount}"
        );
    }
    let sql = "select public.apply_refund_event($1, 'poll', 'COMPLETED', 300000, $2, null, null, null, null)";
    apply_refund(&mut db, &refund, "PENDING", 300_000).await;
    let found = db.call(Who::Service, sql, &[&refund_id(&refund), &"OMR-strange"]).await.expect("an outcome");
    assert_eq!(found["outcome"], "incident", "another refund of the gateway's");
    let seen: i32 = db
        .one(
            "select seen from public.payment_incidents where order_id = $1 and kind = 'refund_mismatch'",
            &[&order],
        )
        .await;
    let rows: i64 = db
        .one(
            "select count(*) from public.payment_events e join public.payment_transactions t on t.id = e.transaction_id
             where t.merchant_order_id = $1 and e.outcome = 'incident'",
            &[&order],
        )
        .await;
    assert_eq!((seen, rows), (5, 1));
    assert_eq!(apply_refund(&mut db, &refund, "COMPLETED", 300_000).await["outcome"], "applied");
    let found = db.call(Who::Service, sql, &[&"GRnone", &"OMRx"]).await.expect("an outcome");
    assert_eq!(found, json!({ "outcome": "unknown_refund", "refund": null }));
    for (source, code) in [("browser", "source_unknown"), ("", "source_unknown")] {
        let sql = "select public.apply_refund_event('GR', $1, 'COMPLETED', 1, null, null, null, null, null)";
        assert_eq!(db.call(Who::Service, sql, &[&source]).await.expect_err("refused").code, code);
    }
}

#[tokio::test]
async fn a_due_refund_is_handed_to_one_caller_and_ten_answers_complete_it_once() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let order = paid_order(&mut db, &world, "glide", "month", 700_000).await;
    let refund = request_as_support(&mut db, &order, None, &new_key()).await.expect("a refund");
    db.run(
        "update public.refunds set next_check_at = '2020-01-01' where merchant_refund_id = $1",
        &[&refund_id(&refund)],
    )
    .await;
    let claims = |found: Value| {
        found
            .as_array()
            .map_or(0, |rows| rows.iter().filter(|row| row["refund_id"] == refund["refund_id"]).count())
    };
    let sql = "select public.claim_due_work(0, 0, 0, 100) -> 'refunds'";
    let first = db.call(Who::Service, sql, &[]).await.expect("claimed");
    let again = db.call(Who::Service, sql, &[]).await.expect("claimed");
    assert_eq!((claims(first), claims(again)), (1, 0));
    let calls = (0..10).map(|_| {
        let refund = refund.clone();
        tokio::spawn(
            async move { apply_refund(&mut Db::shared().await, &refund, "COMPLETED", 700_000).await },
        )
    });
    let applied = futures_util::future::join_all(calls).await;
    assert_eq!(
        applied.into_iter().filter(|found| found.as_ref().unwrap()["outcome"] == "applied").count(),
        1
    );
    assert_eq!(audit_rows(&db, &order, "payment.refund_completed").await, 1);
}

#[tokio::test]
async fn a_timeline_tells_everything_to_members_and_nothing_to_others() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let order = paid_order(&mut db, &world, "glide", "month", 700_000).await;
    let refund =
        request_refund(&mut db, Who::Person(world.owner), &order, None, &new_key()).await.expect("a refund");
    apply_refund(&mut db, &refund, "COMPLETED", 700_000).await;
    let sql = "select public.read_timeline($1)";
    for who in [world.owner, world.admin, world.member] {
        let found = db.call(Who::Person(who), sql, &[&order]).await.expect("a timeline");
        let seen: Vec<_> =
            found["events"].as_array().expect("events").iter().map(|event| &event["state_seen"]).collect();
        assert_eq!(seen, ["CREATED", "COMPLETED", "REFUND_REQUESTED", "REFUND_COMPLETED"]);
        assert_eq!(
            (&found["order"]["status"], &found["refunds"][0]["status"]),
            (&json!("refunded"), &json!("completed"))
        );
    }
    let found = db.call(Who::Person(world.outsider), sql, &[&order]).await.expect_err("refused");
    assert_eq!((found.state.as_str(), found.code.as_str()), ("PT404", "order_not_found"));
    assert_eq!(db.call(Who::Nobody, sql, &[&order]).await.expect_err("refused").code, "not_signed_in");
}
