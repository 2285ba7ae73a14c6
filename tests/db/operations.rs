//! What operators see and do: a stored webhook replayed, the queues in numbers, and what must never be.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::orders::open_order;
use crate::queues::{receive, service};
use crate::support::{Db, Who, World, own_database};

/// Every row of every table, so that "nothing changed" means nothing.
async fn everything(db: &Db) -> BTreeMap<String, String> {
    let tables: Vec<String> = db
        .one(
            "select array(select relnamespace::regnamespace || '.' || relname from pg_class
                          where relkind = 'r' and relnamespace in ('public'::regnamespace, 'private'::regnamespace))",
            &[],
        )
        .await;
    let mut all = BTreeMap::new();
    for table in tables {
        let sql = format!("select coalesce(string_agg(t::text, E'\n' order by t::text), '') from {table} t");
        let rows = db.one(&sql, &[]).await;
        all.insert(table, rows);
    }
    all
}

async fn replay(db: &mut Db, inbox: i64, about: &str, answer: &Value, apply: bool) -> Value {
    let sql = "select public.replay_webhook($1, $2, $3, $4, 'req-r')";
    service(db, sql, &[&inbox, &about, answer, &apply]).await
}

fn paid(about: &str, amount: i64) -> Value {
    json!({ "kind": "order", "state": "COMPLETED", "amount": amount, "provider_id": format!("OMO{about}"), "details": {} })
}

#[tokio::test]
async fn a_webhook_that_was_given_up_is_previewed_then_applied_once() {
    let (fresh, mut db) = own_database().await;
    let world = World::new(&db).await;
    let order = open_order(&mut db, &world, "glide", "month").await;
    let inbox = receive(&mut db, "a body", true, &order).await["inbox_id"].as_i64().expect("an id");
    for _ in 0..8 {
        db.run("update public.webhook_inbox set next_attempt_at = now() where id = $1", &[&inbox]).await;
        service(&mut db, "select public.claim_due_work(0, 1, 0)", &[]).await;
        service(&mut db, "select public.finish_webhook($1, 'failed', 'away')", &[&inbox]).await;
    }
    for about in [inbox.to_string(), order.clone()] {
        let found = service(&mut db, "select public.find_webhook($1)", &[&about]).await;
        assert_eq!((&found["inbox_id"], &found["state"]), (&json!(inbox), &json!("failed")), "{about}");
    }

    let before = everything(&db).await;
    let seen = replay(&mut db, inbox, &order, &paid(&order, 700_000), false).await;
    assert_eq!(everything(&db).await, before, "a dry run changes nothing at all");
    assert_eq!((&seen["outcome"], &seen["applied"]), (&json!("applied"), &json!(false)));
    assert_eq!(
        (&seen["before"]["order"]["status"], &seen["after"]["order"]["status"]),
        (&json!("pending"), &json!("completed"))
    );
    assert_eq!(
        (&seen["before"]["subscription"], &seen["after"]["subscription"]["plan"]),
        (&json!(null), &json!("glide"))
    );
    assert_eq!(seen["after"]["emails"], json!([format!("payment_confirmed/{order}")]));
    assert_eq!(
        (&seen["before"]["webhook"]["state"], &seen["after"]["webhook"]["state"]),
        (&json!("failed"), &json!("applied"))
    );
    assert!(!seen.to_string().contains("@example.in"), "no address");

    // Another amount would be an incident, and is shown as one.
    let strange = replay(&mut db, inbox, &order, &paid(&order, 100), false).await;
    assert_eq!(
        (&strange["outcome"], &strange["after"]["incidents"]["amount_mismatch"]),
        (&json!("incident"), &json!(1))
    );
    assert_eq!(everything(&db).await, before);

    let done = replay(&mut db, inbox, &order, &paid(&order, 700_000), true).await;
    assert_eq!(done["applied"], true);
    assert_eq!(
        (&done["after"]["order"]["status"], &done["after"]["emails"]),
        (&seen["after"]["order"]["status"], &seen["after"]["emails"])
    );
    let by: i64 = db
        .one("select count(*) from public.audit_log where action = 'webhook.applied' and details ->> 'by' = 'operator'", &[])
        .await;
    assert_eq!(by, 1);

    let applied = everything(&db).await;
    let again = replay(&mut db, inbox, &order, &paid(&order, 700_000), true).await;
    assert_eq!((&again["outcome"], &again["applied"]), (&json!("unchanged"), &json!(false)));
    assert_eq!(everything(&db).await, applied, "the second time leaves nothing more");
    drop(db);
    fresh.stop().await;
}

#[tokio::test]
async fn what_proved_nothing_is_never_applied_and_nobody_but_the_service_key_replays() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let order = open_order(&mut db, &world, "glide", "month").await;
    let forged = receive(&mut db, &order, false, &order).await["inbox_id"].as_i64().expect("an id");
    let true_one = receive(&mut db, &order, true, &order).await["inbox_id"].as_i64().expect("an id");
    let sql = "select public.replay_webhook($1, $2, $3, true, null)";
    let answer = paid(&order, 700_000);
    for (who, inbox, about, code) in [
        (Who::Service, forged, order.as_str(), "webhook_not_verified"),
        (Who::Service, true_one, "GH0", "webhook_not_found"),
        (Who::Service, 0, order.as_str(), "webhook_not_found"),
    ] {
        let refused = db.call(who, sql, &[&inbox, &about, &answer]).await.expect_err("refused");
        assert_eq!(refused.code, code);
    }
    for who in [Who::Anon, Who::Nobody, Who::Person(world.owner)] {
        let refused = db.call(who, sql, &[&true_one, &order, &answer]).await.expect_err("refused");
        assert_eq!(refused.state, "42501", "{who:?}");
    }
}

#[tokio::test]
async fn every_broken_rule_is_counted() {
    let (fresh, mut db) = own_database().await;
    let check = "select public.check_invariants()";
    let found = service(&mut db, check, &[]).await;
    let names: Vec<String> = found.as_object().expect("an object").keys().cloned().collect();
    assert!(names.iter().all(|name| found[name] == 0), "{found}");
    let world = World::new(&db).await;
    let order = open_order(&mut db, &world, "glide", "month").await;
    service(
        &mut db,
        "select public.apply_payment_event($1, 'cron', 'COMPLETED', 700000, null, '{}', null, null, null)",
        &[&order],
    )
    .await;
    open_order(&mut db, &world, "soar", "month").await;
    let found = service(&mut db, check, &[]).await;
    assert!(names.iter().all(|name| found[name] == 0), "true rows break nothing: {found}");

    let refund = "insert into public.refunds (transaction_id, amount, requested_by, requested_as, reason, idempotency_key, status)
                  select id, 700100, gen_random_uuid(), 'support', 'r', 'k', 'completed' from public.payment_transactions where status = 'completed'";
    let manifest = format!(
        "insert into public.business_context_manifests (workspace_id, version, content, business_context, answers, checksum, token_estimate, source)
         values ('{}', 2, '{{}}', '{{}}', '{{}}', repeat('0', 64), 1, 'import')",
        world.workspace
    );
    for (name, sql) in [
        ("completed_without_grant", "update public.payment_transactions set granted = null where status = 'completed'"),
        ("completed_without_event", "delete from public.payment_events where status = 'completed'"),
        ("refunded_over_capture", refund),
        ("refunded_without_refunds", "update public.payment_transactions set status = 'refunded' where status = 'completed'"),
        (
            "open_orders_doubled",
            "insert into public.payment_transactions (workspace_id, plan, billing_interval, amount, expires_at)
             select workspace_id, plan, billing_interval, amount, expires_at from public.payment_transactions where status = 'pending'",
        ),
        ("pending_never_asked", "update public.payment_transactions set next_check_at = null where status = 'pending'"),
        ("manifest_versions_with_gaps", manifest.as_str()),
        ("audit_chains_cut", "delete from public.audit_log where seq = (select max(seq) from public.audit_log where chain = 'system') and chain = 'system'"),
    ] {
        // Past every trigger, as somebody with the database's password could.
        let tx = db.client.transaction().await.expect("a transaction");
        for table in ["payment_events", "audit_log", "business_context_manifests"] {
            let sql = format!("alter table public.{table} disable trigger user");
            tx.batch_execute(&sql).await.expect("triggers off");
        }
        if name == "audit_chains_cut" {
            tx.batch_execute("select private.audit(null, null, 'webhook.received', '{}', null)").await.expect("a row");
        }
        let changed = tx.execute(sql, &[]).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert!(changed > 0, "{name} broke nothing");
        let found: Value = tx.query_one(check, &[]).await.expect("counts").get(0);
        assert!(found[name].as_i64().is_some_and(|count| count > 0), "{name}: {found}");
        tx.rollback().await.expect("undone");
    }
    assert_eq!(names.len(), 8, "each rule has a line above");
    drop(db);
    fresh.stop().await;
}

#[tokio::test]
async fn queues_are_counted_with_the_age_of_the_oldest() {
    let (fresh, mut db) = own_database().await;
    let world = World::new(&db).await;
    let order = open_order(&mut db, &world, "glide", "month").await;
    let gauges = "select public.read_gauges()";
    let of = |all: &Value, name: &str| {
        let found = all.as_array().expect("a list").iter().find(|gauge| gauge["name"] == name).cloned();
        found.map(|gauge| (gauge["rows"].clone(), gauge["age_s"].clone()))
    };
    let all = service(&mut db, gauges, &[]).await;
    assert_eq!(of(&all, "orders_pending").map(|(rows, _)| rows), Some(json!(1)));
    assert_eq!(of(&all, "orders_needing_attention"), Some((json!(0), json!(null))));
    db.run(
        "update public.payment_transactions set expires_at = now() - interval '1 hour' where merchant_order_id = $1",
        &[&order],
    )
    .await;
    receive(&mut db, "one", true, &order).await;
    db.run("update public.webhook_inbox set state = 'failed', next_attempt_at = null, created_at = now() - interval '1 day'", &[])
        .await;
    service(
        &mut db,
        "select public.apply_payment_event($1, 'poll', 'COMPLETED', 1, null, '{}', null, null, null)",
        &[&order],
    )
    .await;
    service(&mut db, "select public.check_invariants()", &[]).await;
    let all = service(&mut db, gauges, &[]).await;
    let (rows, age) = of(&all, "orders_needing_attention").expect("a gauge");
    assert_eq!(rows, 1);
    assert!(age.as_i64().is_some_and(|age| (3_480..3_600).contains(&age)), "58 minutes: {age}");
    let (rows, age) = of(&all, "webhooks_given_up").expect("a gauge");
    assert_eq!(rows, 1);
    assert!(age.as_i64().is_some_and(|age| age >= 86_400), "{age}");
    let incident = all.as_array().expect("a list").iter().find(|gauge| gauge["label"] == "amount_mismatch");
    assert_eq!(incident.map(|gauge| &gauge["rows"]), Some(&json!(1)));
    assert_eq!(of(&all, "invariant_violations").map(|(rows, _)| rows), Some(json!(0)));
    drop(db);
    fresh.stop().await;
}
