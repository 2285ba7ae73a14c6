//! The access rule, date by date.

use serde_json::json;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use crate::support::{Db, Who, World};

/// Access end of a subscription of the given columns; the session's time zone has summer time.
async fn access_until(db: &Db, columns: &str) -> Option<String> {
    db.client.batch_execute("set time zone 'America/New_York'").await.expect("a time zone");
    db.one(
        &format!(
            "select private.rfc3339(private.access_until(s)) from
             (select (jsonb_populate_record(null::public.subscriptions, '{columns}')).*) as x,
             lateral (select x::public.subscriptions as s) as y"
        ),
        &[],
    )
    .await
}

#[tokio::test]
async fn access_ends_where_the_rule_says() {
    let db = Db::shared().await;
    let dates = r#""current_period_end":"2027-02-28T23:30:00+05:30","trial_end":"2027-01-08T00:00:00Z","grace_period_end":"2027-04-01T10:00:00Z""#;
    for (status, expected) in [
        ("none", None),
        ("expired", None),
        ("trial", Some("2027-01-08T00:00:00.000Z")),
        ("active", Some("2027-03-03T18:00:00.000Z")),
        ("past_due", Some("2027-04-01T10:00:00.000Z")),
        ("cancelled", Some("2027-02-28T18:00:00.000Z")),
    ] {
        let columns = format!(r#"{{"plan":"glide","status":"{status}",{dates}}}"#);
        assert_eq!(access_until(&db, &columns).await.as_deref(), expected, "{status}");
    }
    // Month ends, a leap day, a year's end, and both changes of New York's clocks: always 72 hours.
    for (end, expected) in [
        ("2028-02-27T00:00:00Z", "2028-03-01T00:00:00.000Z"),
        ("2028-02-29T12:00:00Z", "2028-03-03T12:00:00.000Z"),
        ("2027-02-26T00:00:00Z", "2027-03-01T00:00:00.000Z"),
        ("2027-04-30T23:59:59.999Z", "2027-05-03T23:59:59.999Z"),
        ("2027-12-31T18:30:00Z", "2028-01-03T18:30:00.000Z"),
        ("2027-03-13T12:00:00Z", "2027-03-16T12:00:00.000Z"),
        ("2027-11-06T12:00:00Z", "2027-11-09T12:00:00.000Z"),
    ] {
        let columns = format!(r#"{{"plan":"soar","status":"active","current_period_end":"{end}"}}"#);
        assert_eq!(access_until(&db, &columns).await.as_deref(), Some(expected), "{end}");
    }
}

#[tokio::test]
async fn no_subscription_means_no_access() {
    let db = Db::shared().await;
    let found: Option<String> =
        db.one("select private.access_until(null::public.subscriptions)::text", &[]).await;
    assert_eq!(found, None);
}

#[tokio::test]
async fn a_status_needs_the_date_that_ends_it() {
    let db = Db::shared().await;
    let world = World::new(&db).await;
    for columns in [
        "plan, status) values ($1, 'glide', 'active')",
        "plan, status) values ($1, 'glide', 'trial')",
        "plan, status) values ($1, 'glide', 'past_due')",
        "plan, status) values ($1, 'glide', 'cancelled')",
        "status, trial_end) values ($1, 'trial', now())",
        "status, current_period_end) values ($1, 'none', now())",
        "status, current_period_start, current_period_end) values ($1, 'none', now(), now())",
        "plan, status) values ($1, 'enterprise', 'none')",
        "status) values ($1, 'canceled')",
    ] {
        let sql = format!("insert into public.subscriptions (workspace_id, {columns}");
        let refused = db.client.execute(&sql, &[&world.workspace]).await.expect_err(&sql);
        assert_eq!(refused.code(), Some(&SqlState::CHECK_VIOLATION), "{sql}");
    }
    let insert = "insert into public.subscriptions (workspace_id, status) values ($1, 'none')";
    db.run(insert, &[&world.workspace]).await;
    let twice = db.client.execute(insert, &[&world.workspace]).await.expect_err("one per workspace");
    assert_eq!(twice.code(), Some(&SqlState::UNIQUE_VIOLATION));
}

#[tokio::test]
async fn a_trial_is_started_once_and_only_before_any_plan() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let start = "select public.start_trial($1, $2)";
    for (workspace, plan, expected) in [
        (Uuid::new_v4(), Some("ascent"), ("PT404", "workspace_not_found")),
        (world.workspace, Some("trial"), ("PT422", "plan_unknown")),
        (world.workspace, None, ("PT422", "plan_unknown")),
    ] {
        let refused = db.call(Who::Service, start, &[&workspace, &plan]).await.expect_err("refused");
        assert_eq!((refused.state.as_str(), refused.code.as_str()), expected);
    }
    let started = db.call(Who::Service, start, &[&world.workspace, &"glide"]).await.expect("a trial");
    assert_eq!((&started["plan"], &started["status"]), (&json!("glide"), &json!("trial")));
    let exact: bool = db
        .one(
            "select s.trial_end between a.created_at + interval '167 hours' and a.created_at + interval '168 hours'
             from public.subscriptions s join public.audit_log a using (workspace_id)
             where workspace_id = $1 and a.action = 'subscription.trial_started'",
            &[&world.workspace],
        )
        .await;
    assert!(exact, "seven days, audited");
    let workspace = world.workspace;
    for before in [
        "select 1 where $1::uuid is not null",
        "update public.subscriptions set status = 'expired', plan = null where workspace_id = $1",
        "update public.subscriptions set trial_end = null, legacy_plan = 'starter' where workspace_id = $1",
        "update public.subscriptions set legacy_plan = null, plan = 'soar' where workspace_id = $1",
    ] {
        db.run(before, &[&workspace]).await;
        let refused = db.call(Who::Service, start, &[&workspace, &"ascent"]).await.expect_err(before);
        assert_eq!(
            (refused.state.as_str(), refused.code.as_str()),
            ("PT409", "trial_not_possible"),
            "{before}"
        );
    }
    db.run(
        "update public.subscriptions set plan = null, status = 'none' where workspace_id = $1",
        &[&workspace],
    )
    .await;
    db.call(Who::Service, start, &[&workspace, &"ascent"]).await.expect("an empty row is no plan");
    for who in [Who::Person(world.owner), Who::Anon] {
        let refused = db.call(who, start, &[&workspace, &"soar"]).await.expect_err("not theirs to give");
        assert_eq!(refused.state, "42501");
    }
}
