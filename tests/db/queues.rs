//! Webhooks as they come in, and the two queues: stored once, handed out once, given up after eight attempts.

use base64::Engine as _;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::orders::open_order;
use crate::support::{Db, Params, Who, World, own_database};

const RECEIVE: &str = "select public.receive_webhook($1, $2, encode(sha256(decode($1, 'base64')), 'hex'), $3, 'checkout.order.completed', $4, 'req-w')";

fn body(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Takes a webhook in.
pub async fn receive(db: &mut Db, text: &str, verified: bool, order: &str) -> Value {
    let headers = json!({ "content-type": "application/json", "Authorization": "a secret" });
    db.call(Who::Service, RECEIVE, &[&body(text), &headers, &verified, &order]).await.expect("a receipt")
}

/// Calls a function with the service key.
pub async fn service(db: &mut Db, sql: &str, params: Params<'_>) -> Value {
    db.call(Who::Service, sql, params).await.unwrap_or_else(|refused| panic!("{sql}: {refused:?}"))
}

async fn inbox(db: &Db, id: &Value) -> Value {
    db.one("select to_jsonb(i) from public.webhook_inbox i where id = $1", &[&id.as_i64().expect("an id")])
        .await
}

#[tokio::test]
async fn a_webhook_is_kept_byte_for_byte_without_what_proves_its_sender() {
    let mut db = Db::shared().await;
    let text = format!("{{ \"nonce\" : \"{}\" }}\r\n", Uuid::new_v4());
    let made = receive(&mut db, &text, true, "GH1").await;
    assert_eq!((&made["duplicate"], &made["stored"]), (&json!(false), &json!(true)));
    let row = inbox(&db, &made["inbox_id"]).await;
    assert_eq!((&row["raw_base64"], &row["state"]), (&json!(body(&text)), &json!("received")));
    assert_eq!(row["headers"], json!({ "content-type": "application/json" }));

    let again = receive(&mut db, &text, true, "GH1").await;
    assert_eq!(again, json!({ "inbox_id": made["inbox_id"], "duplicate": true, "stored": false }));
    let id = made["inbox_id"].as_i64().expect("an id");
    let age = "update public.webhook_inbox set created_at = now() - interval '25 hours' where id = $1";
    db.run(age, &[&id]).await;
    service(&mut db, "select public.finish_webhook($1, 'applied', null)", &[&id]).await;
    assert_eq!(
        receive(&mut db, &text, true, "GH1").await["duplicate"],
        true,
        "applied once is applied for ever"
    );
    db.run("update public.webhook_inbox set state = 'ignored' where id = $1", &[&id]).await;
    assert_eq!(receive(&mut db, &text, true, "GH1").await["stored"], true, "otherwise once a day");
}

#[tokio::test]
async fn ten_deliveries_at_once_are_kept_once() {
    let text = Uuid::new_v4().to_string();
    let calls = (0..10).map(|_| {
        let text = text.clone();
        tokio::spawn(async move { receive(&mut Db::shared().await, &text, true, "GH2").await })
    });
    let made: Vec<Value> =
        futures_util::future::join_all(calls).await.into_iter().map(|call| call.expect("no panic")).collect();
    assert_eq!(made.iter().filter(|one| one["stored"] == true).count(), 1);
    assert!(made.iter().all(|one| one["inbox_id"] == made[0]["inbox_id"]));
}

#[tokio::test]
async fn of_unverified_webhooks_sixty_a_minute_are_kept_and_all_are_counted() {
    let (fresh, mut db) = own_database().await;
    // One transaction, so that the minute cannot turn in between.
    let tx = db.act(Who::Service).await;
    for n in 0..62 {
        let found: Value = tx
            .query_one(RECEIVE, &[&body(&"x".repeat(20_000)), &json!({}), &false, &"GH3"])
            .await
            .unwrap_or_else(|error| panic!("{error:?}"))
            .get(0);
        assert_eq!((&found["stored"], found["inbox_id"].is_number()), (&json!(n < 60), n < 60), "{n}");
    }
    tx.commit().await.expect("kept");
    let found: Value = db
        .one(
            "select jsonb_build_array(count(*), min(state), max(state), max(length(raw_base64)),
                                      (select sum(seen) from public.webhook_rejections)) from public.webhook_inbox",
            &[],
        )
        .await;
    assert_eq!(found, json!([60, "rejected", "rejected", 16_384, 62]));
    assert_eq!(
        service(&mut db, "select public.claim_due_work(0, 100, 0) -> 'webhooks'", &[]).await,
        json!([]),
        "and never applied"
    );
    let id: i64 = db.one("select min(id) from public.webhook_inbox", &[]).await;
    let changed = service(&mut db, "select public.finish_webhook($1, 'applied', null)", &[&id]).await;
    assert_eq!(changed["changed"], false, "not even by hand");
    drop(db);
    fresh.stop().await;
}

#[tokio::test]
async fn a_webhook_is_claimed_by_one_and_comes_back_eight_times() {
    let (fresh, mut db) = own_database().await;
    let made = receive(&mut db, "one", true, "GH4").await;
    let id = made["inbox_id"].as_i64().expect("an id");
    let claim = "select public.claim_due_work(0, 10, 0) -> 'webhooks'";
    let due = "update public.webhook_inbox set next_attempt_at = now() where id = $1 and next_attempt_at is not null";
    assert_eq!(service(&mut db, claim, &[]).await, json!([]), "the receiver has a minute for itself");
    for attempt in 1..=8 {
        assert_eq!(db.run(due, &[&id]).await, 1);
        assert_eq!(
            service(&mut db, claim, &[]).await,
            json!([{ "inbox_id": id, "order_id": "GH4", "event": "checkout.order.completed",
                     "raw_base64": body("one"), "attempts": attempt }])
        );
        assert_eq!(service(&mut db, claim, &[]).await, json!([]), "claimed");
        service(&mut db, "select public.finish_webhook($1, 'failed', 'gateway down')", &[&id]).await;
        let minutes: Option<i32> = db
            .one(
                "select round(extract(epoch from next_attempt_at - now()) / 60)::int from public.webhook_inbox where id = $1",
                &[&id],
            )
            .await;
        assert_eq!(minutes, (attempt < 8).then(|| 1 << (attempt - 1)), "after attempt {attempt}");
    }
    assert_eq!(receive(&mut db, "one", true, "GH4").await["duplicate"], true);
    assert_eq!(
        service(&mut db, claim, &[]).await[0]["attempts"],
        9,
        "being sent again is a reason to try again"
    );
    service(&mut db, "select public.finish_webhook($1, 'applied', null)", &[&id]).await;
    for state in ["failed", "ignored", "applied"] {
        let sql = "select public.finish_webhook($1, $2, null)";
        assert_eq!(service(&mut db, sql, &[&id, &state]).await["changed"], false, "applied stays applied");
    }
    assert_eq!(inbox(&db, &json!(id)).await["state"], "applied");

    // A claim that is never finished, eight times.
    let lost = receive(&mut db, "two", true, "GH5").await["inbox_id"].as_i64().expect("an id");
    for _ in 0..8 {
        assert_eq!(db.run(due, &[&lost]).await, 1);
        service(&mut db, claim, &[]).await;
    }
    let row = inbox(&db, &json!(lost)).await;
    assert_eq!((&row["state"], &row["next_attempt_at"]), (&json!("failed"), &json!(null)));
    drop(db);
    fresh.stop().await;
}

#[tokio::test]
async fn applying_marks_the_webhook() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let id = open_order(&mut db, &world, "glide", "month").await;
    let apply = "select public.apply_payment_event($1, 'webhook', $2, $3, null, null, null, $4, null)";
    for (order, state, amount, expected, error) in [
        (id.as_str(), "PENDING", 700_000_i64, "ignored", json!(null)),
        (&id, "COMPLETED", 1, "ignored", json!("amount_mismatch")),
        (&id, "COMPLETED", 700_000, "applied", json!(null)),
        (&id, "COMPLETED", 700_000, "ignored", json!(null)),
        ("GHunknown", "COMPLETED", 700_000, "ignored", json!("unknown_order")),
    ] {
        let inbox_id = receive(&mut db, &Uuid::new_v4().to_string(), true, order).await["inbox_id"].clone();
        let number = inbox_id.as_i64().expect("an id");
        service(&mut db, apply, &[&order, &state, &amount, &number]).await;
        let row = inbox(&db, &inbox_id).await;
        assert_eq!((&row["state"], &row["last_error"]), (&json!(expected), &error), "{state} {amount}");
        assert_eq!((row["next_attempt_at"].is_null(), row["finished_at"].is_string()), (true, true));
    }
    let incidents: i64 =
        db.one("select count(*) from public.payment_incidents where order_id = 'GHunknown'", &[]).await;
    assert_eq!(incidents, 1);
}

#[tokio::test]
async fn an_e_mail_is_claimed_by_one_comes_back_and_is_given_up() {
    let (fresh, mut db) = own_database().await;
    let world = World::new(&db).await;
    let order = open_order(&mut db, &world, "glide", "month").await;
    let apply = "select public.apply_payment_event($1, 'cron', 'FAILED', null, null, null, null, null, null)";
    service(&mut db, apply, &[&order]).await;
    let claim = "select public.claim_due_work(0, 0, 10) -> 'emails'";
    let due = "update public.email_outbox set next_attempt_at = now() where next_attempt_at is not null";
    let finish = "select public.finish_email($1, $2, $3, $4)";
    let mut id = 0;
    for attempt in 1..=8 {
        assert_eq!(db.run(due, &[]).await, 1);
        let claimed = service(&mut db, claim, &[]).await;
        assert_eq!(claimed.as_array().map(Vec::len), Some(1));
        let mail = &claimed[0];
        id = mail["id"].as_i64().expect("an id");
        assert_eq!((&mail["template"], &mail["attempts"]), (&json!("payment_failed"), &json!(attempt)));
        assert_eq!(mail["idempotency_key"], json!(format!("payment_failed/{order}")));
        assert!(
            mail["to"].as_str().is_some_and(|to| to.contains('@'))
                && mail["data"]["order_id"] == json!(order)
        );
        assert_eq!(service(&mut db, claim, &[]).await, json!([]), "claimed");
        let state = service(&mut db, finish, &[&id, &false, &None::<&str>, &"503"]).await;
        assert_eq!(state["state"], if attempt < 8 { "pending" } else { "failed" });
        let minutes: Option<i32> = db
            .one("select round(extract(epoch from next_attempt_at - now()) / 60)::int from public.email_outbox", &[])
            .await;
        assert_eq!(minutes, (attempt < 8).then(|| 1 << (attempt - 1)), "after attempt {attempt}");
    }
    assert_eq!(service(&mut db, claim, &[]).await, json!([]));
    for sent in [true, false] {
        let state = service(&mut db, finish, &[&id, &sent, &"re_1", &None::<&str>]).await;
        assert_eq!(state["state"], "sent", "what went out went out");
    }
    // Claimed eight times by somebody who dies of it.
    db.run("update public.email_outbox set state = 'pending', attempts = 8, next_attempt_at = now()", &[])
        .await;
    assert_eq!(service(&mut db, claim, &[]).await, json!([]));
    let state: String = db.one("select state from public.email_outbox", &[]).await;
    assert_eq!(state, "failed");
    drop(db);
    fresh.stop().await;
}

#[tokio::test]
async fn due_orders_are_handed_out_once_at_a_time() {
    let (fresh, mut db) = own_database().await;
    let world = World::new(&db).await;
    let mut ids = Vec::new();
    for (plan, interval) in [("ascent", "month"), ("glide", "month"), ("soar", "month"), ("soar", "year")] {
        ids.push(open_order(&mut db, &world, plan, interval).await);
    }
    let claim = "select public.claim_due_work($1, 0, 0) -> 'orders'";
    assert_eq!(service(&mut db, claim, &[&100_i32]).await, json!([]), "none is due yet");
    db.run(
        "update public.payment_transactions set next_check_at = now() where merchant_order_id <> $1",
        &[&ids[3]],
    )
    .await;
    for limit in [None, Some(0_i32), Some(-5)] {
        assert_eq!(service(&mut db, claim, &[&limit]).await, json!([]));
    }
    // Two crons at once share the work: one holds its rows, the other one skips them.
    let mut other = Db::connect(&fresh.url()).await;
    let tx = other.act(Who::Service).await;
    let first: Value = tx.query_one(claim, &[&2_i32]).await.expect("a claim").get(0);
    // Without `skip locked` this would wait for the other one for ever; so it fails instead.
    db.client.batch_execute("set lock_timeout = '5s'").await.expect("a setting");
    let second = service(&mut db, claim, &[&100_i32]).await;
    tx.commit().await.expect("kept");
    let mut claimed: Vec<&str> = first
        .as_array()
        .into_iter()
        .chain(second.as_array())
        .flatten()
        .filter_map(|one| one["order_id"].as_str())
        .collect();
    claimed.sort_unstable();
    let mut due: Vec<&str> = ids[..3].iter().map(String::as_str).collect();
    due.sort_unstable();
    assert_eq!((claimed, first.as_array().map(Vec::len)), (due, Some(2)));
    assert!(second[0]["amount"].is_i64() && second[0]["checks"] == 0 && second[0]["expires_at"].is_string());
    assert_eq!(service(&mut db, claim, &[&100_i32]).await, json!([]), "claimed");
    db.run("update public.payment_transactions set claimed_until = now() - interval '1 second' where merchant_order_id = $1", &[&ids[0]]).await;
    assert_eq!(service(&mut db, claim, &[&100_i32]).await[0]["order_id"], json!(ids[0]), "a claim runs out");
    drop((db, other));
    fresh.stop().await;
}

#[tokio::test]
async fn queues_are_the_service_keys_and_nonsense_is_refused() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    for who in [Who::Anon, Who::Nobody, Who::Person(world.owner)] {
        for sql in [
            "select public.receive_webhook('', '{}', repeat('0', 64), true, null, null, null)",
            "select public.finish_webhook(1, 'applied', null)",
            "select public.finish_email(1, true, null, null)",
            "select public.claim_due_work(1, 1, 1)",
            "select public.sweep_queues()",
            "select public.sweep_abandoned_sessions(1, null)",
        ] {
            assert_eq!(db.call(who, sql, &[]).await.expect_err(sql).state, "42501", "{who:?} {sql}");
        }
    }
    for (sql, code) in [
        (
            "select public.receive_webhook(null, '{}', repeat('0', 64), true, null, null, null)",
            "webhook_invalid",
        ),
        (
            "select public.receive_webhook('not base64!', '{}', repeat('0', 64), true, null, null, null)",
            "webhook_invalid",
        ),
        (
            "select public.receive_webhook('', '{}', repeat('A', 64), true, null, null, null)",
            "webhook_invalid",
        ),
        (
            "select public.receive_webhook('', '{}', repeat('0', 64), null, null, null, null)",
            "webhook_invalid",
        ),
        (
            "select public.receive_webhook(repeat('a', 1398108), '{}', repeat('0', 64), true, null, null, null)",
            "webhook_invalid",
        ),
        (
            "select public.receive_webhook('', '[]', repeat('0', 64), true, null, null, null)",
            "headers_invalid",
        ),
        ("select public.finish_webhook(-1, 'applied', null)", "webhook_not_found"),
        ("select public.finish_webhook(null, 'failed', null)", "webhook_not_found"),
        ("select public.finish_webhook(1, 'received', null)", "state_unknown"),
        ("select public.finish_email(-1, true, null, null)", "email_not_found"),
        ("select public.finish_email(1, null, null, null)", "state_unknown"),
    ] {
        assert_eq!(db.call(Who::Service, sql, &[]).await.expect_err(sql).code, code, "{sql}");
    }
}
