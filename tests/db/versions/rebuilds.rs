//! Rebuilds: new content alone makes a version, an hour passes between two, and numbers have no gaps.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{FORCED, Rebuild, age_by_eight_days, store, store_by_cron};
use crate::manifests::{confirmed_recently, submit};
use crate::support::{Db, Who, World, refusal, refused_with};

#[tokio::test]
async fn a_rebuild_makes_a_version_for_new_content_alone() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let owner = Who::Person(world.owner);
    submit(&mut db, owner, world.workspace, &json!({ "a": 1 })).await.expect("finalized");
    age_by_eight_days(&db, world.workspace).await;
    let same = store(&mut db, owner, world.workspace, &json!({ "a": 1 }), FORCED).await.expect("rebuilt");
    assert_eq!(
        (&same["version"], &same["created"], &same["source"]),
        (&json!(1), &json!(false), &json!("onboarding"))
    );
    assert!(confirmed_recently(&db, world.workspace).await, "a rebuild by a person confirms");

    let admin = Who::Person(world.admin);
    let new = store(&mut db, admin, world.workspace, &json!({ "a": 2 }), FORCED).await.expect("rebuilt");
    assert_eq!(
        (&new["version"], &new["created"], &new["source"]),
        (&json!(2), &json!(true), &json!("rebuild"))
    );
    let imported = Rebuild { source: "import", expected: Some(2), force: false };
    let third = store(&mut db, owner, world.workspace, &json!({ "a": 1 }), imported).await.expect("imported");
    assert_eq!((&third["version"], &third["source"]), (&json!(3), &json!("import")));
    let row: Value = db
        .one(
            "select to_jsonb(m) from public.business_context_manifests m where workspace_id = $1 and version = 3",
            &[&world.workspace],
        )
        .await;
    assert_eq!(
        (&row["parent_version"], &row["answers"]),
        (&json!(2), &json!({ "company_name": { "a": 1 } }))
    );
    let read = db.call(owner, "select public.read_manifest($1)", &[&world.workspace]).await.expect("read");
    assert_eq!(
        (&read["manifest"]["version"], &read["manifest"]["confirmed_at"]),
        (&json!(3), &third["confirmed_at"])
    );
    let audited: Vec<Value> = db
        .one(
            "select array_agg(details - 'checksum' order by seq) from public.audit_log
             where workspace_id = $1 and action = 'bcm.rebuilt' and request_id = 'req-s'",
            &[&world.workspace],
        )
        .await;
    assert_eq!(
        audited,
        [
            json!({ "version": 1, "created": false, "source": "rebuild", "forced": true }),
            json!({ "version": 2, "created": true, "source": "rebuild", "forced": true }),
            json!({ "version": 3, "created": true, "source": "import", "forced": false }),
        ]
    );
}

#[tokio::test]
async fn a_rebuild_waits_an_hour_unless_forced() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let owner = Who::Person(world.owner);
    let plain = || Rebuild { source: "rebuild", expected: None, force: false };
    submit(&mut db, owner, world.workspace, &json!({ "a": 0 })).await.expect("finalized");
    store(&mut db, owner, world.workspace, &json!({ "a": 1 }), plain())
        .await
        .expect("finalizing is no rebuild");
    for content in [json!({ "a": 1 }), json!({ "a": 2 })] {
        let outcome = store(&mut db, owner, world.workspace, &content, plain()).await;
        assert_eq!(refusal(outcome), refused_with("PT429", "rebuild_too_soon"));
    }
    let sooner = "update public.workspace_context set last_rebuilt_at = now() - interval '3599 seconds' where workspace_id = $1";
    db.run(sooner, &[&world.workspace]).await;
    assert_eq!(
        refusal(store(&mut db, owner, world.workspace, &json!({ "a": 2 }), plain()).await).1,
        "rebuild_too_soon"
    );
    db.run(&sooner.replace("3599", "3601"), &[&world.workspace]).await;
    store(&mut db, owner, world.workspace, &json!({ "a": 1 }), plain()).await.expect("an hour is over");
    let outcome = store(&mut db, owner, world.workspace, &json!({ "a": 2 }), plain()).await;
    assert_eq!(refusal(outcome).1, "rebuild_too_soon", "an unchanged rebuild counts");
    let import = Rebuild { source: "import", expected: None, force: false };
    store(&mut db, owner, world.workspace, &json!({ "a": 3 }), import)
        .await
        .expect("an import is no rebuild");
    store(&mut db, owner, world.workspace, &json!({ "a": 4 }), FORCED).await.expect("forced");
}

#[tokio::test]
async fn a_version_is_stored_on_the_one_it_was_made_from() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let owner = Who::Person(world.owner);
    let on = |expected| Rebuild { source: "rebuild", expected: Some(expected), force: true };
    for expected in [0, 1] {
        let outcome = store(&mut db, owner, world.workspace, &json!({ "a": 1 }), on(expected)).await;
        assert_eq!(refusal(outcome), refused_with("PT412", "version_conflict"), "there is none yet");
    }
    store(&mut db, owner, world.workspace, &json!({ "a": 1 }), FORCED).await.expect("the first one");
    for expected in [0, 2, -1] {
        let outcome = store(&mut db, owner, world.workspace, &json!({ "a": 2 }), on(expected)).await;
        assert_eq!(refusal(outcome), refused_with("PT412", "version_conflict"), "{expected}");
    }
    assert_eq!(
        store(&mut db, owner, world.workspace, &json!({ "a": 2 }), on(1)).await.expect("two")["version"],
        2
    );
}

#[tokio::test]
async fn the_cron_rebuilds_and_confirms_nothing() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let outcome = store_by_cron(&mut db, world.workspace, &json!({ "a": 1 }), Some(1)).await;
    assert_eq!(
        refusal(outcome),
        refused_with("PT412", "version_conflict"),
        "only a person makes the first one"
    );
    submit(&mut db, Who::Person(world.owner), world.workspace, &json!({ "a": 1 })).await.expect("finalized");
    age_by_eight_days(&db, world.workspace).await;
    let same = store_by_cron(&mut db, world.workspace, &json!({ "a": 1 }), Some(1)).await.expect("unchanged");
    assert_eq!((&same["version"], &same["created"]), (&json!(1), &json!(false)));
    let new = store_by_cron(&mut db, world.workspace, &json!({ "a": 2 }), Some(1)).await.expect("rebuilt");
    assert_eq!((&new["version"], &new["source"]), (&json!(2), &json!("rebuild")));
    assert!(!confirmed_recently(&db, world.workspace).await, "nobody confirmed anything");
    let late = store_by_cron(&mut db, world.workspace, &json!({ "a": 3 }), Some(1)).await;
    assert_eq!(refusal(late), refused_with("PT412", "version_conflict"));
    let blind = store_by_cron(&mut db, world.workspace, &json!({ "a": 3 }), None).await;
    assert_eq!(refusal(blind), refused_with("PT422", "version_missing"));
    let nowhere = store_by_cron(&mut db, Uuid::new_v4(), &json!({ "a": 3 }), Some(1)).await;
    assert_eq!(refusal(nowhere), refused_with("PT404", "workspace_not_found"));
    let audited: (i64, i64) = (
        db.one(
            "select count(*) from public.audit_log where workspace_id = $1 and action = 'bcm.rebuilt'",
            &[&world.workspace],
        )
        .await,
        db.one(
            "select count(actor) from public.audit_log where workspace_id = $1 and action = 'bcm.rebuilt'",
            &[&world.workspace],
        )
        .await,
    );
    assert_eq!(audited, (1, 0), "the change is audited without an actor");
}

#[tokio::test]
async fn fifty_rebuilds_at_once_are_fifty_versions_in_a_row() {
    let db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let (workspace, owner) = (world.workspace, world.owner);
    let calls = (0..50).map(|n| {
        tokio::spawn(async move {
            let mut db = Db::shared().await;
            store(&mut db, Who::Person(owner), workspace, &json!({ "n": n }), FORCED).await.expect("stored")
        })
    });
    let mut numbers: Vec<i64> = futures_util::future::join_all(calls)
        .await
        .into_iter()
        .map(|made| made.expect("no panic")["version"].as_i64().expect("a number"))
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=50).collect::<Vec<_>>());
    let chained: bool = db
        .one(
            "select bool_and(parent_version is not distinct from nullif(version - 1, 0)) and max(version) = 50
               and max(version) = (select latest_version from public.workspace_context where workspace_id = $1)
             from public.business_context_manifests where workspace_id = $1",
            &[&workspace],
        )
        .await;
    assert!(chained, "each version names the one before it");
}
