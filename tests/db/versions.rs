//! Manifest versions after the first: rebuild, import, restore and comparison, by people and by the cron.

use crate::support::{canonical_json, checksum};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::manifests::{meta, submit};
use crate::members::{refusal, said};
use crate::support::{Db, Refused, Who, World};

const STORE: &str =
    "select public.store_manifest($1, $2, $3, '{\"version\": \"2.0\"}', $4, $5, 400, $6, $7, 'req-s', $8)";
const REBUILT: &str =
    "select public.store_rebuilt_manifest($1, '{}', '{\"version\": \"2.0\"}', $2, $3, 400, $4, $5, 'req-c')";
const RESTORE: &str = "select public.restore_manifest($1, $2, 'req-r')";

/// A rebuild as the Worker sends it.
struct Rebuild<'a> {
    source: &'a str,
    expected: Option<i32>,
    force: bool,
}

const FORCED: Rebuild<'static> = Rebuild { source: "rebuild", expected: None, force: true };

async fn store(
    db: &mut Db,
    who: Who,
    workspace: Uuid,
    content: &Value,
    how: Rebuild<'_>,
) -> Result<Value, Refused> {
    db.call(
        who,
        STORE,
        &[
            &workspace,
            &how.source,
            &json!({ "company_name": content }),
            &canonical_json(content),
            &checksum(content),
            &meta(400),
            &how.expected,
            &how.force,
        ],
    )
    .await
}

async fn by_cron(
    db: &mut Db,
    workspace: Uuid,
    content: &Value,
    expected: Option<i32>,
) -> Result<Value, Refused> {
    db.call(
        Who::Service,
        REBUILT,
        &[&workspace, &canonical_json(content), &checksum(content), &meta(400), &expected],
    )
    .await
}

/// As if the last confirmation and rebuild were eight days ago.
async fn age(db: &Db, workspace: Uuid) {
    let sql = "update public.workspace_context set confirmed_at = now() - interval '8 days',
               last_rebuilt_at = last_rebuilt_at - interval '8 days' where workspace_id = $1";
    assert_eq!(db.run(sql, &[&workspace]).await, 1);
}

async fn confirmed_now(db: &Db, workspace: Uuid) -> bool {
    let sql = "select confirmed_at > now() - interval '1 hour' from public.workspace_context where workspace_id = $1";
    db.one(sql, &[&workspace]).await
}

async fn versions(db: &Db, workspace: Uuid) -> i64 {
    db.one("select count(*) from public.business_context_manifests where workspace_id = $1", &[&workspace])
        .await
}

#[tokio::test]
async fn a_rebuild_makes_a_version_for_new_content_alone() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let owner = Who::Person(world.owner);
    submit(&mut db, owner, world.workspace, &json!({ "a": 1 })).await.expect("finalized");
    age(&db, world.workspace).await;
    let same = store(&mut db, owner, world.workspace, &json!({ "a": 1 }), FORCED).await.expect("rebuilt");
    assert_eq!(
        (&same["version"], &same["created"], &same["source"]),
        (&json!(1), &json!(false), &json!("onboarding"))
    );
    assert!(confirmed_now(&db, world.workspace).await, "a person pressed it");

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
    let told: Vec<Value> = db
        .one(
            "select array_agg(details - 'checksum' order by seq) from public.audit_log
             where workspace_id = $1 and action = 'bcm.rebuilt' and request_id = 'req-s'",
            &[&world.workspace],
        )
        .await;
    assert_eq!(
        told,
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
    let world = World::new(&db).await;
    let owner = Who::Person(world.owner);
    let plain = || Rebuild { source: "rebuild", expected: None, force: false };
    submit(&mut db, owner, world.workspace, &json!({ "a": 0 })).await.expect("finalized");
    store(&mut db, owner, world.workspace, &json!({ "a": 1 }), plain())
        .await
        .expect("finalizing is no rebuild");
    for content in [json!({ "a": 1 }), json!({ "a": 2 })] {
        let found = store(&mut db, owner, world.workspace, &content, plain()).await;
        assert_eq!(refusal(found), said("PT429", "rebuild_too_soon"));
    }
    let sooner = "update public.workspace_context set last_rebuilt_at = now() - interval '3599 seconds' where workspace_id = $1";
    db.run(sooner, &[&world.workspace]).await;
    assert_eq!(
        refusal(store(&mut db, owner, world.workspace, &json!({ "a": 2 }), plain()).await).1,
        "rebuild_too_soon"
    );
    db.run(&sooner.replace("3599", "3601"), &[&world.workspace]).await;
    store(&mut db, owner, world.workspace, &json!({ "a": 1 }), plain()).await.expect("an hour is over");
    let found = store(&mut db, owner, world.workspace, &json!({ "a": 2 }), plain()).await;
    assert_eq!(refusal(found).1, "rebuild_too_soon", "an unchanged rebuild counts");
    let import = Rebuild { source: "import", expected: None, force: false };
    store(&mut db, owner, world.workspace, &json!({ "a": 3 }), import)
        .await
        .expect("an import is no rebuild");
    store(&mut db, owner, world.workspace, &json!({ "a": 4 }), FORCED).await.expect("forced");
}

#[tokio::test]
async fn a_version_is_stored_on_the_one_it_was_made_from() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let owner = Who::Person(world.owner);
    let on = |expected| Rebuild { source: "rebuild", expected: Some(expected), force: true };
    for expected in [0, 1] {
        let found = store(&mut db, owner, world.workspace, &json!({ "a": 1 }), on(expected)).await;
        assert_eq!(refusal(found), said("PT412", "version_conflict"), "there is none yet");
    }
    store(&mut db, owner, world.workspace, &json!({ "a": 1 }), FORCED).await.expect("the first one");
    for expected in [0, 2, -1] {
        let found = store(&mut db, owner, world.workspace, &json!({ "a": 2 }), on(expected)).await;
        assert_eq!(refusal(found), said("PT412", "version_conflict"), "{expected}");
    }
    assert_eq!(
        store(&mut db, owner, world.workspace, &json!({ "a": 2 }), on(1)).await.expect("two")["version"],
        2
    );
}

#[tokio::test]
async fn the_cron_rebuilds_and_confirms_nothing() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let found = by_cron(&mut db, world.workspace, &json!({ "a": 1 }), Some(1)).await;
    assert_eq!(refusal(found), said("PT412", "version_conflict"), "only a person makes the first one");
    submit(&mut db, Who::Person(world.owner), world.workspace, &json!({ "a": 1 })).await.expect("finalized");
    age(&db, world.workspace).await;
    let same = by_cron(&mut db, world.workspace, &json!({ "a": 1 }), Some(1)).await.expect("unchanged");
    assert_eq!((&same["version"], &same["created"]), (&json!(1), &json!(false)));
    let new = by_cron(&mut db, world.workspace, &json!({ "a": 2 }), Some(1)).await.expect("rebuilt");
    assert_eq!((&new["version"], &new["source"]), (&json!(2), &json!("rebuild")));
    assert!(!confirmed_now(&db, world.workspace).await, "nobody confirmed anything");
    let late = by_cron(&mut db, world.workspace, &json!({ "a": 3 }), Some(1)).await;
    assert_eq!(refusal(late), said("PT412", "version_conflict"));
    let blind = by_cron(&mut db, world.workspace, &json!({ "a": 3 }), None).await;
    assert_eq!(refusal(blind), said("PT422", "version_missing"));
    let nowhere = by_cron(&mut db, Uuid::new_v4(), &json!({ "a": 3 }), Some(1)).await;
    assert_eq!(refusal(nowhere), said("PT404", "workspace_not_found"));
    let told: (i64, i64) = (
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
    assert_eq!(told, (1, 0), "what changed is told, without a person");
}

#[tokio::test]
async fn an_older_version_comes_back_as_a_new_one() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let owner = Who::Person(world.owner);
    for n in 1..=3 {
        store(&mut db, owner, world.workspace, &json!({ "n": n }), FORCED).await.expect("stored");
    }
    age(&db, world.workspace).await;
    let same = db.call(owner, RESTORE, &[&world.workspace, &3]).await.expect("unchanged");
    assert_eq!((&same["version"], &same["created"]), (&json!(3), &json!(false)));
    assert!(!confirmed_now(&db, world.workspace).await, "nothing changed, and nothing was confirmed");

    let back = db.call(Who::Person(world.admin), RESTORE, &[&world.workspace, &1]).await.expect("restored");
    assert_eq!(
        (&back["version"], &back["source"], &back["created"]),
        (&json!(4), &json!("restore"), &json!(true))
    );
    assert_eq!(
        (&back["meta"]["restored_from"], &back["checksum"]),
        (&json!(1), &json!(checksum(&json!({ "n": 1 }))))
    );
    assert!(confirmed_now(&db, world.workspace).await, "a person chose it");
    let equal: bool = db
        .one(
            "select a.content = b.content and a.answers = b.answers and a.business_context = b.business_context
               and a.token_estimate = b.token_estimate and b.parent_version = 3
             from public.business_context_manifests a, public.business_context_manifests b
             where a.workspace_id = $1 and b.workspace_id = $1 and a.version = 1 and b.version = 4",
            &[&world.workspace],
        )
        .await;
    assert!(equal, "with all that it was made from");
    let again = db.call(owner, RESTORE, &[&world.workspace, &1]).await.expect("unchanged");
    assert_eq!(
        (&again["version"], &again["created"]),
        (&json!(4), &json!(false)),
        "equal content, older number"
    );
    let told: i64 = db
        .one(
            "select count(*) from public.audit_log where workspace_id = $1 and action = 'bcm.restored'",
            &[&world.workspace],
        )
        .await;
    assert_eq!(told, 1);

    // Version 1 of somebody else is not version 9 of mine.
    for version in [None, Some(0), Some(-1), Some(9), Some(i32::MAX)] {
        let found = db.call(owner, RESTORE, &[&world.workspace, &version]).await;
        assert_eq!(refusal(found), said("PT404", "version_not_found"), "{version:?}");
    }
}

#[tokio::test]
async fn two_versions_are_read_side_by_side() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    for n in 1..=3 {
        store(&mut db, Who::Person(world.owner), world.workspace, &json!({ "n": n }), FORCED)
            .await
            .expect("stored");
    }
    let pair = "select public.read_versions_pair($1, $2, $3)";
    for (from, to) in [(1, 3), (3, 1), (2, 2)] {
        let found =
            db.call(Who::Person(world.member), pair, &[&world.workspace, &from, &to]).await.expect("a pair");
        assert_eq!(found["membership"]["role"], "member");
        for (side, n) in [("from", from), ("to", to)] {
            assert_eq!((&found[side]["version"], &found[side]["content"]), (&json!(n), &json!({ "n": n })));
            assert_eq!(found[side]["checksum"], checksum(&json!({ "n": n })));
        }
    }
    for (from, to) in [(Some(1), Some(4)), (Some(0), Some(1)), (None, Some(1)), (Some(1), None)] {
        let found = db.call(Who::Person(world.member), pair, &[&world.workspace, &from, &to]).await;
        assert_eq!(refusal(found), said("PT404", "version_not_found"), "{from:?} {to:?}");
    }
    let found = db.call(Who::Person(world.outsider), pair, &[&world.workspace, &1, &2]).await;
    assert_eq!(refusal(found), said("PT404", "workspace_not_found"));
}

#[tokio::test]
async fn fifty_rebuilds_at_once_are_fifty_versions_in_a_row() {
    let db = Db::shared().await;
    let world = World::new(&db).await;
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

#[tokio::test]
async fn strangers_and_nonsense_leave_no_version() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let content = json!({ "a": 1 });
    for (who, workspace, expected) in [
        (Who::Nobody, world.workspace, said("PT401", "not_signed_in")),
        (Who::Service, world.workspace, said("PT401", "not_signed_in")),
        (Who::Person(world.outsider), world.workspace, said("PT404", "workspace_not_found")),
        (Who::Person(world.owner), Uuid::new_v4(), said("PT404", "workspace_not_found")),
        (Who::Person(world.member), world.workspace, said("PT403", "role_not_allowed")),
    ] {
        assert_eq!(refusal(store(&mut db, who, workspace, &content, FORCED).await), expected, "{who:?}");
        assert_eq!(refusal(db.call(who, RESTORE, &[&workspace, &1]).await), expected, "{who:?}");
    }
    for who in [Who::Anon, Who::Nobody, Who::Person(world.owner)] {
        let sql = "select public.store_rebuilt_manifest($1, '{}', '{}', '', '', 1, '{}', 1, null)";
        assert_eq!(refusal(db.call(who, sql, &[&world.workspace]).await).0, "42501", "{who:?}");
    }
    let owner = Who::Person(world.owner);
    for source in ["onboarding", "restore", "", "Rebuild"] {
        let how = Rebuild { source, expected: None, force: true };
        let found = store(&mut db, owner, world.workspace, &content, how).await;
        assert_eq!(refusal(found), said("PT422", "source_unknown"), "{source}");
    }
    // What finalize refuses is refused here, by both doors.
    let good = checksum(&content);
    for (text, sum, meta, code) in [
        ("{ \"a\": 1 }", None, meta(400), "manifest_not_canonical"),
        ("{\"a\":1}", Some("0"), meta(400), "checksum_mismatch"),
        ("{\"a\":1}", Some(&*good), meta(399), "meta_invalid"),
        ("{\"a\":1}", Some(&*good), json!({ "token_estimate": 400 }), "meta_invalid"),
        ("[1]", None, meta(400), "manifest_invalid"),
        (&*format!("\"{}\"", "x".repeat(16_384)), None, meta(400), "manifest_too_large"),
    ] {
        let sum = sum.map_or_else(|| gatehouse_core::context::sha256_hex(text), str::to_owned);
        let found = db
            .call(
                owner,
                STORE,
                &[&world.workspace, &"import", &json!({}), &text, &sum, &meta, &None::<i32>, &false],
            )
            .await;
        assert_eq!(refusal(found), said("PT422", code), "{text:.20}");
        let found = db.call(Who::Service, REBUILT, &[&world.workspace, &text, &sum, &meta, &Some(1)]).await;
        assert_eq!(refusal(found), said("PT422", code), "{text:.20}");
    }
    assert_eq!(versions(&db, world.workspace).await, 0);
}
