//! Money that goes back: who may ask, how much, and what it does to an order and its subscription.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::orders::open_order;
use crate::support::{Db, Params, Refused, Who, World};

async fn capture(db: &mut Db, order: &str, amount: i64) {
    let sql = "select public.apply_payment_event($1, 'cron', 'COMPLETED', $2, null, null, null, null, null)";
    let found = db.call(Who::Service, sql, &[&order, &amount]).await.expect("an outcome");
    assert_eq!(found["outcome"], "applied");
}

/// An order of the owner's that is paid.
async fn paid(db: &mut Db, world: &World, plan: &str, interval: &str, amount: i64) -> String {
    let id = open_order(db, world, plan, interval).await;
    capture(db, &id, amount).await;
    id
}

async fn ask(db: &mut Db, who: Who, order: &str, amount: Option<i64>, key: &str) -> Result<Value, Refused> {
    let sql = "select public.request_refund($1, $2, 'not what I needed', $3, 'req-r')";
    db.call(who, sql, &[&order, &amount, &key]).await
}

async fn support(db: &mut Db, order: &str, amount: Option<i64>, key: &str) -> Result<Value, Refused> {
    let sql = "select public.request_refund_as_support($1, $2, $3, 'goodwill', $4, 'req-r')";
    let actor = Uuid::from_u128(7);
    db.call(Who::Service, sql, &[&order, &amount, &actor, &key]).await
}

async fn apply(db: &mut Db, refund: &Value, state: &str, amount: i64) -> Value {
    let sql = "select public.apply_refund_event($1, 'webhook', $2, $3, 'OMR' || $1, '{}', now() + interval '3 seconds', null, 'req-r')";
    db.call(Who::Service, sql, &[&id(refund), &state, &amount]).await.expect("an outcome")
}

fn id(refund: &Value) -> String {
    refund["refund_id"].as_str().expect("an id").to_owned()
}

fn key() -> String {
    Uuid::new_v4().to_string()
}

async fn order_of(db: &mut Db, world: &World, order: &str) -> Value {
    db.call(Who::Person(world.owner), "select public.read_order($1)", &[&order]).await.expect("the order")
}

async fn audited(db: &Db, order: &str, action: &str) -> i64 {
    let sql = "select count(*) from public.audit_log where details ->> 'order_id' = $1 and action = $2";
    db.one(sql, &[&order, &action]).await
}

#[tokio::test]
async fn a_full_refund_ends_what_it_bought_and_tells_it_once() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let order = paid(&mut db, &world, "glide", "month", 700_000).await;
    let refund = ask(&mut db, Who::Person(world.owner), &order, None, "refund-1").await.expect("a refund");
    assert_eq!(
        (&refund["amount"], &refund["status"], &refund["requested_as"], &refund["order_id"]),
        (&json!(700_000), &json!("pending"), &json!("owner"), &json!(order))
    );
    assert!(id(&refund).len() == 34 && id(&refund).starts_with("GR") && refund["next_check_at"].is_string());
    assert_eq!(order_of(&mut db, &world, &order).await["status"], "completed", "asking changes nothing yet");

    for state in ["PENDING", "CONFIRMED", "completed", ""] {
        assert_eq!(apply(&mut db, &refund, state, 700_000).await["outcome"], "unchanged", "{state}");
    }
    let done = apply(&mut db, &refund, "COMPLETED", 700_000).await;
    assert_eq!((&done["outcome"], &done["refund"]["status"]), (&json!("applied"), &json!("completed")));
    assert_eq!(
        (&done["refund"]["next_check_at"], done["refund"]["finished_at"].is_string()),
        (&json!(null), true)
    );
    let found = order_of(&mut db, &world, &order).await;
    assert_eq!((&found["status"], &found["subscription"]["status"]), (&json!("refunded"), &json!("expired")));
    let facts =
        db.call(Who::Person(world.owner), "select public.verify_profile()", &[]).await.expect("facts");
    assert_eq!((&facts["access_until"], &facts["plan_status"]), (&json!(null), &json!("expired")));

    // Whatever is said later changes nothing: neither the refund nor the order comes back.
    for state in ["COMPLETED", "FAILED", "PENDING"] {
        assert_eq!(apply(&mut db, &refund, state, 700_000).await["outcome"], "unchanged", "{state}");
    }
    let sql =
        "select public.apply_payment_event($1, 'webhook', 'COMPLETED', 700000, null, null, null, null, null)";
    let late = db.call(Who::Service, sql, &[&order]).await.expect("an outcome");
    assert_eq!((&late["outcome"], &late["order"]["status"]), (&json!("unchanged"), &json!("refunded")));
    for (action, count) in
        [("payment.refund_requested", 1), ("payment.refund_completed", 1), ("payment.refund_failed", 0)]
    {
        assert_eq!(audited(&db, &order, action).await, count, "{action}");
    }
    let mails = "select jsonb_agg(data) from public.email_outbox where template = 'refund_completed' and data ->> 'order_id' = $1";
    let mails = db.call(Who::Service, mails, &[&order]).await.expect("e-mails");
    assert_eq!((mails.as_array().map(Vec::len), &mails[0]["refunded"]), (Some(1), &json!(700_000)));
    let again = ask(&mut db, Who::Person(world.owner), &order, None, &key()).await.expect_err("gone");
    assert_eq!((again.state.as_str(), again.code.as_str()), ("PT409", "order_not_refundable"));
}

#[tokio::test]
async fn who_may_not_ask_and_what_may_not_be_asked_for() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let order = paid(&mut db, &world, "glide", "month", 700_000).await;
    for (who, code) in [
        (Who::Anon, "permission denied for function request_refund"),
        (Who::Nobody, "not_signed_in"),
        (Who::Person(world.outsider), "order_not_found"),
        (Who::Person(world.member), "role_not_allowed"),
        (Who::Person(world.admin), "role_not_allowed"),
    ] {
        assert_eq!(ask(&mut db, who, &order, None, &key()).await.expect_err("refused").code, code, "{who:?}");
    }
    let owner = Who::Person(world.owner);
    for amount in [0, -700_000, 99, 100, 699_999, 700_001, i64::MAX] {
        let found = ask(&mut db, owner, &order, Some(amount), &key()).await.expect_err("refused");
        assert_eq!(found.code, "refund_amount_invalid", "{amount}");
    }
    for bad in ["", "two words"] {
        assert_eq!(
            ask(&mut db, owner, &order, None, bad).await.expect_err("refused").code,
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
        assert_eq!(ask(&mut db, owner, id, None, &key()).await.expect_err("refused").code, code);
        assert_eq!(support(&mut db, id, None, &key()).await.expect_err("refused").code, code);
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
    assert_eq!(ask(&mut db, owner, &order, None, &key()).await.expect_err("late").code, "refund_window_over");
    let left: i64 = db
        .one("select count(*) from public.refunds r join public.payment_transactions t on t.id = r.transaction_id where t.workspace_id = $1", &[&world.workspace])
        .await;
    assert_eq!(left, 0, "a refusal leaves nothing");
    support(&mut db, &order, Some(100), &key()).await.expect("support may, at any time");
}

#[tokio::test]
async fn parts_never_exceed_the_capture_and_only_all_of_it_ends_access() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let order = paid(&mut db, &world, "ascent", "month", 500_000).await;
    let before = order_of(&mut db, &world, &order).await["subscription"].clone();
    let first = support(&mut db, &order, Some(200_000), &key()).await.expect("a part");
    // What is on its way counts as gone.
    for amount in [300_001, 299_950] {
        assert_eq!(
            support(&mut db, &order, Some(amount), &key()).await.expect_err("too much").code,
            "refund_amount_invalid"
        );
    }
    apply(&mut db, &first, "COMPLETED", 200_000).await;
    let found = order_of(&mut db, &world, &order).await;
    assert_eq!(
        (&found["status"], &found["subscription"]),
        (&json!("completed"), &before),
        "a part changes no access"
    );
    let second = support(&mut db, &order, Some(300_000), &key()).await.expect("the rest");
    assert_eq!(
        support(&mut db, &order, Some(100), &key()).await.expect_err("nothing left").code,
        "order_not_refundable"
    );
    // A refund that failed gives its amount free again.
    apply(&mut db, &second, "FAILED", 300_000).await;
    assert_eq!(audited(&db, &order, "payment.refund_failed").await, 1);
    assert_eq!(order_of(&mut db, &world, &order).await["status"], "completed");
    let third = ask(&mut db, Who::Person(world.owner), &order, None, &key()).await.expect("what is left");
    assert_eq!(third["amount"], 300_000);
    apply(&mut db, &third, "COMPLETED", 300_000).await;
    let found = order_of(&mut db, &world, &order).await;
    assert_eq!((&found["status"], &found["subscription"]["status"]), (&json!("refunded"), &json!("expired")));
}

#[tokio::test]
async fn one_key_is_one_refund_also_ten_times_at_once() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let order = paid(&mut db, &world, "glide", "month", 700_000).await;
    let calls = (0..10).map(|n| {
        let order = order.clone();
        tokio::spawn(async move {
            let mut db = Db::shared().await;
            let key = if n < 5 { "same-for-all".to_owned() } else { key() };
            (n < 5, support(&mut db, &order, Some(200_000), &key).await)
        })
    });
    let found: Vec<_> = futures_util::future::join_all(calls).await.into_iter().map(Result::unwrap).collect();
    let same: std::collections::BTreeSet<_> =
        found.iter().filter(|(same, _)| *same).filter_map(|(_, found)| found.as_ref().ok()).map(id).collect();
    assert!(same.len() <= 1, "{same:?}");
    let all: std::collections::BTreeSet<_> =
        found.iter().filter_map(|(_, found)| found.as_ref().ok()).map(id).collect();
    assert_eq!(all.len(), 3, "three parts of 2,000 fit into 7,000 rupees, a fourth never: {found:?}");

    let kept = key();
    let mut made = support(&mut db, &order, Some(100_000), &kept).await.expect("the last part");
    assert_eq!(made["created"], true);
    made["created"] = json!(false);
    assert_eq!(support(&mut db, &order, Some(100_000), &kept).await, Ok(made.clone()));
    assert_eq!(support(&mut db, &order, None, &kept).await, Ok(made));
    assert_eq!(
        support(&mut db, &order, Some(100_001), &kept).await.expect_err("reused").code,
        "idempotency_key_reused"
    );
    let other = paid(&mut db, &world, "glide", "year", 7_000_000).await;
    assert_eq!(
        support(&mut db, &other, Some(100_000), &kept).await.expect_err("reused").code,
        "idempotency_key_reused"
    );
}

#[tokio::test]
async fn a_refund_takes_back_its_own_time_and_leaves_the_rest() {
    let mut db = Db::shared().await;
    // (what was paid first, what is refunded) → what must be left, as SQL over the subscription s and the first order's end.
    for (first, second, left) in [
        // A renewal: only the first month stays.
        (
            ("glide", "month"),
            ("glide", "month"),
            "s.plan = 'glide' and s.next_plan is null and s.current_period_end = $2",
        ),
        // An upgrade: the credit that the first order became stays, in the larger plan.
        (
            ("ascent", "month"),
            ("soar", "month"),
            "s.plan = 'soar' and s.current_period_end - now() between interval '14 days' and interval '16 days'",
        ),
        // A smaller plan to follow: it does not follow.
        (
            ("soar", "month"),
            ("ascent", "year"),
            "s.plan = 'soar' and s.next_plan is null and s.current_period_end = $2",
        ),
    ] {
        let world = World::new(&db).await;
        let price = |(plan, interval): (&str, &str)| {
            use gatehouse_core::vocabulary::{Interval, Plan};
            gatehouse_core::plan::price(Plan::parse(plan).unwrap(), Interval::parse(interval).unwrap())
        };
        paid(&mut db, &world, first.0, first.1, price(first)).await;
        let end = "select current_period_end from public.subscriptions where workspace_id = $1";
        let end: std::time::SystemTime = db.one(end, &[&world.workspace]).await;
        db.run(
            "update public.payment_transactions set expires_at = now() where workspace_id = $1",
            &[&world.workspace],
        )
        .await;
        let order = paid(&mut db, &world, second.0, second.1, price(second)).await;
        let refund = support(&mut db, &order, None, &key()).await.expect("a refund");
        apply(&mut db, &refund, "COMPLETED", price(second)).await;
        let sql = format!(
            "select s.status = 'active' and $2::timestamptz is not null and {left} from public.subscriptions s where workspace_id = $1"
        );
        let params: Params<'_> = &[&world.workspace, &end];
        let kept: bool = db.one(&sql, params).await;
        let now = order_of(&mut db, &world, &order).await;
        assert!(kept, "{first:?} then {second:?}: {now}");
    }
}

#[tokio::test]
async fn a_refund_of_what_runs_lets_what_follows_begin() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let order = paid(&mut db, &world, "soar", "month", 1_000_000).await;
    paid(&mut db, &world, "ascent", "month", 500_000).await;
    let refund = ask(&mut db, Who::Person(world.owner), &order, None, &key()).await.expect("a refund");
    apply(&mut db, &refund, "COMPLETED", 1_000_000).await;
    let month: bool = db
        .one(
            "select plan = 'ascent' and status = 'active' and next_plan is null
                    and current_period_end - current_period_start >= interval '28 days'
                    and current_period_start <= now()
             from public.subscriptions where workspace_id = $1",
            &[&world.workspace],
        )
        .await;
    assert!(month, "{}", order_of(&mut db, &world, &order).await);
}

#[tokio::test]
async fn money_that_does_not_match_is_an_incident_and_an_unknown_refund_too() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let order = paid(&mut db, &world, "glide", "month", 700_000).await;
    let refund = support(&mut db, &order, Some(300_000), &key()).await.expect("a refund");
    for amount in [0, 299_999, 300_001, 700_000] {
        let found = apply(&mut db, &refund, "COMPLETED", amount).await;
        assert_eq!(
            (&found["outcome"], &found["refund"]["status"]),
            (&json!("incident"), &json!("pending")),
            "{amount}"
        );
    }
    let sql = "select public.apply_refund_event($1, 'poll', 'COMPLETED', 300000, $2, null, null, null, null)";
    apply(&mut db, &refund, "PENDING", 300_000).await;
    let found = db.call(Who::Service, sql, &[&id(&refund), &"OMR-strange"]).await.expect("an outcome");
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
    assert_eq!(apply(&mut db, &refund, "COMPLETED", 300_000).await["outcome"], "applied");
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
    let order = paid(&mut db, &world, "glide", "month", 700_000).await;
    let refund = support(&mut db, &order, None, &key()).await.expect("a refund");
    db.run(
        "update public.refunds set next_check_at = '2020-01-01' where merchant_refund_id = $1",
        &[&id(&refund)],
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
        tokio::spawn(async move { apply(&mut Db::shared().await, &refund, "COMPLETED", 700_000).await })
    });
    let applied = futures_util::future::join_all(calls).await;
    assert_eq!(
        applied.into_iter().filter(|found| found.as_ref().unwrap()["outcome"] == "applied").count(),
        1
    );
    assert_eq!(audited(&db, &order, "payment.refund_completed").await, 1);
}

#[tokio::test]
async fn a_timeline_tells_everything_to_members_and_nothing_to_others() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let order = paid(&mut db, &world, "glide", "month", 700_000).await;
    let refund = ask(&mut db, Who::Person(world.owner), &order, None, &key()).await.expect("a refund");
    apply(&mut db, &refund, "COMPLETED", 700_000).await;
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
