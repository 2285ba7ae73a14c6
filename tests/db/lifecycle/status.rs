//! The label follows the dates, and a late label changes no access.

use serde_json::{Value, json};

use super::{advance, audit_actions, insert_subscription, month_of_glide, reminders, subscription_row};
use crate::support::{Db, World};

#[tokio::test]
async fn labels_follow_the_dates_to_the_millisecond() {
    let db = Db::shared().await;
    let world = World::new(&db).await;
    month_of_glide(&db, &world).await;
    assert_eq!(
        subscription_row(&db, &world).await,
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
        assert_eq!(subscription_row(&db, &world).await, expected, "{at}");
        advance(&db, &world, at).await;
        assert_eq!(subscription_row(&db, &world).await, expected, "{at}, again");
    }
    assert_eq!(audit_actions(&db, &world).await, ["subscription.past_due", "subscription.expired"]);
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
        insert_subscription(&db, &world, &columns, values).await;
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
        insert_subscription(&db, &world, "status", &format!("'{status}'")).await;
        assert_eq!(advance(&db, &world, "2099-01-01Z").await, json!({"changed": false, "reminded": false}));
    }
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
    assert!(subscription_row(&db, &world).await.starts_with("active soar"), "not yet");
    assert_eq!(reminders(&db, &world).await, Vec::<String>::new());
    advance(&db, &world, "2027-05-01T00:00:00Z").await;
    assert_eq!(
        subscription_row(&db, &world).await,
        "active ascent 2027-06-01T00:00:00.000Z - 2027-05-25T00:00:00.000Z"
    );
    assert_eq!(audit_actions(&db, &world).await, ["subscription.plan_changed"]);
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
        let labelled: String = db.one(access, &[&prompt.workspace, &at]).await;
        let unlabelled: String = db.one(access, &[&late.workspace, &at]).await;
        assert_eq!(
            open(&labelled, at) && labelled != "-",
            open(&unlabelled, at),
            "{at}: {labelled}, {unlabelled}"
        );
    }
    advance(&db, &late, "2027-05-01T00:00:00.000Z").await;
    assert_eq!(
        subscription_row(&db, &late).await,
        subscription_row(&db, &prompt).await,
        "the late one ends as the prompt one"
    );
    // And who comes back buys the same.
    for world in [&prompt, &late] {
        db.run(
            "select private.extend_subscription($1, 'glide', 'month', '2027-05-02Z')",
            &[&world.workspace],
        )
        .await;
    }
    assert_eq!(subscription_row(&db, &late).await, subscription_row(&db, &prompt).await);
}
