//! Onboardings that nobody comes back to.

use serde_json::{Value, json};

use crate::queues::service;
use crate::support::{Db, Who, World, own_database};

const SWEEP: &str = "select to_jsonb(public.sweep_abandoned_sessions($1, 'req-s'))";

/// A workspace whose draft was last saved so long ago.
async fn saved_workspace(db: &mut Db, state: &str, age: &str) -> World {
    let world = World::new(db).await;
    let sql = "select public.save_snapshot($1, 1, 'draft', '{}')";
    db.call(Who::Person(world.owner), sql, &[&world.workspace]).await.expect("saved");
    let sql = format!(
        "update public.onboarding_snapshots set state = $2, updated_at = now() - interval '{age}' where workspace_id = $1"
    );
    db.run(&sql, &[&world.workspace, &state]).await;
    world
}

async fn onboarding_status(db: &Db, world: &World) -> String {
    db.one("select onboarding_status from public.users where auth_user_id = $1", &[&world.owner]).await
}

#[tokio::test]
async fn a_draft_is_abandoned_after_its_life_and_resumed_by_the_next_save() {
    let (fresh, mut db) = own_database().await;
    let old = saved_workspace(&mut db, "draft", "7 days 1 minute").await;
    let recent = saved_workspace(&mut db, "draft", "6 days 23 hours 59 minutes").await;
    let submitted = saved_workspace(&mut db, "submitted", "30 days").await;
    let done = saved_workspace(&mut db, "draft", "30 days").await;
    db.run("update public.users set onboarding_status = 'completed' where auth_user_id = $1", &[&done.owner])
        .await;
    // The draft of somebody who is through is old too, and changes nothing for them.
    assert_eq!(service(&mut db, SWEEP, &[&10]).await, json!(2));
    assert_eq!(service(&mut db, SWEEP, &[&10]).await, json!(0), "once");
    for (world, status) in
        [(&old, "abandoned"), (&recent, "in_progress"), (&submitted, "in_progress"), (&done, "completed")]
    {
        assert_eq!(onboarding_status(&db, world).await, status);
    }
    let logged: Value = db
        .one(
            "select jsonb_agg(to_jsonb(a)) from public.audit_log a where action = 'onboarding.abandoned' and workspace_id = $1",
            &[&old.workspace],
        )
        .await;
    assert_eq!(logged.as_array().map(Vec::len), Some(1), "{logged}");
    assert_eq!(
        (&logged[0]["workspace_id"], &logged[0]["actor"], &logged[0]["request_id"]),
        (&json!(old.workspace.to_string()), &Value::Null, &json!("req-s"))
    );
    assert!(logged[0]["details"]["last_saved_at"].is_string(), "{logged}");

    let sql = "select public.save_snapshot($1, 2, 'draft', '{}')";
    let resumed = db.call(Who::Person(old.owner), sql, &[&old.workspace]).await;
    assert_eq!(resumed, Ok(json!({ "saved": true, "revision": 2 })));
    assert_eq!(onboarding_status(&db, &old).await, "in_progress");
    assert_eq!(service(&mut db, SWEEP, &[&10]).await, json!(0), "it is new again");
    let age = "update public.onboarding_snapshots set updated_at = now() - interval '8 days' where workspace_id = $1";
    db.run(age, &[&old.workspace]).await;
    assert_eq!(service(&mut db, SWEEP, &[&10]).await, json!(1), "and can be abandoned again");
    drop(db);
    fresh.stop().await;
}

#[tokio::test]
async fn a_sweep_is_bounded_and_passes_over_what_is_being_saved() {
    let (fresh, mut db) = own_database().await;
    let busy = saved_workspace(&mut db, "draft", "8 days").await;
    for _ in 0..3 {
        saved_workspace(&mut db, "draft", "8 days").await;
    }
    let mut other = Db::connect(&fresh.url()).await;
    let lock = other.client.transaction().await.expect("a transaction");
    let sql = "select from public.workspaces where id = $1 for no key update";
    lock.execute(sql, &[&busy.workspace]).await.expect("a lock");
    for (limit, swept) in
        [(None, 0), (Some(0), 0), (Some(-1), 0), (Some(2), 2), (Some(100), 1), (Some(100), 0)]
    {
        assert_eq!(service(&mut db, SWEEP, &[&limit]).await, json!(swept), "{limit:?}");
    }
    assert_eq!(onboarding_status(&db, &busy).await, "in_progress");
    lock.rollback().await.expect("a rollback");
    assert_eq!(service(&mut db, SWEEP, &[&100]).await, json!(1));
    drop((db, other));
    fresh.stop().await;
}
