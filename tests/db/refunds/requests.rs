//! Asking for a refund: who may, how much, and one refund for one key.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    apply_refund, audit_rows, new_key, paid_order, read_order, refund_id, request_as_support, request_refund,
};
use crate::orders::open_order;
use crate::support::{Db, Who, World};

#[tokio::test]
async fn who_may_not_ask_and_what_may_not_be_asked_for() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let order = paid_order(&mut db, &world, "glide", "month", 700_000).await;
    for (who, code) in [
        (Who::Anon, "permission denied for function request_refund"),
        (Who::Nobody, "not_signed_in"),
        (Who::Person(world.outsider), "order_not_found"),
        (Who::Person(world.member), "role_not_allowed"),
        (Who::Person(world.admin), "role_not_allowed"),
    ] {
        assert_eq!(
            request_refund(&mut db, who, &order, None, &new_key()).await.expect_err("refused").code,
            code,
            "{who:?}"
        );
    }
    let owner = Who::Person(world.owner);
    for amount in [0, -700_000, 99, 100, 699_999, 700_001, i64::MAX] {
        let found =
            request_refund(&mut db, owner, &order, Some(amount), &new_key()).await.expect_err("refused");
        assert_eq!(found.code, "refund_amount_invalid", "{amount}");
    }
    for bad in ["", "two words"] {
        assert_eq!(
            request_refund(&mut db, owner, &order, None, bad).await.expect_err("refused").code,
            "idempotency_key_invalid"
        );
    }
    let sql = "select public.request_refund($1, null, $2, 'k', null)";
    for reason in [None, Some(String::new()), Some("  ".to_owned()), Some("x".repeat(501))] {
        let found = db.call(owner, sql, &[&order, &reason]).await.expect_err("refused");
        assert_eq!(found.code, "refund_reason_invalid");
    }
    let unpaid = open_order(&mut db, &world, "soar", "year").await;
    for (id, code) in [(unpaid.as_str(), "order_not_refundable"), ("GHnone", "order_not_found")] {
        assert_eq!(
            request_refund(&mut db, owner, id, None, &new_key()).await.expect_err("refused").code,
            code
        );
        assert_eq!(request_as_support(&mut db, id, None, &new_key()).await.expect_err("refused").code, code);
    }
    for who in [Who::Anon, Who::Nobody, Who::Person(world.owner)] {
        for sql in [
            "select public.request_refund_as_support('GH', 1, null, 'r', 'k', null)",
            "select public.apply_refund_event('GR', 'cron', 'COMPLETED', 1, null, null, null, null, null)",
            "select public.claim_due_work(0, 0, 0, 1)",
        ] {
            assert_eq!(db.call(who, sql, &[]).await.expect_err("refused").state, "42501", "{who:?} {sql}");
        }
    }
    // Seven days to the second; support has no such limit.
    db.run("update public.payment_transactions set paid_at = now() - interval '168 hours 1 second' where merchant_order_id = $1", &[&order]).await;
    assert_eq!(
        request_refund(&mut db, owner, &order, None, &new_key()).await.expect_err("late").code,
        "refund_window_over"
    );
    let left: i64 = db
        .one("select count(*) from public.refunds r join public.payment_transactions t on t.id = r.transaction_id where t.workspace_id = $1", &[&world.workspace])
        .await;
    assert_eq!(left, 0, "a refusal leaves nothing");
    request_as_support(&mut db, &order, Some(100), &new_key()).await.expect("support may, at any time");
}

#[tokio::test]
async fn parts_never_exceed_the_capture_and_only_all_of_it_ends_access() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let order = paid_order(&mut db, &world, "ascent", "month", 500_000).await;
    let before = read_order(&mut db, &world, &order).await["subscription"].clone();
    let first = request_as_support(&mut db, &order, Some(200_000), &new_key()).await.expect("a part");
    // What is on its way counts as gone.
    for amount in [300_001, 299_950] {
        assert_eq!(
            request_as_support(&mut db, &order, Some(amount), &new_key()).await.expect_err("too much").code,
            "refund_amount_invalid"
        );
    }
    apply_refund(&mut db, &first, "COMPLETED", 200_000).await;
    let found = read_order(&mut db, &world, &order).await;
    assert_eq!(
        (&found["status"], &found["subscription"]),
        (&json!("completed"), &before),
        "a part changes no access"
    );
    let second = request_as_support(&mut db, &order, Some(300_000), &new_key()).await.expect("the rest");
    assert_eq!(
        request_as_support(&mut db, &order, Some(100), &new_key()).await.expect_err("nothing left").code,
        "order_not_refundable"
    );
    // A refund that failed gives its amount free again.
    apply_refund(&mut db, &second, "FAILED", 300_000).await;
    assert_eq!(audit_rows(&db, &order, "payment.refund_failed").await, 1);
    assert_eq!(read_order(&mut db, &world, &order).await["status"], "completed");
    let third = request_refund(&mut db, Who::Person(world.owner), &order, None, &new_key())
        .await
        .expect("what is left");
    assert_eq!(third["amount"], 300_000);
    apply_refund(&mut db, &third, "COMPLETED", 300_000).await;
    let found = read_order(&mut db, &world, &order).await;
    assert_eq!((&found["status"], &found["subscription"]["status"]), (&json!("refunded"), &json!("expired")));
}

#[tokio::test]
async fn one_key_is_one_refund_also_ten_times_at_once() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let order = paid_order(&mut db, &world, "glide", "month", 700_000).await;
    let calls = (0..10).map(|n| {
        let order = order.clone();
        tokio::spawn(async move {
            let mut db = Db::shared().await;
            let key = if n < 5 { "same-for-all".to_owned() } else { new_key() };
            (n < 5, request_as_support(&mut db, &order, Some(200_000), &key).await)
        })
    });
    let found: Vec<_> = futures_util::future::join_all(calls).await.into_iter().map(Result::unwrap).collect();
    let same: BTreeSet<_> = found
        .iter()
        .filter(|(same, _)| *same)
        .filter_map(|(_, found)| found.as_ref().ok())
        .map(refund_id)
        .collect();
    assert!(same.len() <= 1, "{same:?}");
    let all: BTreeSet<_> = found.iter().filter_map(|(_, found)| found.as_ref().ok()).map(refund_id).collect();
    assert_eq!(all.len(), 3, "three parts of 2,000 fit into 7,000 rupees, a fourth never: {found:?}");

    let kept = new_key();
    let mut made = request_as_support(&mut db, &order, Some(100_000), &kept).await.expect("the last part");
    assert_eq!(made["created"], true);
    made["created"] = json!(false);
    assert_eq!(request_as_support(&mut db, &order, Some(100_000), &kept).await, Ok(made.clone()));
    assert_eq!(request_as_support(&mut db, &order, None, &kept).await, Ok(made));
    assert_eq!(
        request_as_support(&mut db, &order, Some(100_001), &kept).await.expect_err("reused").code,
        "idempotency_key_reused"
    );
    let other = paid_order(&mut db, &world, "glide", "year", 7_000_000).await;
    assert_eq!(
        request_as_support(&mut db, &other, Some(100_000), &kept).await.expect_err("reused").code,
        "idempotency_key_reused"
    );
}
