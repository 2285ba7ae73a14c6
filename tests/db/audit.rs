//! The audit log: who may write, read and verify it, and that no change to it goes unseen.

use gatehouse_core::vocabulary::AuditAction;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::migrations::migrate;
use crate::stack::Fresh;
use crate::support::{Db, Refused, Who, World};

const VERIFY: &str = "select public.audit_verify($1)";

async fn append(db: &Db, workspace: Option<Uuid>, details: &Value) {
    let sql = "select private.audit($1, null, 'bcm.created', $2, 'req-1')::text";
    db.client.query_one(sql, &[&workspace, details]).await.expect("appended");
}

fn state(refused: &Refused) -> (&str, &str) {
    (refused.state.as_str(), refused.code.as_str())
}

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
    let fresh = Fresh::start().await;
    let mut db = Db::connect(&fresh.url()).await;
    migrate(&db).await;
    let world = World::new(&db).await;
    for number in 2..6 {
        append(&db, Some(world.workspace), &json!({ "number": number })).await;
    }
    let anew =
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
        // Made anew, the row itself is sound: the one after it tells.
        (
            vec!["update public.audit_log set details = '{}' where chain = $1 and seq = 3", anew],
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
        assert_eq!(state(&refused), ("PT409", "append_only"), "{sql}");
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

#[tokio::test]
async fn personal_data_goes_at_any_depth() {
    let db = Db::shared().await;
    let world = World::new(&db).await;
    let mut deep = json!("asha@example.in");
    for _ in 0..20 {
        deep = json!([deep]);
    }
    let details = json!({
        "order_id": "o-1", "amount": 500_000, "Email": "a@x.in", "userAgent": "Mozilla", "name": null, "deep": deep,
        "list": [{ "phone": "+91", "kept": true }, "text", 1.50],
        "payer": { "VPA": "a@upi", "account": { "number": 1 }, "inner": { "full_name": "Asha", "empty": {}, "none": [] } },
    });
    append(&db, Some(world.workspace), &details).await;
    let kept: Value = db
        .one(
            "select details from public.audit_log where workspace_id = $1 order by seq desc limit 1",
            &[&world.workspace],
        )
        .await;
    let gone = "[redacted]";
    let mut expected = json!({
        "order_id": "o-1", "amount": 500_000, "Email": gone, "userAgent": gone, "name": gone, "deep": kept["deep"],
        "list": [{ "phone": gone, "kept": true }, "text", 1.50],
        "payer": { "VPA": gone, "account": gone, "inner": { "full_name": gone, "empty": {}, "none": [] } },
    });
    assert_eq!(kept, expected);
    expected["deep"].take();
    assert!(!kept["deep"].to_string().contains("asha") && kept["deep"].to_string().contains(gone));
    let keys: Vec<String> = db.one("select private.redacted_keys()", &[]).await;
    for key in keys {
        let found: Value = db.one("select private.redact(jsonb_build_object($1::text, 'x'))", &[&key]).await;
        assert_eq!(found[&key], gone, "{key}");
    }
}

#[tokio::test]
async fn owners_and_admins_read_their_own_chain_page_by_page() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    for number in 0..4 {
        append(&db, Some(world.workspace), &json!({ "number": number })).await;
    }
    let read = "select public.read_audit($1, $2, $3)";
    for who in [Who::Person(world.owner), Who::Person(world.admin), Who::Service] {
        let mut seen = Vec::new();
        let mut before: Option<i64> = None;
        loop {
            let page = db.call(who, read, &[&world.workspace, &before, &2]).await.expect("a page");
            seen.extend(page["rows"].as_array().expect("rows").iter().map(|row| row["seq"].as_i64()));
            before = page["next_before"].as_i64();
            if before.is_none() {
                break;
            }
        }
        assert_eq!(seen, [5, 4, 3, 2, 1].map(Some), "{who:?}");
    }
    let none = None::<i64>;
    for (who, expected) in [
        (Who::Person(world.member), ("PT403", "role_not_allowed")),
        (Who::Person(world.outsider), ("PT404", "workspace_not_found")),
        (Who::Nobody, ("PT401", "not_signed_in")),
    ] {
        let refused = db.call(who, read, &[&world.workspace, &none, &10]).await.expect_err("refused");
        assert_eq!(state(&refused), expected, "{who:?}");
        let refused = db.call(who, VERIFY, &[&world.workspace]).await.expect_err("refused");
        assert_eq!(state(&refused), expected, "{who:?}");
    }
    for sql in ["select public.audit_verify(null)", "select public.read_audit(null, null, 10)"] {
        let refused = db.call(Who::Person(world.owner), sql, &[]).await.expect_err("the system's chain");
        assert_eq!(state(&refused), ("PT404", "workspace_not_found"));
    }
    for limit in [0, 101, -1] {
        let refused = db.call(Who::Person(world.owner), read, &[&world.workspace, &none, &limit]).await;
        assert_eq!(state(&refused.expect_err("a limit")), ("PT422", "limit_out_of_range"));
    }
}

#[tokio::test]
async fn events_of_pages_are_a_closed_list_of_members_alone() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let record = "select to_jsonb(public.record_ui_events($1, $2)::text)";
    let page = |action: &str| json!({ "action": action, "details": { "path": "/plans" } });
    for &action in AuditAction::ALL.iter().filter(|action| action.as_str().starts_with("ui.")) {
        let events = json!([page(action.as_str()), { "action": action }]);
        db.call(Who::Person(world.member), record, &[&world.workspace, &events])
            .await
            .unwrap_or_else(|refused| panic!("{action}: {refused:?}"));
    }
    let count =
        "select count(*) from public.audit_log where workspace_id = $1 and actor = $2 and action like 'ui.%'";
    let written: i64 = db.one(count, &[&world.workspace, &world.member]).await;
    assert_eq!(written, 12);
    let full: Vec<Value> = (0..51).map(|_| page("ui.page_viewed")).collect();
    let fine = page("ui.page_viewed");
    for (events, expected) in [
        (json!([fine, page("ui.unknown")]), "action_unknown"),
        (json!([fine, page("payment.completed")]), "action_unknown"),
        (json!([fine, page("UI.page_viewed")]), "action_unknown"),
        (json!([fine, { "details": {} }]), "event_invalid"),
        (json!([fine, { "action": 1 }]), "event_invalid"),
        (json!([fine, { "action": "ui.page_viewed", "details": [] }]), "event_invalid"),
        (json!([fine, { "action": "ui.page_viewed", "details": null }]), "event_invalid"),
        (json!([fine, "ui.page_viewed"]), "event_invalid"),
        (
            json!([fine, { "action": "ui.page_viewed", "details": { "x": "क".repeat(400) } }]),
            "event_too_large",
        ),
        (json!(full), "events_out_of_range"),
        (json!([]), "events_out_of_range"),
        (json!({}), "events_invalid"),
        (Value::Null, "events_invalid"),
    ] {
        let refused = db.call(Who::Person(world.member), record, &[&world.workspace, &events]).await;
        assert_eq!(state(&refused.expect_err(expected)), ("PT422", expected), "{events}");
    }
    for (who, expected) in [
        (Who::Person(world.outsider), ("PT404", "workspace_not_found")),
        (Who::Nobody, ("PT401", "not_signed_in")),
    ] {
        let refused = db.call(who, record, &[&world.workspace, &json!([fine])]).await.expect_err("refused");
        assert_eq!(state(&refused), expected);
    }
    assert_eq!(db.one::<i64>(count, &[&world.workspace, &world.member]).await, written, "all or none");

    for _ in 0..10 {
        let batch: Vec<&Value> = full.iter().take(50).collect();
        db.call(Who::Person(world.owner), record, &[&world.workspace, &json!(batch)])
            .await
            .expect("500 in all");
    }
    let refused = db.call(Who::Person(world.owner), record, &[&world.workspace, &json!([fine])]).await;
    assert_eq!(state(&refused.expect_err("the 501st")), ("PT429", "too_many_events"));
    db.call(Who::Person(world.admin), record, &[&world.workspace, &json!([fine])])
        .await
        .expect("another person");
}

#[tokio::test]
async fn the_worker_records_what_changed_no_row() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let record = "select to_jsonb(public.record_events($1)::text)";
    let (actor, made_up) = (world.member.to_string(), Uuid::new_v4().to_string());
    let workspace = world.workspace.to_string();
    let events = json!([
        { "action": "auth.denied", "workspace_id": made_up, "actor": actor, "details": { "code": "x" } },
        { "action": "bcm.exported", "workspace_id": workspace, "actor": actor, "details": { "email": "a@x.in" } },
        { "action": "bcm.read_denied", "workspace_id": workspace },
    ]);
    db.call(Who::Service, record, &[&events]).await.expect("recorded");
    let chain = "select coalesce(jsonb_agg(jsonb_build_array(action, details) order by seq), '[]')
                 from public.audit_log where chain = $1 and action <> 'auth.profile_created'";
    let found: Value = db.one(chain, &[&workspace]).await;
    assert_eq!(found, json!([["bcm.exported", { "email": "[redacted]" }], ["bcm.read_denied", {}]]));
    let invented: Value = db.one(chain, &[&made_up]).await;
    assert_eq!(invented, json!([]), "an id that somebody made up gets no chain");
    let system: i64 = db
        .one(
            "select count(*) from public.audit_log where chain = 'system' and actor::text = $1
               and details = jsonb_build_object('code', 'x', 'workspace_id', $2::text)",
            &[&actor, &made_up],
        )
        .await;
    assert_eq!(system, 1);

    let fine = json!({ "action": "bcm.exported", "workspace_id": workspace });
    for (event, expected) in [
        (json!({ "action": "bcm.unknown" }), "action_unknown"),
        (json!({ "action": "bcm.exported", "actor": "me" }), "event_invalid"),
        (json!({ "action": "bcm.exported", "workspace_id": "mine" }), "event_invalid"),
        (json!({ "actor": actor }), "event_invalid"),
    ] {
        let refused = db.call(Who::Service, record, &[&json!([fine, event])]).await.expect_err(expected);
        assert_eq!(state(&refused), ("PT422", expected), "{event}");
    }
    assert_eq!(db.one::<Value>(chain, &[&workspace]).await, found, "all or none");
    let refused =
        db.call(Who::Person(world.owner), record, &[&json!([fine])]).await.expect_err("not for people");
    assert_eq!(refused.state, "42501");
}

/// A word that the constraint does not know would fail its deed the first time it is written.
#[tokio::test]
async fn every_action_that_a_function_writes_is_in_the_vocabulary() {
    let db = Db::shared().await;
    let written: Vec<String> = db
        .one(
            r"select array_agg(distinct m[1]) from pg_proc, regexp_matches(prosrc,
                'private\.audit\([^;]*?''([a-z]+\.[a-z_]+)''', 'g') m
              where pronamespace in ('public'::regnamespace, 'private'::regnamespace)",
            &[],
        )
        .await;
    assert!(written.len() >= 5, "{written:?}");
    let unknown: Vec<_> = written.iter().filter(|action| AuditAction::parse(action).is_none()).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
