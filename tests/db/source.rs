//! What a manifest is made from after its first version: edited by people, changed by hand, made anew by the cron.

use std::collections::BTreeSet;

use crate::support::{canonical_json, checksum};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::manifests::submit;
use crate::members::{refusal, said};
use crate::queues::{alone, service};
use crate::support::{Db, Refused, Who, World};

const EDIT: &str = "select public.edit_source($1, $2, $3, $4, $5, 400, $6, $7, $8, 'req-e')";
const CLAIM: &str = "select public.claim_rebuilds($1, $2, $3, $4)";
const REBUILT: &str = "select public.store_rebuilt_manifest($1, $2, $3, $4, $5, 400, $6, $7, 'req-c', $8)";
const FIRST: Uuid = Uuid::nil();
const LAST: Uuid = Uuid::max();

/// What the Worker sends as meta, by this reducer.
fn meta(reducer: i32) -> Value {
    json!({ "reducer": reducer, "token_estimate": 400, "dropped": [], "missing": [] })
}

fn context(goal: &str) -> Value {
    json!({ "version": "2.1", "generated_at": Uuid::new_v4().to_string(), "goal": goal })
}

/// An edit to `goal` by the reducer 1, of which it makes `content`.
async fn edit(
    db: &mut Db,
    who: Who,
    workspace: Uuid,
    (goal, content): (&str, &Value),
    (version, edits): (Option<i32>, Option<i32>),
) -> Result<Value, Refused> {
    let answers = json!({ "acquisition_goal": goal });
    let (text, sum) = (canonical_json(content), checksum(content));
    db.call(who, EDIT, &[&workspace, &answers, &context(goal), &text, &sum, &meta(1), &version, &edits]).await
}

async fn source(db: &mut Db, world: &World) -> Value {
    let sql = "select public.read_source($1)";
    db.call(Who::Person(world.member), sql, &[&world.workspace]).await.expect("a member reads")["source"]
        .clone()
}

/// The submitted onboarding: its state and answers.
async fn shown(db: &Db, world: &World) -> (String, Value) {
    let sql = "select state, answers from public.onboarding_snapshots where workspace_id = $1";
    let row = db.client.query_one(sql, &[&world.workspace]).await.expect("a snapshot");
    (row.get(0), row.get(1))
}

/// A workspace at version 1 by the reducer that `submit` does not name, last confirmed eight days ago.
async fn aged(db: &mut Db) -> World {
    let world = World::new(db).await;
    submit(db, Who::Person(world.owner), world.workspace, &json!({ "n": 1 })).await.expect("finalized");
    let sql = "update public.workspace_context set confirmed_at = now() - interval '8 days' where workspace_id = $1";
    assert_eq!(db.run(sql, &[&world.workspace]).await, 1);
    world
}

async fn confirmed_now(db: &Db, world: &World) -> bool {
    let sql = "select confirmed_at > now() - interval '1 hour' from public.workspace_context where workspace_id = $1";
    db.one(sql, &[&world.workspace]).await
}

#[tokio::test]
async fn an_edit_makes_a_version_with_its_source_and_starts_no_cooldown() {
    let mut db = Db::shared().await;
    let world = aged(&mut db).await;
    let admin = Who::Person(world.admin);
    let content = json!({ "n": 2 });
    let made =
        edit(&mut db, admin, world.workspace, ("two", &content), (Some(1), Some(0))).await.expect("edited");
    assert_eq!(
        (&made["version"], &made["created"], &made["source"], &made["edits"]),
        (&json!(2), &json!(true), &json!("rebuild"), &json!(0))
    );
    assert_eq!(made["session_revision"], 2, "the onboarding was submitted at revision 1");
    assert!(confirmed_now(&db, &world).await, "a person edited it");
    let found = source(&mut db, &world).await;
    assert_eq!((&found["version"], &found["answers"]), (&json!(2), &json!({ "acquisition_goal": "two" })));
    assert_eq!(shown(&db, &world).await, ("submitted".into(), json!({ "acquisition_goal": "two" })));
    let parent: i32 = db
        .one(
            "select parent_version from public.business_context_manifests where workspace_id = $1 and version = 2",
            &[&world.workspace],
        )
        .await;
    assert_eq!(parent, 1);
    let told: Value = db
        .one(
            "select details from public.audit_log where workspace_id = $1 and action = 'bcm.rebuilt'",
            &[&world.workspace],
        )
        .await;
    assert_eq!(
        (&told["edited"], &told["version"], &told["created"]),
        (&json!(true), &json!(2), &json!(true))
    );
    let waits: bool = db
        .one(
            "select last_rebuilt_at is not null from public.workspace_context where workspace_id = $1",
            &[&world.workspace],
        )
        .await;
    assert!(!waits, "the next rebuild does not wait for an edit");
}

#[tokio::test]
async fn answers_that_change_nothing_in_the_manifest_are_kept_beside_it() {
    let mut db = Db::shared().await;
    let world = aged(&mut db).await;
    let owner = Who::Person(world.owner);
    let content = json!({ "n": 1 });
    let kept =
        edit(&mut db, owner, world.workspace, ("one", &content), (Some(1), Some(0))).await.expect("kept");
    assert_eq!((&kept["version"], &kept["created"], &kept["edits"]), (&json!(1), &json!(false), &json!(1)));
    assert!(confirmed_now(&db, &world).await);
    let found = source(&mut db, &world).await;
    assert_eq!((&found["edits"], &found["answers"]), (&json!(1), &json!({ "acquisition_goal": "one" })));
    assert_eq!(found["business_context"]["goal"], "one");
    let waits: bool = db
        .one(
            "select source_changed_at is not null from public.workspace_context where workspace_id = $1",
            &[&world.workspace],
        )
        .await;
    assert!(!waits, "it was reduced already, and is no work for the cron");
    assert_eq!(shown(&db, &world).await.1, json!({ "acquisition_goal": "one" }));

    // The same answers again are no edit, though their document has another date.
    let same =
        edit(&mut db, owner, world.workspace, ("one", &content), (Some(1), Some(1))).await.expect("the same");
    assert_eq!((&same["created"], &same["edits"]), (&json!(false), &json!(1)));
    // Who saw the version and not the edit is told so, whatever they bring: an editor, and a rebuild of the older source.
    let late = edit(&mut db, owner, world.workspace, ("late", &json!({ "n": 9 })), (Some(1), Some(0))).await;
    assert_eq!(refusal(late), said("PT412", "version_conflict"));
    let (text, sum) = (canonical_json(&json!({ "n": 9 })), checksum(&json!({ "n": 9 })));
    let sql = "select public.store_manifest($1, 'rebuild', '{}', '{}', $2, $3, 400, $4, 1, null, true)";
    let late = db.call(owner, sql, &[&world.workspace, &text, &sum, &meta(1)]).await;
    assert_eq!(refusal(late), said("PT412", "version_conflict"));
    let late = db
        .call(
            Who::Service,
            REBUILT,
            &[&world.workspace, &json!({}), &json!({}), &text, &sum, &meta(1), &1, &0],
        )
        .await;
    assert_eq!(refusal(late), said("PT412", "version_conflict"));

    // A new version has its source beside it, and the count begins anew.
    let next = edit(&mut db, owner, world.workspace, ("two", &json!({ "n": 2 })), (Some(1), Some(1))).await;
    let next = next.expect("a version");
    assert_eq!((&next["version"], &next["edits"]), (&json!(2), &json!(0)));
    let beside: bool = db
        .one(
            "select answers is null and business_context is null from public.workspace_context where workspace_id = $1",
            &[&world.workspace],
        )
        .await;
    assert!(beside);
}

#[tokio::test]
async fn a_restore_brings_its_source_back_and_leaves_a_draft_alone() {
    let mut db = Db::shared().await;
    let world = aged(&mut db).await;
    let owner = Who::Person(world.owner);
    let content = json!({ "n": 2 });
    edit(&mut db, owner, world.workspace, ("two", &content), (Some(1), Some(0))).await.expect("edited");
    edit(&mut db, owner, world.workspace, ("2", &content), (Some(2), Some(0))).await.expect("kept");
    let restore = "select public.restore_manifest($1, $2, 'req-r')";
    let same = db.call(owner, restore, &[&world.workspace, &2]).await.expect("unchanged");
    assert_eq!((&same["created"], &same["edits"]), (&json!(false), &json!(1)));
    assert!(same.get("session_revision").is_none());
    assert_eq!(
        source(&mut db, &world).await["answers"],
        json!({ "acquisition_goal": "2" }),
        "nothing was changed"
    );
    let back = db.call(owner, restore, &[&world.workspace, &1]).await.expect("restored");
    assert_eq!((&back["version"], &back["edits"]), (&json!(3), &json!(0)));
    assert_eq!(
        (&back["answers"], &back["session_revision"]),
        (&json!({ "company_name": "Chaya" }), &json!(4))
    );
    assert_eq!(source(&mut db, &world).await["answers"], json!({ "company_name": "Chaya" }));
    assert_eq!(shown(&db, &world).await, ("submitted".into(), json!({ "company_name": "Chaya" })));

    // As after an import beside an onboarding that is still being answered.
    db.run(
        "update public.onboarding_snapshots set state = 'draft' where workspace_id = $1",
        &[&world.workspace],
    )
    .await;
    let made = edit(&mut db, owner, world.workspace, ("four", &json!({ "n": 4 })), (Some(3), Some(0))).await;
    assert_eq!(made.expect("edited")["session_revision"], Value::Null);
    assert_eq!(shown(&db, &world).await, ("draft".into(), json!({ "company_name": "Chaya" })));
    db.run("delete from public.onboarding_snapshots where workspace_id = $1", &[&world.workspace]).await;
    let made = edit(&mut db, owner, world.workspace, ("five", &json!({ "n": 5 })), (Some(4), Some(0))).await;
    assert_eq!(made.expect("edited")["session_revision"], 1);
    assert_eq!(shown(&db, &world).await, ("submitted".into(), json!({ "acquisition_goal": "five" })));
}

#[tokio::test]
async fn who_may_not_edit_and_what_is_not_current_is_refused() {
    let mut db = Db::shared().await;
    let world = aged(&mut db).await;
    let new = World::new(&db).await;
    let content = json!({ "n": 2 });
    let (one, none) = ((Some(1), Some(0)), (None, None));
    for (who, workspace, on, expected) in [
        (Who::Nobody, world.workspace, one, said("PT401", "not_signed_in")),
        (Who::Person(world.outsider), world.workspace, one, said("PT404", "workspace_not_found")),
        (Who::Person(world.owner), Uuid::new_v4(), one, said("PT404", "workspace_not_found")),
        (Who::Person(world.member), world.workspace, one, said("PT403", "role_not_allowed")),
        (Who::Person(new.owner), new.workspace, one, said("PT412", "version_conflict")),
        (Who::Person(new.owner), new.workspace, none, said("PT412", "version_conflict")),
        (Who::Person(world.owner), world.workspace, none, said("PT412", "version_conflict")),
        (Who::Person(world.owner), world.workspace, (Some(1), None), said("PT412", "version_conflict")),
        (Who::Person(world.owner), world.workspace, (Some(2), Some(0)), said("PT412", "version_conflict")),
    ] {
        let found = edit(&mut db, who, workspace, ("two", &content), on).await;
        assert_eq!(refusal(found), expected, "{who:?} {on:?}");
    }
    assert_eq!(source(&mut db, &world).await["version"], 1);
    for who in [Who::Anon, Who::Nobody, Who::Person(world.owner)] {
        let found = db.call(who, CLAIM, &[&9, &FIRST, &LAST, &9]).await;
        assert_eq!(refusal(found).0, "42501", "{who:?}");
        let skip = "select to_jsonb(public.skip_rebuild($1, 9, 1, 0))";
        assert_eq!(refusal(db.call(who, skip, &[&world.workspace]).await).0, "42501", "{who:?}");
    }
}

/// The workspaces of a claim.
fn ids(claimed: &Value) -> Vec<Uuid> {
    let rows = claimed.as_array().expect("a list").iter();
    rows.map(|row| row["workspace_id"].as_str().and_then(|id| id.parse().ok()).expect("an id")).collect()
}

#[tokio::test]
async fn a_newer_reducer_hands_out_each_workspace_once_and_an_unchanged_look_is_remembered() {
    let (fresh, mut db) = alone().await;
    let mut all = BTreeSet::new();
    for _ in 0..5 {
        all.insert(aged(&mut db).await.workspace);
    }
    for none in [None, Some(0), Some(-1)] {
        assert_eq!(service(&mut db, CLAIM, &[&1, &FIRST, &LAST, &none]).await, json!([]), "{none:?}");
    }
    assert_eq!(service(&mut db, CLAIM, &[&0, &FIRST, &LAST, &9]).await, json!([]), "no older one has looked");
    assert_eq!(service(&mut db, CLAIM, &[&1, &LAST, &LAST, &9]).await, json!([]), "it is nobody's turn");
    // A workspace that somebody is writing to is passed over.
    let busy = *all.first().expect("five");
    let mut other = Db::connect(&fresh.url()).await;
    let lock = other.client.transaction().await.expect("a transaction");
    lock.execute("select from public.workspace_context where workspace_id = $1 for update", &[&busy])
        .await
        .expect("a lock");
    let two = service(&mut db, CLAIM, &[&1, &FIRST, &LAST, &2]).await;
    let rest = service(&mut db, CLAIM, &[&1, &FIRST, &LAST, &9]).await;
    lock.rollback().await.expect("a rollback");
    let last = service(&mut db, CLAIM, &[&1, &FIRST, &LAST, &9]).await;
    assert_eq!((ids(&two).len(), ids(&rest).len(), ids(&last)), (2, 2, vec![busy]));
    let handed: BTreeSet<_> = [&two, &rest, &last].into_iter().flat_map(ids).collect();
    assert_eq!(handed, all, "each once");
    assert_eq!(service(&mut db, CLAIM, &[&1, &FIRST, &LAST, &9]).await, json!([]), "for ten minutes");

    // What finds the same content makes no version and is not looked at again by this reducer, but by the next.
    let row = &two[0];
    let looked: Uuid = ids(&two)[0];
    let content = json!({ "n": 1 });
    let store: crate::support::Params<'_> = &[
        &looked,
        &row["answers"],
        &row["business_context"],
        &canonical_json(&content),
        &checksum(&content),
        &meta(1),
        &1,
        &0,
    ];
    assert_eq!(row["checksum"], checksum(&content));
    let same = service(&mut db, REBUILT, store).await;
    assert_eq!((&same["version"], &same["created"], &same["edits"]), (&json!(1), &json!(false), &json!(0)));
    // Something can be made of all but one of the others; that one is skipped.
    let skipped = ids(&two)[1];
    let skip = "select to_jsonb(public.skip_rebuild($1, 1, $2, $3))";
    for (version, edits, done) in [(2, 0, false), (1, 1, false), (1, 0, true)] {
        assert_eq!(service(&mut db, skip, &[&skipped, &version, &edits]).await, json!(done));
    }
    db.run("update public.workspace_context set rebuild_claimed_until = now() - interval '1 second'", &[])
        .await;
    let again: BTreeSet<_> =
        ids(&service(&mut db, CLAIM, &[&1, &FIRST, &LAST, &9]).await).into_iter().collect();
    assert_eq!(again, &all - &BTreeSet::from([looked, skipped]), "claims that ran out come up again");
    db.run("update public.workspace_context set rebuild_claimed_until = null", &[]).await;
    assert_eq!(ids(&service(&mut db, CLAIM, &[&2, &FIRST, &LAST, &9]).await).len(), 5, "a newer reducer");
    let moved: i64 = db
        .one(
            "select count(*) from public.workspace_context where confirmed_at > now() - interval '1 hour'",
            &[],
        )
        .await;
    assert_eq!(moved, 0, "nobody confirmed anything");
    drop((db, other));
    fresh.stop().await;
}

#[tokio::test]
async fn a_source_that_was_changed_by_hand_is_handed_out_at_once() {
    let (fresh, mut db) = alone().await;
    let world = aged(&mut db).await;
    let sql = "update public.workspace_context set business_context = $2 where workspace_id = $1";
    db.run(sql, &[&world.workspace, &context("by hand")]).await;
    let claimed = service(&mut db, CLAIM, &[&0, &LAST, &LAST, &9]).await;
    assert_eq!(
        (ids(&claimed), &claimed[0]["edits"], &claimed[0]["business_context"]["goal"]),
        (vec![world.workspace], &json!(1), &json!("by hand"))
    );
    let content = json!({ "n": 2 });
    let (text, sum) = (canonical_json(&content), checksum(&content));
    let store: crate::support::Params<'_> = &[
        &world.workspace,
        &claimed[0]["answers"],
        &claimed[0]["business_context"],
        &text,
        &sum,
        &meta(1),
        &1,
        &1,
    ];
    let made = service(&mut db, REBUILT, store).await;
    assert_eq!(
        (&made["version"], &made["source"], &made["edits"]),
        (&json!(2), &json!("rebuild"), &json!(0))
    );
    assert!(!confirmed_now(&db, &world).await);
    assert_eq!(service(&mut db, CLAIM, &[&1, &FIRST, &LAST, &9]).await, json!([]), "and it is done");
    let gauges = service(&mut db, "select public.read_gauges()", &[]).await;
    let waiting = |gauges: &Value| {
        let rows = gauges.as_array().expect("a list").iter();
        rows.filter(|row| row["name"] == "sources_changed").map(|row| row["rows"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(waiting(&gauges), [json!(0)]);
    db.run(sql, &[&world.workspace, &context("again")]).await;
    assert_eq!(waiting(&service(&mut db, "select public.read_gauges()", &[]).await), [json!(1)]);
    drop(db);
    fresh.stop().await;
}
