//! The durable copy of an onboarding draft, and the pages of a manifest's history.

use serde_json::{Value, json};

use crate::manifests::{FINALIZE, meta, submit};
use crate::support::{Db, Refused, Who, World, canonical_json, checksum};

async fn save(
    db: &mut Db,
    who: Who,
    world: &World,
    revision: i32,
    state: &str,
    name: &str,
) -> Result<Value, Refused> {
    db.call(
        who,
        "select public.save_snapshot($1, $2, $3, $4)",
        &[&world.workspace, &revision, &state, &json!({ "company_name": name })],
    )
    .await
}

async fn read(db: &mut Db, who: Who, world: &World) -> Value {
    db.call(who, "select public.read_snapshot($1)", &[&world.workspace]).await.expect("a member reads")
}

async fn standing(db: &Db, world: &World) -> String {
    db.one("select onboarding_status from public.users where auth_user_id = $1", &[&world.owner]).await
}

#[tokio::test]
async fn only_a_newer_draft_replaces_an_older_one_until_it_is_submitted() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let (owner, admin) = (Who::Person(world.owner), Who::Person(world.admin));
    assert_eq!(read(&mut db, Who::Person(world.member), &world).await["snapshot"], json!(null));
    for (who, revision, saved, kept) in [
        (owner, 3, true, 3),
        (admin, 3, false, 3),
        (admin, 2, false, 3),
        (admin, 4, true, 4),
        (owner, 6, false, 5),
    ] {
        if kept == 5 {
            let sql = "update public.onboarding_snapshots set revision = 5, state = 'submitted' where workspace_id = $1";
            db.run(sql, &[&world.workspace]).await;
        }
        let name = format!("{revision} {saved}");
        let found = save(&mut db, who, &world, revision, "draft", &name).await;
        assert_eq!(found, Ok(json!({ "saved": saved, "revision": kept })), "{name}");
        let snapshot = read(&mut db, who, &world).await["snapshot"].clone();
        assert_eq!((&snapshot["revision"], snapshot["updated_at"].is_string()), (&json!(kept), true));
        assert_eq!(snapshot["answers"]["company_name"] == json!(name), saved, "{name}");
    }
    let seen = read(&mut db, Who::Person(world.member), &world).await;
    assert_eq!(
        (&seen["membership"]["role"], &seen["snapshot"]["state"]),
        (&json!("member"), &json!("submitted"))
    );
}

#[tokio::test]
async fn saving_puts_the_owner_in_progress_and_finalizing_closes_the_draft() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let owner = Who::Person(world.owner);
    for (n, before, after) in [
        (1, "pending", "in_progress"),
        (2, "payment_confirmed", "in_progress"),
        (3, "abandoned", "in_progress"),
        (4, "completed", "completed"),
    ] {
        db.run(
            "update public.users set onboarding_status = $2 where auth_user_id = $1",
            &[&world.owner, &before],
        )
        .await;
        assert_eq!(
            save(&mut db, Who::Person(world.admin), &world, n, "draft", "x").await.expect("saved")["saved"],
            true
        );
        assert_eq!(standing(&db, &world).await, after, "from {before}");
    }
    submit(&mut db, owner, world.workspace, &json!({ "a": 1 })).await.expect("finalized");
    // The snapshot is what was submitted, however far behind it was.
    let kept = read(&mut db, owner, &world).await["snapshot"].clone();
    assert_eq!(
        (&kept["state"], &kept["answers"]),
        (&json!("submitted"), &json!({ "company_name": "Chaya" }))
    );
    assert_eq!(
        save(&mut db, owner, &world, 99, "draft", "late").await,
        Ok(json!({ "saved": false, "revision": 5 }))
    );
    assert_eq!(standing(&db, &world).await, "completed");
}

#[tokio::test]
async fn ten_saves_at_once_keep_the_newest() {
    let db = Db::shared().await;
    let world = std::sync::Arc::new(World::with_plan(&db).await);
    let calls = (1..=10).map(|revision| {
        let world = world.clone();
        tokio::spawn(async move {
            let mut db = Db::shared().await;
            save(&mut db, Who::Person(world.owner), &world, revision, "draft", &revision.to_string()).await
        })
    });
    for call in futures_util::future::join_all(calls).await {
        call.expect("no panic").expect("an answer");
    }
    let mut db = db;
    let kept = read(&mut db, Who::Person(world.owner), &world).await;
    assert_eq!(
        (&kept["snapshot"]["revision"], &kept["snapshot"]["answers"]["company_name"]),
        (&json!(10), &json!("10"))
    );
}

#[tokio::test]
async fn an_onboarding_is_submitted_from_no_older_answers_than_are_kept() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let owner = Who::Person(world.owner);
    save(&mut db, owner, &world, 5, "draft", "Kept").await.expect("saved");
    for (name, revision, made) in [
        ("Older", 4, Err("revision_conflict")),
        ("As kept", 5, Ok(1)),
        ("What was as kept", 5, Err("revision_conflict")),
        // The same once more, from before it was known to be submitted.
        ("As kept", 4, Ok(1)),
        ("Submitted before, and saved since", 9, Ok(2)),
        ("As kept", 6, Err("revision_conflict")),
    ] {
        let content = json!({ "name": name });
        let (answers, source, meta) = (json!({ "company_name": name }), json!({}), meta(400));
        let sql = FINALIZE.replace("$8)", "$8, $9)");
        let told = db
            .call(
                owner,
                &sql,
                &[
                    &world.workspace,
                    &answers,
                    &source,
                    &canonical_json(&content),
                    &checksum(&content),
                    &400_i32,
                    &meta,
                    &"req-1",
                    &revision,
                ],
            )
            .await;
        match made {
            Ok(version) => assert_eq!(told.expect(name)["version"], json!(version), "{name}"),
            Err(code) => {
                let refused = told.expect_err(name);
                assert_eq!((refused.state.as_str(), refused.code.as_str()), ("PT412", code), "{name}");
            }
        }
    }
    let snapshot = read(&mut db, owner, &world).await["snapshot"].clone();
    assert_eq!((&snapshot["state"], &snapshot["revision"]), (&json!("submitted"), &json!(10)));
}

#[tokio::test]
async fn strangers_and_nonsense_are_refused() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    for (who, saving, reading) in [
        (Who::Anon, ("42501", "permission denied for function save_snapshot"), Some("42501")),
        (Who::Service, ("PT401", "not_signed_in"), None),
        (Who::Nobody, ("PT401", "not_signed_in"), Some("PT401")),
        (Who::Person(world.outsider), ("PT404", "workspace_not_found"), Some("PT404")),
        (Who::Person(world.member), ("PT403", "role_not_allowed"), None),
    ] {
        let refused = save(&mut db, who, &world, 1, "draft", "x").await.expect_err("refused");
        assert_eq!((refused.state.as_str(), refused.code.as_str()), saving, "{who:?}");
        if let Some(state) = reading {
            for sql in ["select public.read_snapshot($1)", "select public.manifest_history($1, null, 10)"] {
                assert_eq!(
                    db.call(who, sql, &[&world.workspace]).await.expect_err(sql).state,
                    state,
                    "{who:?}"
                );
            }
        }
    }
    for (arguments, code) in [
        ("0, 'draft', '{}'", "revision_invalid"),
        ("null, 'draft', '{}'", "revision_invalid"),
        ("2000000001, 'draft', '{}'", "revision_invalid"),
        ("1, 'submitted', '{}'", "state_unknown"),
        ("1, null, '{}'", "state_unknown"),
        ("1, 'draft', '[]'", "answers_invalid"),
        ("1, 'draft', null", "answers_invalid"),
        ("1, 'draft', jsonb_build_object('a', repeat('x', 262144))", "answers_too_large"),
    ] {
        let sql = format!("select public.save_snapshot($1, {arguments})");
        let refused = db.call(Who::Person(world.owner), &sql, &[&world.workspace]).await.expect_err(&sql);
        assert_eq!((refused.state.as_str(), refused.code.as_str()), ("PT422", code), "{sql}");
    }
    assert_eq!(standing(&db, &world).await, "pending", "a refusal changes nothing");
}

#[tokio::test]
async fn history_comes_in_pages_newest_first() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let member = Who::Person(world.member);
    let page = "select public.manifest_history($1, $2, $3)";
    let empty = db.call(member, page, &[&world.workspace, &None::<i32>, &None::<i32>]).await;
    assert_eq!(empty, Ok(json!({ "versions": [], "next_before": null })));
    for n in 1..=5 {
        submit(&mut db, Who::Person(world.owner), world.workspace, &json!({ "n": n }))
            .await
            .expect("a version");
    }
    for (before, limit, versions, next) in [
        (None, Some(2), vec![5, 4], json!(4)),
        (Some(4), Some(2), vec![3, 2], json!(2)),
        (Some(2), Some(2), vec![1], json!(null)),
        (Some(1), Some(2), vec![], json!(null)),
        (Some(-7), Some(2), vec![], json!(null)),
        (None, None, vec![5, 4, 3, 2, 1], json!(null)),
        (Some(99), Some(5), vec![5, 4, 3, 2, 1], json!(null)),
    ] {
        let found = db.call(member, page, &[&world.workspace, &before, &limit]).await.expect("a page");
        let numbers: Vec<_> = found["versions"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|v| v["version"].as_i64())
            .collect();
        assert_eq!((numbers, &found["next_before"]), (versions, &next), "before {before:?}");
    }
    let one = db.call(member, page, &[&world.workspace, &None::<i32>, &1_i32]).await.expect("a page");
    let newest = &one["versions"][0];
    assert_eq!(
        (&newest["parent_version"], &newest["source"], &newest["token_estimate"]),
        (&json!(4), &json!("onboarding"), &json!(400))
    );
    assert_eq!(newest["checksum"].as_str().map(str::len), Some(64));
    assert!(newest["generated_at"].as_str().is_some_and(|at| at.ends_with('Z')));
    for limit in [0_i32, -1, 101] {
        let refused =
            db.call(member, page, &[&world.workspace, &None::<i32>, &limit]).await.expect_err("refused");
        assert_eq!(refused.code, "limit_out_of_range");
    }
}
