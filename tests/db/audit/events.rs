//! What pages and the Worker may record, and the words that functions write.

use gatehouse_core::vocabulary::AuditAction;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Db, Who, World, refusal, refused_with};

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
        let found = db.call(Who::Person(world.member), record, &[&world.workspace, &events]).await;
        assert_eq!(refusal(found), refused_with("PT422", expected), "{events}");
    }
    for (who, expected) in [
        (Who::Person(world.outsider), refused_with("PT404", "workspace_not_found")),
        (Who::Nobody, refused_with("PT401", "not_signed_in")),
    ] {
        let found = db.call(who, record, &[&world.workspace, &json!([fine])]).await;
        assert_eq!(refusal(found), expected);
    }
    assert_eq!(db.one::<i64>(count, &[&world.workspace, &world.member]).await, written, "all or none");

    for _ in 0..10 {
        let batch: Vec<&Value> = full.iter().take(50).collect();
        db.call(Who::Person(world.owner), record, &[&world.workspace, &json!(batch)])
            .await
            .expect("500 in all");
    }
    let found = db.call(Who::Person(world.owner), record, &[&world.workspace, &json!([fine])]).await;
    assert_eq!(refusal(found), refused_with("PT429", "too_many_events"), "the 501st");
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
        let found = db.call(Who::Service, record, &[&json!([fine, event])]).await;
        assert_eq!(refusal(found), refused_with("PT422", expected), "{event}");
    }
    assert_eq!(db.one::<Value>(chain, &[&workspace]).await, found, "all or none");
    let refused =
        db.call(Who::Person(world.owner), record, &[&json!([fine])]).await.expect_err("not for people");
    assert_eq!(refused.state, "42501");
}

/// A word that the constraint does not know would fail the transaction that first writes it.
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
