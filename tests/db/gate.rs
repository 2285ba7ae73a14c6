//! What the gate reads, and who may: the caller about themselves, support about any workspace, with an audit row.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Db, Refused, Who, World};

async fn read(db: &mut Db, who: Who, workspace: Option<Uuid>) -> Result<Value, Refused> {
    db.call(who, "select public.read_gate($1)", &[&workspace]).await
}

async fn explain(db: &mut Db, workspace: Uuid, actor: Uuid) -> Result<Value, Refused> {
    db.call(Who::Service, "select public.explain_workspace($1, $2, 'request-1')", &[&workspace, &actor]).await
}

async fn audit_rows(db: &Db, workspace: Uuid) -> i64 {
    db.one(
        "select count(*) from public.audit_log where workspace_id = $1 and action = 'auth.explained'",
        &[&workspace],
    )
    .await
}

#[tokio::test]
async fn a_person_reads_their_own_workspace_unless_they_name_another_of_theirs() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let own = read(&mut db, Who::Person(world.owner), None).await.unwrap();
    assert_eq!((&own["workspace_id"], &own["role"]), (&json!(world.workspace.to_string()), &json!("owner")));
    assert_eq!((&own["plan_status"], &own["onboarding_status"]), (&json!("none"), &json!("pending")));
    assert_eq!(
        (&own["access_until"], &own["paid_until"], &own["manifest"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    let named = read(&mut db, Who::Person(world.member), Some(world.workspace)).await.unwrap();
    assert_eq!(
        (&named["workspace_id"], &named["role"]),
        (&json!(world.workspace.to_string()), &json!("member"))
    );
    let own = read(&mut db, Who::Person(world.member), None).await.unwrap();
    assert_ne!(own["workspace_id"], json!(world.workspace.to_string()), "the one that they own themselves");
    // The workspace is onboarded for everybody in it.
    db.run(
        "update public.users set onboarding_status = 'completed' where auth_user_id = $1",
        &[&world.owner],
    )
    .await;
    let named = read(&mut db, Who::Person(world.member), Some(world.workspace)).await.unwrap();
    assert_eq!(named["onboarding_status"], "completed");
}

#[tokio::test]
async fn an_outsider_and_nobody_learn_nothing() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let missing = read(&mut db, Who::Person(world.outsider), Some(Uuid::new_v4())).await.unwrap_err();
    let foreign = read(&mut db, Who::Person(world.outsider), Some(world.workspace)).await.unwrap_err();
    assert_eq!((foreign.state.as_str(), foreign.code.as_str()), ("PT404", "workspace_not_found"));
    assert_eq!(missing, foreign, "both get the same answer, so that outsiders learn nothing");
    assert_eq!(read(&mut db, Who::Nobody, None).await.unwrap_err().state, "PT401");
    assert_eq!(read(&mut db, Who::Anon, None).await.unwrap_err().state, "42501");
    for who in [Who::Anon, Who::Person(world.owner)] {
        let sql = "select public.explain_workspace($1, $2, null)";
        let refused = db.call(who, sql, &[&world.workspace, &world.owner]).await.unwrap_err();
        assert_eq!(refused.state, "42501", "{who:?}");
    }
    assert_eq!(audit_rows(&db, world.workspace).await, 0);
}

#[tokio::test]
async fn an_account_without_profile_or_switched_off_is_told_so() {
    let mut db = Db::shared().await;
    let bare = db.sign_up_without_profile().await;
    let facts = read(&mut db, Who::Person(bare), None).await.unwrap();
    assert_eq!((&facts["profile_exists"], &facts["account_disabled"]), (&json!(false), &json!(false)));
    let world = World::new(&db).await;
    db.run("update public.users set is_active = false where auth_user_id = $1", &[&world.owner]).await;
    for (who, facts) in
        [(bare, facts), (world.owner, read(&mut db, Who::Person(world.owner), None).await.unwrap())]
    {
        let verified = db.call(Who::Person(who), "select public.verify_profile()", &[]).await;
        assert_eq!(verified, Ok(facts), "both names tell the same");
    }
    for named in [None, Some(world.workspace)] {
        let facts = read(&mut db, Who::Person(world.owner), named).await.unwrap();
        assert_eq!((&facts["account_disabled"], &facts["workspace_exists"]), (&json!(true), &json!(false)));
        assert_eq!(facts.get("workspace_id"), None, "and nothing of the workspace");
    }
}

#[tokio::test]
async fn support_reads_any_workspace_and_leaves_a_row_unless_it_is_their_own() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let facts = explain(&mut db, world.workspace, world.outsider).await.unwrap();
    assert_eq!((&facts["workspace_id"], &facts["role"]), (&json!(world.workspace.to_string()), &Value::Null));
    let (actor, request): (Uuid, String) = {
        let row = db
            .client
            .query_one(
                "select actor, request_id from public.audit_log where workspace_id = $1 and action = 'auth.explained'",
                &[&world.workspace],
            )
            .await
            .expect("one audit row");
        (row.get(0), row.get(1))
    };
    assert_eq!((actor, request.as_str()), (world.outsider, "request-1"));
    assert_eq!(explain(&mut db, world.workspace, world.admin).await.unwrap()["role"], "admin");
    assert_eq!(audit_rows(&db, world.workspace).await, 1, "a member looks at their own");
    let missing = explain(&mut db, Uuid::new_v4(), world.outsider).await.unwrap_err();
    assert_eq!((missing.state.as_str(), missing.code.as_str()), ("PT404", "workspace_not_found"));
}

#[tokio::test]
async fn the_dates_of_every_status_are_told() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let day = |day: &str| json!(format!("2027-{day}T00:00:00.000Z"));
    let none = Value::Null;
    for (columns, paid, grace, access) in [
        ("'active', '2027-04-01Z', '2027-05-01Z', null, null", day("05-01"), day("05-04"), day("05-04")),
        (
            "'past_due', '2027-04-01Z', '2027-05-01Z', '2027-05-06Z', null",
            day("05-01"),
            day("05-06"),
            day("05-06"),
        ),
        ("'cancelled', '2027-04-01Z', '2027-05-01Z', null, null", day("05-01"), none.clone(), day("05-01")),
        ("'trial', null, null, null, '2027-04-08Z'", day("04-08"), none.clone(), day("04-08")),
        (
            "'expired', '2027-04-01Z', '2027-05-01Z', '2027-05-04Z', null",
            day("05-01"),
            day("05-04"),
            none.clone(),
        ),
        ("'expired', null, null, null, '2027-04-08Z'", day("04-08"), none.clone(), none.clone()),
    ] {
        db.run("delete from public.subscriptions where workspace_id = $1", &[&world.workspace]).await;
        db.run(
            &format!(
                "insert into public.subscriptions (workspace_id, plan, status, current_period_start,
                   current_period_end, grace_period_end, trial_end) values ($1, 'glide', {columns})"
            ),
            &[&world.workspace],
        )
        .await;
        let facts = read(&mut db, Who::Person(world.owner), None).await.unwrap();
        assert_eq!(
            (&facts["paid_until"], &facts["grace_until"], &facts["access_until"]),
            (&paid, &grace, &access),
            "{columns}"
        );
    }
}
