//! Edits of the answers by people, and restores of older ones.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{CLAIM, FIRST, LAST, REBUILT, confirmed_eight_days_ago, edit, meta};
use crate::manifests::confirmed_recently;
use crate::support::{Db, Who, World, canonical_json, checksum, refusal, refused_with};

async fn read_source(db: &mut Db, world: &World) -> Value {
    let sql = "select public.read_source($1)";
    db.call(Who::Person(world.member), sql, &[&world.workspace]).await.expect("a member reads")["source"]
        .clone()
}

/// The submitted onboarding: its state and answers.
async fn submitted_answers(db: &Db, world: &World) -> (String, Value) {
    let sql = "select state, answers from public.onboarding_snapshots where workspace_id = $1";
    let row = db.client.query_one(sql, &[&world.workspace]).await.expect("a snapshot");
    (row.get(0), row.get(1))
}

#[tokio::test]
async fn an_edit_makes_a_version_with_its_source_and_starts_no_cooldown() {
    let mut db = Db::shared().await;
    let world = confirmed_eight_days_ago(&mut db).await;
    let admin = Who::Person(world.admin);
    let content = json!({ "n": 2 });
    let made =
        edit(&mut db, admin, world.workspace, ("two", &content), (Some(1), Some(0))).await.expect("edited");
    assert_eq!(
        (&made["version"], &made["created"], &made["source"], &made["edits"]),
        (&json!(2), &json!(true), &json!("rebuild"), &json!(0))
    );
    assert_eq!(made["session_revision"], 2, "the onboarding was submitted at revision 1");
    assert!(confirmed_recently(&db, world.workspace).await, "an edit by a person confirms");
    let source = read_source(&mut db, &world).await;
    assert_eq!((&source["version"], &source["answers"]), (&json!(2), &json!({ "acquisition_goal": "two" })));
    assert_eq!(
        submitted_answers(&db, &world).await,
        ("submitted".into(), json!({ "acquisition_goal": "two" }))
    );
    let parent: i32 = db
        .one(
            "select parent_version from public.business_context_manifests where workspace_id = $1 and version = 2",
            &[&world.workspace],
        )
        .await;
    assert_eq!(parent, 1);
    let audited: Value = db
        .one(
            "select details from public.audit_log where workspace_id = $1 and action = 'bcm.rebuilt'",
            &[&world.workspace],
        )
        .await;
    assert_eq!(
        (&audited["edited"], &audited["version"], &audited["created"]),
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
    let world = confirmed_eight_days_ago(&mut db).await;
    let owner = Who::Person(world.owner);
    let content = json!({ "n": 1 });
    let kept =
        edit(&mut db, owner, world.workspace, ("one", &content), (Some(1), Some(0))).await.expect("kept");
    assert_eq!((&kept["version"], &kept["created"], &kept["edits"]), (&json!(1), &json!(false), &json!(1)));
    assert!(confirmed_recently(&db, world.workspace).await);
    let source = read_source(&mut db, &world).await;
    assert_eq!((&source["edits"], &source["answers"]), (&json!(1), &json!({ "acquisition_goal": "one" })));
    assert_eq!(source["business_context"]["goal"], "one");
    let waits: bool = db
        .one(
            "select source_changed_at is not null from public.workspace_context where workspace_id = $1",
            &[&world.workspace],
        )
        .await;
    assert!(!waits, "it has been reduced already, so the cron leaves it alone");
    assert_eq!(submitted_answers(&db, &world).await.1, json!({ "acquisition_goal": "one" }));

    // The same answers again are no edit, though their document has another date.
    let same =
        edit(&mut db, owner, world.workspace, ("one", &content), (Some(1), Some(1))).await.expect("the same");
    assert_eq!((&same["created"], &same["edits"]), (&json!(false), &json!(1)));
    // Who saw the version and not the edit is audited so, whatever they bring: an editor, and a rebuild of the older source.
    let late = edit(&mut db, owner, world.workspace, ("late", &json!({ "n": 9 })), (Some(1), Some(0))).await;
    assert_eq!(refusal(late), refused_with("PT412", "version_conflict"));
    let (text, sum) = (canonical_json(&json!({ "n": 9 })), checksum(&json!({ "n": 9 })));
    let sql = "select public.store_manifest($1, 'rebuild', '{}', '{}', $2, $3, 400, $4, 1, null, true)";
    let late = db.call(owner, sql, &[&world.workspace, &text, &sum, &meta(1)]).await;
    assert_eq!(refusal(late), refused_with("PT412", "version_conflict"));
    let late = db
        .call(
            Who::Service,
            REBUILT,
            &[&world.workspace, &json!({}), &json!({}), &text, &sum, &meta(1), &1, &0],
        )
        .await;
    assert_eq!(refusal(late), refused_with("PT412", "version_conflict"));

    // A new version has its source beside it, and the count starts at 0.
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
    let world = confirmed_eight_days_ago(&mut db).await;
    let owner = Who::Person(world.owner);
    let content = json!({ "n": 2 });
    edit(&mut db, owner, world.workspace, ("two", &content), (Some(1), Some(0))).await.expect("edited");
    edit(&mut db, owner, world.workspace, ("2", &content), (Some(2), Some(0))).await.expect("kept");
    let restore = "select public.restore_manifest($1, $2, 'req-r')";
    let same = db.call(owner, restore, &[&world.workspace, &2]).await.expect("unchanged");
    assert_eq!((&same["created"], &same["edits"]), (&json!(false), &json!(1)));
    assert!(same.get("session_revision").is_none());
    assert_eq!(
        read_source(&mut db, &world).await["answers"],
        json!({ "acquisition_goal": "2" }),
        "nothing was changed"
    );
    let back = db.call(owner, restore, &[&world.workspace, &1]).await.expect("restored");
    assert_eq!((&back["version"], &back["edits"]), (&json!(3), &json!(0)));
    assert_eq!(
        (&back["answers"], &back["session_revision"]),
        (&json!({ "company_name": "Chaya" }), &json!(4))
    );
    assert_eq!(read_source(&mut db, &world).await["answers"], json!({ "company_name": "Chaya" }));
    assert_eq!(
        submitted_answers(&db, &world).await,
        ("submitted".into(), json!({ "company_name": "Chaya" }))
    );

    // As after an import while the onboarding is still a draft.
    db.run(
        "update public.onboarding_snapshots set state = 'draft' where workspace_id = $1",
        &[&world.workspace],
    )
    .await;
    let made = edit(&mut db, owner, world.workspace, ("four", &json!({ "n": 4 })), (Some(3), Some(0))).await;
    assert_eq!(made.expect("edited")["session_revision"], Value::Null);
    assert_eq!(submitted_answers(&db, &world).await, ("draft".into(), json!({ "company_name": "Chaya" })));
    db.run("delete from public.onboarding_snapshots where workspace_id = $1", &[&world.workspace]).await;
    let made = edit(&mut db, owner, world.workspace, ("five", &json!({ "n": 5 })), (Some(4), Some(0))).await;
    assert_eq!(made.expect("edited")["session_revision"], 1);
    assert_eq!(
        submitted_answers(&db, &world).await,
        ("submitted".into(), json!({ "acquisition_goal": "five" }))
    );
}

#[tokio::test]
async fn who_may_not_edit_and_what_is_not_current_is_refused() {
    let mut db = Db::shared().await;
    let world = confirmed_eight_days_ago(&mut db).await;
    let new = World::with_plan(&db).await;
    let content = json!({ "n": 2 });
    let (one, none) = ((Some(1), Some(0)), (None, None));
    for (who, workspace, on, expected) in [
        (Who::Nobody, world.workspace, one, refused_with("PT401", "not_signed_in")),
        (Who::Person(world.outsider), world.workspace, one, refused_with("PT404", "workspace_not_found")),
        (Who::Person(world.owner), Uuid::new_v4(), one, refused_with("PT404", "workspace_not_found")),
        (Who::Person(world.member), world.workspace, one, refused_with("PT403", "role_not_allowed")),
        (Who::Person(new.owner), new.workspace, one, refused_with("PT412", "version_conflict")),
        (Who::Person(new.owner), new.workspace, none, refused_with("PT412", "version_conflict")),
        (Who::Person(world.owner), world.workspace, none, refused_with("PT412", "version_conflict")),
        (
            Who::Person(world.owner),
            world.workspace,
            (Some(1), None),
            refused_with("PT412", "version_conflict"),
        ),
        (
            Who::Person(world.owner),
            world.workspace,
            (Some(2), Some(0)),
            refused_with("PT412", "version_conflict"),
        ),
    ] {
        let outcome = edit(&mut db, who, workspace, ("two", &content), on).await;
        assert_eq!(refusal(outcome), expected, "{who:?} {on:?}");
    }
    assert_eq!(read_source(&mut db, &world).await["version"], 1);
    for who in [Who::Anon, Who::Nobody, Who::Person(world.owner)] {
        let outcome = db.call(who, CLAIM, &[&9, &FIRST, &LAST, &9]).await;
        assert_eq!(refusal(outcome).0, "42501", "{who:?}");
        let skip = "select to_jsonb(public.skip_rebuild($1, 9, 1, 0))";
        assert_eq!(refusal(db.call(who, skip, &[&world.workspace]).await).0, "42501", "{who:?}");
    }
}
