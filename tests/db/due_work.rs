//! One claim for three queues, and the end of what is long done.

use serde_json::{Value, json};

use crate::orders::open_order;
use crate::queues::{receive, service};
use crate::support::{Db, World, own_database};

/// Order, webhook and e-mail of one workspace, all due.
async fn all_due(db: &mut Db) -> (String, Value) {
    let world = World::new(db).await;
    let order = open_order(db, &world, "glide", "month").await;
    let inbox = receive(db, "one", true, &order).await["inbox_id"].clone();
    db.client
        .batch_execute(
            "update public.payment_transactions set next_check_at = now();
             update public.webhook_inbox set next_attempt_at = now();
             insert into public.email_outbox (idempotency_key, to_email, template) values ('k', 'a@example.in', 'none')",
        )
        .await
        .expect("all is due");
    (order, inbox)
}

#[tokio::test]
async fn one_claim_hands_out_each_queue_to_one_caller() {
    let (fresh, mut db) = own_database().await;
    let (order, inbox) = all_due(&mut db).await;
    let claim = "select public.claim_due_work($1, $2, $3)";
    let nothing = json!({ "orders": [], "webhooks": [], "emails": [], "refunds": [] });
    for none in [None, Some(0), Some(-1)] {
        assert_eq!(service(&mut db, claim, &[&none, &none, &none]).await, nothing, "{none:?}");
    }
    // One queue at a time leaves the others alone.
    let first = service(&mut db, claim, &[&0, &9, &0]).await;
    assert_eq!(
        (&first["webhooks"][0]["inbox_id"], &first["orders"], &first["emails"]),
        (&inbox, &json!([]), &json!([]))
    );
    let rest = service(&mut db, claim, &[&9, &9, &9]).await;
    assert_eq!((&rest["orders"][0]["order_id"], &rest["webhooks"]), (&json!(order), &json!([])));
    assert_eq!(
        (&rest["emails"][0]["idempotency_key"], &rest["emails"][0]["attempts"]),
        (&json!("k"), &json!(1))
    );
    assert_eq!(service(&mut db, claim, &[&9, &9, &9]).await, nothing, "all is handed out");
    let leases: Vec<i32> = db
        .one(
            "select array[extract(epoch from t.claimed_until - now()), extract(epoch from i.next_attempt_at - now()),
                          extract(epoch from e.next_attempt_at - now())]::int[]
             from public.payment_transactions t, public.webhook_inbox i, public.email_outbox e",
            &[],
        )
        .await;
    assert!(leases.iter().all(|seconds| (1..=60).contains(seconds)), "for a minute: {leases:?}");
    drop(db);
    fresh.stop().await;
}

#[tokio::test]
async fn what_is_long_done_is_removed_and_what_was_given_up_stays() {
    let (fresh, mut db) = own_database().await;
    let mut kept = Vec::new();
    for (state, days, goes) in [
        ("applied", 89, false),
        ("applied", 91, true),
        ("ignored", 89, false),
        ("ignored", 91, true),
        ("rejected", 29, false),
        ("rejected", 31, true),
        ("failed", 400, false),
        ("received", 400, false),
    ] {
        let name = format!("{state} {days}");
        let finished = if matches!(state, "failed" | "received") { "null::timestamptz" } else { "now()" };
        let insert = format!(
            "insert into public.webhook_inbox (raw_base64, sha256, verified, state, event, created_at, finished_at)
             values ('', repeat('0', 64), false, $1, $2, now() - make_interval(days => $3),
                     {finished} - make_interval(days => $3))"
        );
        db.run(&insert, &[&state, &name, &days]).await;
        if !goes {
            kept.push(name);
        }
    }
    for (state, days, goes) in
        [("sent", 89, false), ("sent", 91, true), ("failed", 400, false), ("pending", 400, false)]
    {
        let name = format!("mail {state} {days}");
        db.run(
            "insert into public.email_outbox (idempotency_key, to_email, template, state, created_at, finished_at)
             values ($2, 'a@example.in', 'none', $1, now() - make_interval(days => $3),
                     case when $1 <> 'pending' then now() - make_interval(days => $3) end)",
            &[&state, &name, &days],
        )
        .await;
        if !goes {
            kept.push(name);
        }
    }
    let sweep = "select public.sweep_queues()";
    assert_eq!(service(&mut db, sweep, &[]).await, json!({ "webhooks": 3, "emails": 1 }));
    assert_eq!(service(&mut db, sweep, &[]).await, json!({ "webhooks": 0, "emails": 0 }));
    let mut left: Vec<String> = db
        .one(
            "select array(select event from public.webhook_inbox union all select idempotency_key from public.email_outbox)",
            &[],
        )
        .await;
    left.sort_unstable();
    kept.sort_unstable();
    assert_eq!(left, kept);

    // A batch is bounded: 5,000 of a kind a time.
    db.run(
        "insert into public.webhook_inbox (raw_base64, sha256, verified, state, finished_at)
         select '', repeat('0', 64), false, 'rejected', now() - interval '31 days' from generate_series(1, 5001)",
        &[],
    )
    .await;
    for webhooks in [5000, 1] {
        assert_eq!(service(&mut db, sweep, &[]).await, json!({ "webhooks": webhooks, "emails": 0 }));
    }
    drop(db);
    fresh.stop().await;
}
