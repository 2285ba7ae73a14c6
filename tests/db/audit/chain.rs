//! The chain of rows: each is linked to the one before, and every change to one is found.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{VERIFY, append};
use crate::support::{Db, Refused, Who, World, own_database};

#[tokio::test]
async fn rows_are_numbered_linked_and_verified() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    for number in 0..3 {
        append(&db, Some(world.workspace), &json!({ "number": number })).await;
    }
    let rows = db
        .client
        .query(
            "select seq, prev_hash, hash from public.audit_log where workspace_id = $1 order by seq",
            &[&world.workspace],
        )
        .await
        .expect("rows");
    let mut before = "0".repeat(64);
    for (row, seq) in rows.iter().zip(1_i64..) {
        assert_eq!((row.get::<_, i64>(0), row.get::<_, String>(1)), (seq, before));
        before = row.get(2);
        assert_eq!(before.len(), 64);
    }
    assert_eq!(rows.len(), 4, "the sign-up, and three more");
    let fine = json!({ "ok": true, "rows": 4, "first_broken_seq": null, "reason": null });
    for who in [Who::Person(world.owner), Who::Person(world.admin), Who::Service] {
        assert_eq!(db.call(who, VERIFY, &[&world.workspace]).await, Ok(fine.clone()), "{who:?}");
    }
    append(&db, None, &json!({})).await;
    let system = db.call(Who::Service, VERIFY, &[&None::<Uuid>]).await.expect("the system's chain");
    assert_eq!(system["ok"], true);
    let empty = db.call(Who::Service, VERIFY, &[&Uuid::new_v4()]).await.expect("a chain without rows");
    assert_eq!((&empty["ok"], &empty["rows"]), (&json!(true), &json!(0)));
}

#[tokio::test]
async fn every_kind_of_change_is_named_at_its_first_row() {
    // In a database of its own, because taking the triggers off locks the whole log.
    let (fresh, mut db) = own_database().await;
    let world = World::new(&db).await;
    for number in 2..6 {
        append(&db, Some(world.workspace), &json!({ "number": number })).await;
    }
    let rehash =
        "update public.audit_log a set hash = private.audit_hash(a) where chain = $1 and seq in (3, 4)";
    for (damage, seq, reason) in [
        (vec!["update public.audit_log set details = '{}' where chain = $1 and seq = 3"], 3, "changed_row"),
        (
            vec!["update public.audit_log set actor = gen_random_uuid() where chain = $1 and seq = 3"],
            3,
            "changed_row",
        ),
        (
            vec!["update public.audit_log set action = 'bcm.rebuilt' where chain = $1 and seq = 3"],
            3,
            "changed_row",
        ),
        (
            vec!["update public.audit_log set request_id = null where chain = $1 and seq = 3"],
            3,
            "changed_row",
        ),
        (
            vec![
                "update public.audit_log set created_at = created_at + interval '1 microsecond' where chain = $1 and seq = 5",
            ],
            5,
            "changed_row",
        ),
        (
            vec!["update public.audit_log set hash = repeat('0', 64) where chain = $1 and seq = 5"],
            5,
            "changed_row",
        ),
        // With its hash computed again the row itself is sound: the next row shows the change.
        (
            vec!["update public.audit_log set details = '{}' where chain = $1 and seq = 3", rehash],
            4,
            "broken_link",
        ),
        (
            vec![
                "update public.audit_log set seq = 99 where chain = $1 and seq = 3",
                "update public.audit_log set seq = 3 where chain = $1 and seq = 4",
                "update public.audit_log set seq = 4 where chain = $1 and seq = 99",
            ],
            3,
            "broken_link",
        ),
        (vec!["delete from public.audit_log where chain = $1 and seq = 1"], 1, "missing_row"),
        (vec!["delete from public.audit_log where chain = $1 and seq = 3"], 3, "missing_row"),
        (vec!["delete from public.audit_log where chain = $1 and seq >= 4"], 4, "cut_tail"),
        (vec!["delete from public.audit_log where chain = $1"], 1, "cut_tail"),
        (vec!["delete from private.audit_heads where chain = $1"], 6, "cut_tail"),
        (
            vec![
                "update public.audit_log a set details = '{}' where chain = $1 and seq = 5",
                "update public.audit_log a set hash = private.audit_hash(a) where chain = $1 and seq = 5",
            ],
            5,
            "changed_row",
        ),
    ] {
        let tx = db.client.transaction().await.expect("a transaction");
        tx.batch_execute(
            "alter table public.audit_log disable trigger user; alter table private.audit_heads disable trigger user",
        )
        .await
        .expect("what only the owner of the tables can do");
        let chain = world.workspace.to_string();
        for sql in &damage {
            assert!(tx.execute(*sql, &[&chain]).await.expect(sql) > 0, "{sql}");
        }
        let claims = json!({ "role": "service_role" }).to_string();
        tx.execute("select set_config('request.jwt.claims', $1, true)", &[&claims]).await.expect("claims");
        let found: Value = tx.query_one(VERIFY, &[&world.workspace]).await.expect("verified").get(0);
        assert_eq!(
            (&found["ok"], &found["first_broken_seq"], &found["reason"]),
            (&json!(false), &json!(seq), &json!(reason)),
            "{damage:?}"
        );
    }
    drop(db);
    fresh.stop().await;
}

#[tokio::test]
async fn nobody_changes_a_row_not_even_the_owner_of_the_table() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let chain = world.workspace.to_string();
    for sql in [
        format!("update public.audit_log set details = '{{}}' where chain = '{chain}'"),
        format!("delete from public.audit_log where chain = '{chain}'"),
        "truncate public.audit_log".to_owned(),
        format!("update private.audit_heads set hash = repeat('0', 64) where chain = '{chain}'"),
        format!("update private.audit_heads set seq = seq + 2 where chain = '{chain}'"),
        format!("delete from private.audit_heads where chain = '{chain}'"),
        "truncate private.audit_heads".to_owned(),
    ] {
        let refused = Refused::from(db.client.execute(&sql, &[]).await.expect_err(&sql));
        assert_eq!((refused.state.as_str(), refused.code.as_str()), ("PT409", "append_only"), "{sql}");
        for who in [Who::Service, Who::Person(world.owner), Who::Anon] {
            let tx = db.act(who).await;
            let refused = tx.execute(&sql, &[]).await.expect_err(&sql);
            assert_eq!(refused.code().map(|code| code.code()), Some("42501"), "{who:?}: {sql}");
        }
    }
    // Rows come from functions alone, and what happened outlives the workspace and its people.
    for who in [Who::Service, Who::Person(world.owner)] {
        let tx = db.act(who).await;
        let sql = "select private.audit(null, null, 'bcm.created', '{}', null)";
        assert_eq!(
            tx.query(sql, &[]).await.expect_err("closed").code().map(|code| code.code()),
            Some("42501")
        );
    }
    db.run("delete from auth.users where id = $1", &[&world.owner]).await;
    let left = db.call(Who::Service, VERIFY, &[&world.workspace]).await.expect("verified");
    assert_eq!(left, json!({ "ok": true, "rows": 1, "first_broken_seq": null, "reason": null }));
}

#[tokio::test]
async fn fifty_appends_at_once_leave_one_chain() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let mut running = tokio::task::JoinSet::new();
    for number in 0..50 {
        running.spawn(async move {
            append(&Db::shared().await, Some(world.workspace), &json!({ "number": number })).await;
        });
    }
    running.join_all().await;
    let found = db.call(Who::Service, VERIFY, &[&world.workspace]).await.expect("verified");
    assert_eq!((&found["ok"], &found["rows"]), (&json!(true), &json!(51)));
    let backwards: i64 = db
        .one(
            "select count(*) from (select created_at < lag(created_at) over (order by seq) as back
             from public.audit_log where workspace_id = $1) as a where back",
            &[&world.workspace],
        )
        .await;
    assert_eq!(backwards, 0, "time runs one way along a chain");
}
