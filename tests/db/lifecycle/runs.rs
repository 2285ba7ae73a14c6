//! The cron's runs over all subscriptions: bounded, and safe to overlap.

use serde_json::{Value, json};

use super::{audit_actions, month_of_glide, reminders};
use crate::queues::service;
use crate::support::{Db, Who, World, own_database};

#[tokio::test]
async fn a_run_is_bounded_and_the_service_keys() {
    let (fresh, mut db) = own_database().await;
    let mut worlds = Vec::new();
    for _ in 0..3 {
        let world = World::new(&db).await;
        month_of_glide(&db, &world).await;
        worlds.push(world);
    }
    db.run("update public.subscriptions set current_period_start = now() - interval '40 days', current_period_end = now() - interval '1 hour' where $1::int = 1", &[&1]).await;
    let run = "select public.advance_subscriptions($1)";
    for none in [None, Some(0), Some(-1)] {
        assert_eq!(service(&mut db, run, &[&none]).await, json!({"changed": 0, "reminded": 0}), "{none:?}");
    }
    for who in [Who::Anon, Who::Nobody, Who::Person(worlds[0].owner)] {
        assert_eq!(db.call(who, run, &[&1_i32]).await.expect_err("not theirs").state, "42501");
    }
    // Somebody is changing the plan of one workspace: the others do not wait for it.
    let mut other = Db::connect(&fresh.url()).await;
    let tx = other.client.transaction().await.expect("a transaction");
    tx.execute("select from public.workspaces where id = $1 for no key update", &[&worlds[0].workspace])
        .await
        .expect("a lock");
    db.client.batch_execute("set lock_timeout = '5s'").await.expect("a setting");
    assert_eq!(service(&mut db, run, &[&1_i32]).await, json!({"changed": 1, "reminded": 1}), "one at a time");
    assert_eq!(service(&mut db, run, &[&100_i32]).await, json!({"changed": 1, "reminded": 1}));
    assert_eq!(service(&mut db, run, &[&100_i32]).await, json!({"changed": 0, "reminded": 0}));
    tx.rollback().await.expect("the lock goes");
    assert_eq!(service(&mut db, run, &[&100_i32]).await, json!({"changed": 1, "reminded": 1}));
    drop((db, other));
    fresh.stop().await;
}

#[tokio::test]
async fn fifty_runs_at_once_leave_one_label_and_one_reminder() {
    let (fresh, mut db) = own_database().await;
    let world = World::new(&db).await;
    month_of_glide(&db, &world).await;
    db.run("update public.subscriptions set current_period_start = now() - interval '40 days', current_period_end = now() - interval '1 hour' where workspace_id = $1", &[&world.workspace]).await;
    let mut callers = Vec::new();
    for _ in 0..50 {
        callers.push(Db::connect(&fresh.url()).await);
    }
    let calls = callers.into_iter().map(|mut db| {
        tokio::spawn(async move { service(&mut db, "select public.advance_subscriptions(100)", &[]).await })
    });
    let done: Vec<Value> =
        futures_util::future::join_all(calls).await.into_iter().map(|call| call.expect("no panic")).collect();
    assert_eq!(done.iter().filter(|one| one["reminded"] == 1).count(), 1);
    assert_eq!(reminders(&db, &world).await.len(), 1);
    assert_eq!(audit_actions(&db, &world).await, ["subscription.past_due"]);
    let facts = db.call(Who::Person(world.owner), "select public.read_gate($1)", &[&world.workspace]).await;
    assert_eq!(facts.expect("facts")["plan_status"], "past_due");
    drop(db);
    fresh.stop().await;
}
