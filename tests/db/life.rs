//! A subscription while nobody pays: labels, the plan that follows, reminders; and that a late cron changes no access.

use serde_json::{Value, json};

use crate::orders::open_order;
use crate::queues::{alone, service};
use crate::support::{Db, Who, World};

/// Gives the workspace a subscription of these columns and values.
async fn subscribed(db: &Db, world: &World, columns: &str, values: &str) {
    db.run("delete from public.subscriptions where workspace_id = $1", &[&world.workspace]).await;
    db.run(
        &format!("insert into public.subscriptions (workspace_id, {columns}) values ($1, {values})"),
        &[&world.workspace],
    )
    .await;
}

/// A month of Glide from 31 January 2027, 10:00.
async fn glide(db: &Db, world: &World) {
    subscribed(
        db,
        world,
        "plan, status, billing_interval, billing_day, current_period_start, current_period_end",
        "'glide', 'active', 'month', 31, '2027-01-31 10:00Z', '2027-02-28 10:00Z'",
    )
    .await;
}

/// The cron's work on one workspace at an instant.
async fn advance(db: &Db, world: &World, at: &str) -> Value {
    db.one("select private.advance_subscription($1, $2::text::timestamptz)", &[&world.workspace, &at]).await
}

/// Status, plan, period's end, grace's end and the next look.
async fn row(db: &Db, world: &World) -> String {
    db.one(
        "select concat_ws(' ', status, coalesce(plan, legacy_plan), private.rfc3339(current_period_end),
                coalesce(private.rfc3339(grace_period_end), '-'), coalesce(private.rfc3339(due_at), '-'))
         from public.subscriptions where workspace_id = $1",
        &[&world.workspace],
    )
    .await
}

/// The reminders of the workspace's owner, in order.
async fn reminders(db: &Db, world: &World) -> Vec<String> {
    db.one(
        "select array(select (e.data ->> 'moment') || ' ' || (e.data ->> 'period_end') from public.email_outbox e
                join public.users u on u.email = e.to_email
                where e.template = 'renewal_reminder' and u.auth_user_id = $1 order by e.id)",
        &[&world.owner],
    )
    .await
}

async fn audited(db: &Db, world: &World) -> Vec<String> {
    db.one(
        "select array(select action from public.audit_log where workspace_id = $1 and action like 'subscription.%' order by seq)",
        &[&world.workspace],
    )
    .await
}

#[tokio::test]
async fn labels_follow_the_dates_to_the_millisecond() {
    let db = Db::shared().await;
    let world = World::new(&db).await;
    glide(&db, &world).await;
    assert_eq!(
        row(&db, &world).await,
        "active glide 2027-02-28T10:00:00.000Z - 2027-02-21T10:00:00.000Z",
        "the first look is a week before"
    );
    for (at, expected) in [
        ("2027-02-28T09:59:59.999Z", "active glide 2027-02-28T10:00:00.000Z - 2027-02-28T10:00:00.000Z"),
        (
            "2027-02-28T10:00:00Z",
            "past_due glide 2027-02-28T10:00:00.000Z 2027-03-03T10:00:00.000Z 2027-03-03T10:00:00.000Z",
        ),
        (
            "2027-03-03T09:59:59.999Z",
            "past_due glide 2027-02-28T10:00:00.000Z 2027-03-03T10:00:00.000Z 2027-03-03T10:00:00.000Z",
        ),
        ("2027-03-03T10:00:00Z", "expired glide 2027-02-28T10:00:00.000Z 2027-03-03T10:00:00.000Z -"),
        ("2028-01-01T00:00:00Z", "expired glide 2027-02-28T10:00:00.000Z 2027-03-03T10:00:00.000Z -"),
    ] {
        advance(&db, &world, at).await;
        assert_eq!(row(&db, &world).await, expected, "{at}");
        advance(&db, &world, at).await;
        assert_eq!(row(&db, &world).await, expected, "{at}, again");
    }
    assert_eq!(audited(&db, &world).await, ["subscription.past_due", "subscription.expired"]);
}

#[tokio::test]
async fn what_has_no_grace_expires_at_its_end_and_older_plans_keep_their_row_and_dates() {
    let db = Db::shared().await;
    let world = World::new(&db).await;
    let period = "status, current_period_start, current_period_end";
    for (columns, values, before, end) in [
        (
            "plan, status, trial_end".to_owned(),
            "'ascent', 'trial', '2027-05-08Z'",
            "2027-05-07T23:59:59Z",
            "2027-05-08T00:00:00Z",
        ),
        (
            format!("plan, {period}"),
            "'soar', 'cancelled', '2027-04-01Z', '2027-05-01Z'",
            "2027-04-30T23:59:59Z",
            "2027-05-01T00:00:00Z",
        ),
        (
            format!("legacy_plan, {period}"),
            "'growth', 'active', '2027-04-01Z', '2027-05-01Z'",
            "2027-05-03T23:59:59Z",
            "2027-05-04T00:00:00Z",
        ),
        (
            "legacy_plan, status, grace_period_end".to_owned(),
            "'growth', 'past_due', '2027-05-02Z'",
            "2027-05-01T00:00:00Z",
            "2027-05-02T00:00:00Z",
        ),
    ] {
        subscribed(&db, &world, &columns, values).await;
        let kept = "select to_jsonb(s) - array['status', 'grace_period_end', 'due_at', 'reminded_until', 'updated_at']
                    from public.subscriptions s where workspace_id = $1";
        let dates: Value = db.one(kept, &[&world.workspace]).await;
        let status = "select status from public.subscriptions where workspace_id = $1";
        advance(&db, &world, before).await;
        assert_ne!(db.one::<String>(status, &[&world.workspace]).await, "expired", "{values} at {before}");
        advance(&db, &world, end).await;
        assert_eq!(db.one::<String>(status, &[&world.workspace]).await, "expired", "{values} at {end}");
        assert_eq!(db.one::<Value>(kept, &[&world.workspace]).await, dates, "{values}");
    }
    for status in ["none", "expired"] {
        subscribed(&db, &world, "status", &format!("'{status}'")).await;
        assert_eq!(advance(&db, &world, "2099-01-01Z").await, json!({"changed": false, "reminded": false}));
    }
}

#[tokio::test]
async fn each_moment_reminds_once_and_of_several_missed_ones_only_the_newest() {
    let db = Db::shared().await;
    // On time: a week before, a day before, at the end. The period ends with a short month.
    let world = World::new(&db).await;
    glide(&db, &world).await;
    let end = "2027-02-28T10:00:00.000Z";
    for (at, count) in [
        ("2027-02-21T09:59:59.999Z", 0),
        ("2027-02-21T10:00:00Z", 1),
        ("2027-02-25T10:00:00Z", 1),
        ("2027-02-27T10:00:00Z", 2),
        ("2027-02-28T10:00:00Z", 3),
        ("2027-03-01T10:00:00Z", 3),
        ("2027-03-03T10:00:00Z", 3),
    ] {
        for _ in 0..2 {
            advance(&db, &world, at).await;
            assert_eq!(reminders(&db, &world).await.len(), count, "{at}");
        }
    }
    let all = ["week_before", "day_before", "ended"].map(|moment| format!("{moment} {end}"));
    assert_eq!(reminders(&db, &world).await, all);

    // The cron was away.
    for (at, expected) in [
        ("2027-02-27T23:00:00Z", &["day_before"][..]),
        ("2027-03-01T00:00:00Z", &["ended"]),
        ("2027-03-03T10:00:00Z", &[]),
        ("2027-09-01T00:00:00Z", &[]),
    ] {
        let world = World::new(&db).await;
        glide(&db, &world).await;
        advance(&db, &world, at).await;
        let expected: Vec<_> = expected.iter().map(|moment| format!("{moment} {end}")).collect();
        assert_eq!(reminders(&db, &world).await, expected, "{at}");
        let labels = audited(&db, &world).await;
        assert!(labels.len() <= 1, "one label for one look: {labels:?}");
    }
    // Nobody to write to is no reason to stop.
    let world = World::new(&db).await;
    glide(&db, &world).await;
    db.run("update public.users set email = null where auth_user_id = $1", &[&world.owner]).await;
    advance(&db, &world, "2027-02-28T10:00:00Z").await;
    assert_eq!(audited(&db, &world).await, ["subscription.past_due"]);
}

#[tokio::test]
async fn a_renewal_or_a_refund_ends_the_reminders_of_the_old_period() {
    let db = Db::shared().await;
    let world = World::new(&db).await;
    glide(&db, &world).await;
    advance(&db, &world, "2027-02-21T10:00:00Z").await;
    // One was sent, the next one waits.
    db.run("update public.email_outbox set state = 'sent' where template = 'renewal_reminder' and to_email = (select email from public.users where auth_user_id = $1)", &[&world.owner]).await;
    advance(&db, &world, "2027-02-27T10:00:00Z").await;
    assert_eq!(reminders(&db, &world).await.len(), 2);
    let renew = "select private.extend_subscription($1, 'glide', 'month', '2027-02-27 12:00Z')";
    db.run(renew, &[&world.workspace]).await;
    let sent = ["week_before 2027-02-28T10:00:00.000Z"];
    assert_eq!(reminders(&db, &world).await, sent, "what was still waiting would be untrue");
    for at in ["2027-02-28T10:00:00Z", "2027-03-03T10:00:00Z", "2027-03-24T09:59:59Z"] {
        advance(&db, &world, at).await;
        assert_eq!(reminders(&db, &world).await, sent, "{at}");
    }
    advance(&db, &world, "2027-03-24T10:00:00Z").await;
    assert_eq!(
        reminders(&db, &world).await,
        [sent[0], "week_before 2027-03-31T10:00:00.000Z"],
        "the new period, on the billing day, has its own"
    );

    // A refund ends it now: what waited is dropped, and nothing follows.
    let mut db = db;
    let world = World::new(&db).await;
    let order = open_order(&mut db, &world, "glide", "month").await;
    let paid =
        "select public.apply_payment_event($1, 'cron', 'COMPLETED', 700000, null, null, null, null, null)";
    service(&mut db, paid, &[&order]).await;
    let week_before = "select private.advance_subscription($1, current_period_end - interval '167 hours')
                       from public.subscriptions where workspace_id = $1";
    assert_eq!(service_as_owner(&db, week_before, &world).await["reminded"], true);
    let data: Value = db
        .one("select data from public.email_outbox where template = 'renewal_reminder' and data ->> 'order_id' = $1", &[&order])
        .await;
    assert_eq!(
        (&data["amount"], &data["plan"], &data["interval"]),
        (&json!(700_000), &json!("glide"), &json!("month"))
    );
    let refund = db
        .call(
            Who::Person(world.owner),
            "select public.request_refund($1, null, 'r', 'refund-key', null)",
            &[&order],
        )
        .await
        .expect("a refund");
    let id = refund["refund_id"].as_str().expect("an id");
    let back =
        "select public.apply_refund_event($1, 'cron', 'COMPLETED', 700000, null, '{}', null, null, null)";
    service(&mut db, back, &[&id]).await;
    assert_eq!(reminders(&db, &world).await, Vec::<String>::new());
    advance(&db, &world, "2099-01-01Z").await;
    assert_eq!(reminders(&db, &world).await, Vec::<String>::new());
}

async fn service_as_owner(db: &Db, sql: &str, world: &World) -> Value {
    db.one(sql, &[&world.workspace]).await
}

#[tokio::test]
async fn the_plan_that_was_to_follow_takes_over_at_the_periods_end() {
    let db = Db::shared().await;
    let world = World::new(&db).await;
    for (plan, at) in [("soar", "2027-04-01T00:00:00Z"), ("ascent", "2027-04-10T00:00:00Z")] {
        db.run(
            "select private.extend_subscription($1, $2, 'month', $3::text::timestamptz)",
            &[&world.workspace, &plan, &at],
        )
        .await;
    }
    // What follows is paid for: the end of the larger plan is nothing to renew.
    advance(&db, &world, "2027-04-30T23:59:59Z").await;
    assert!(row(&db, &world).await.starts_with("active soar"), "not yet");
    assert_eq!(reminders(&db, &world).await, Vec::<String>::new());
    advance(&db, &world, "2027-05-01T00:00:00Z").await;
    assert_eq!(row(&db, &world).await, "active ascent 2027-06-01T00:00:00.000Z - 2027-05-25T00:00:00.000Z");
    assert_eq!(audited(&db, &world).await, ["subscription.plan_changed"]);
    advance(&db, &world, "2027-05-25T00:00:00Z").await;
    assert_eq!(reminders(&db, &world).await, ["week_before 2027-06-01T00:00:00.000Z"]);
}

#[tokio::test]
async fn a_late_label_changes_no_access() {
    let db = Db::shared().await;
    let (prompt, late) = (World::new(&db).await, World::new(&db).await);
    let access = "select coalesce(private.rfc3339(private.access_until(private.subscription_now(s, $2::text::timestamptz))), '-')
                  from public.subscriptions s where workspace_id = $1";
    let open = |until: &str, at: &str| until > at;
    let purchases =
        [("soar", "month", "2027-01-31T10:00:00.000Z"), ("ascent", "month", "2027-02-10T00:00:00.000Z")];
    for world in [&prompt, &late] {
        for (plan, interval, at) in purchases {
            db.run(
                "select private.extend_subscription($1, $2, $3, $4::text::timestamptz)",
                &[&world.workspace, &plan, &interval, &at],
            )
            .await;
        }
    }
    for at in [
        "2027-02-28T10:00:00.000Z",
        "2027-03-28T09:59:59.999Z",
        "2027-03-31T10:00:00.000Z",
        "2027-04-03T09:59:59.999Z",
        "2027-04-03T10:00:00.000Z",
        "2027-05-01T00:00:00.000Z",
    ] {
        advance(&db, &prompt, at).await;
        let told: String = db.one(access, &[&prompt.workspace, &at]).await;
        let unlabelled: String = db.one(access, &[&late.workspace, &at]).await;
        assert_eq!(open(&told, at) && told != "-", open(&unlabelled, at), "{at}: {told}, {unlabelled}");
    }
    advance(&db, &late, "2027-05-01T00:00:00.000Z").await;
    assert_eq!(row(&db, &late).await, row(&db, &prompt).await, "the late one ends as the prompt one");
    // And who comes back buys the same.
    for world in [&prompt, &late] {
        db.run(
            "select private.extend_subscription($1, 'glide', 'month', '2027-05-02Z')",
            &[&world.workspace],
        )
        .await;
    }
    assert_eq!(row(&db, &late).await, row(&db, &prompt).await);
}

#[tokio::test]
async fn a_run_is_bounded_and_the_service_keys() {
    let (fresh, mut db) = alone().await;
    let mut worlds = Vec::new();
    for _ in 0..3 {
        let world = World::new(&db).await;
        glide(&db, &world).await;
        worlds.push(world);
    }
    db.run("update public.subscriptions set current_period_start = now() - interval '40 days', current_period_end = now() - interval '1 hour' where $1::int = 1", &[&1]).await;
    let run = "select public.advance_subscriptions($1)";
    for none in [None, Some(0), Some(-1)] {
        assert_eq!(service(&mut db, run, &[&none]).await, json!({"changed": 0, "reminded": 0}), "{none:?}");
    }
    for who in [Who::Anon, Who::Nobody, Who::Person(worlds[0].owner)] {
        assert_eq!(db.call(who, run, &[&1_i32]).await.expect_err("not theirs").state, "42501");
    }
    // Somebody is changing the plan of one workspace: the others do not wait for it.
    let mut other = Db::connect(&fresh.url()).await;
    let tx = other.client.transaction().await.expect("a transaction");
    tx.execute("select from public.workspaces where id = $1 for no key update", &[&worlds[0].workspace])
        .await
        .expect("a lock");
    db.client.batch_execute("set lock_timeout = '5s'").await.expect("a setting");
    assert_eq!(service(&mut db, run, &[&1_i32]).await, json!({"changed": 1, "reminded": 1}), "one at a time");
    assert_eq!(service(&mut db, run, &[&100_i32]).await, json!({"changed": 1, "reminded": 1}));
    assert_eq!(service(&mut db, run, &[&100_i32]).await, json!({"changed": 0, "reminded": 0}));
    tx.rollback().await.expect("the lock goes");
    assert_eq!(service(&mut db, run, &[&100_i32]).await, json!({"changed": 1, "reminded": 1}));
    drop((db, other));
    fresh.stop().await;
}

#[tokio::test]
async fn fifty_runs_at_once_leave_one_label_and_one_reminder() {
    let (fresh, mut db) = alone().await;
    let world = World::new(&db).await;
    glide(&db, &world).await;
    db.run("update public.subscriptions set current_period_start = now() - interval '40 days', current_period_end = now() - interval '1 hour' where workspace_id = $1", &[&world.workspace]).await;
    let mut callers = Vec::new();
    for _ in 0..50 {
        callers.push(Db::connect(&fresh.url()).await);
    }
    let calls = callers.into_iter().map(|mut db| {
        tokio::spawn(async move { service(&mut db, "select public.advance_subscriptions(100)", &[]).await })
    });
    let done: Vec<Value> =
        futures_util::future::join_all(calls).await.into_iter().map(|call| call.expect("no panic")).collect();
    assert_eq!(done.iter().filter(|one| one["reminded"] == 1).count(), 1);
    assert_eq!(reminders(&db, &world).await.len(), 1);
    assert_eq!(audited(&db, &world).await, ["subscription.past_due"]);
    let facts = db.call(Who::Person(world.owner), "select public.read_gate($1)", &[&world.workspace]).await;
    assert_eq!(facts.expect("facts")["plan_status"], "past_due");
    drop(db);
    fresh.stop().await;
}
