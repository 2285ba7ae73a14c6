//! What a paid interval adds to a subscription, by the calendar and by value.

use crate::support::{Db, World};

/// Pays for each `(plan, interval, instant)` in turn and answers the row as `plan start end [+ next until end]`.
async fn pay(db: &Db, world: &World, payments: &[(&str, &str, &str)]) -> String {
    db.run("delete from public.subscriptions where workspace_id = $1", &[&world.workspace]).await;
    for (plan, interval, at) in payments {
        db.run(
            "select private.extend_subscription($1, $2, $3, $4::text::timestamptz)",
            &[&world.workspace, plan, interval, at],
        )
        .await;
    }
    subscription_row(db, world).await
}

async fn subscription_row(db: &Db, world: &World) -> String {
    db.one(
        "select concat_ws(' ', plan, private.rfc3339(current_period_start), private.rfc3339(current_period_end),
                          '+ ' || next_plan, private.rfc3339(next_period_end))
         from public.subscriptions where workspace_id = $1 and status = 'active'",
        &[&world.workspace],
    )
    .await
}

#[tokio::test]
async fn a_renewal_starts_at_the_later_of_now_and_the_periods_end() {
    let db = Db::shared().await;
    let world = World::new(&db).await;
    let first = ("glide", "month", "2027-01-31T10:00:00Z");
    assert_eq!(pay(&db, &world, &[first]).await, "glide 2027-01-31T10:00:00.000Z 2027-02-28T10:00:00.000Z");
    assert_eq!(
        pay(&db, &world, &[first, ("glide", "month", "2027-02-10T00:00:00Z")]).await,
        "glide 2027-01-31T10:00:00.000Z 2027-03-31T10:00:00.000Z",
        "early: at the end"
    );
    assert_eq!(
        pay(&db, &world, &[first, ("glide", "year", "2027-02-10T00:00:00Z")]).await,
        "glide 2027-01-31T10:00:00.000Z 2028-02-29T10:00:00.000Z"
    );
    assert_eq!(
        pay(&db, &world, &[first, ("glide", "month", "2027-03-01T00:00:00Z")]).await,
        "glide 2027-03-01T00:00:00.000Z 2027-04-01T00:00:00.000Z",
        "in the days of grace or later: now"
    );
}

#[tokio::test]
async fn a_larger_plan_starts_now_with_the_unused_value_as_days() {
    let db = Db::shared().await;
    let world = World::new(&db).await;
    // 10 of 30 days left of 7,000 a month are worth 7 days of 10,000 a month.
    assert_eq!(
        pay(
            &db,
            &world,
            &[("glide", "month", "2027-04-01T00:00:00Z"), ("soar", "month", "2027-04-21T00:00:00Z")]
        )
        .await,
        "soar 2027-04-21T00:00:00.000Z 2027-05-28T00:00:00.000Z"
    );
    // 240 days of 50,000 a year (4,166.67 a month) are worth 100 days of 10,000 a month.
    assert_eq!(
        pay(
            &db,
            &world,
            &[("ascent", "year", "2027-01-01T00:00:00Z"), ("soar", "month", "2027-05-06T00:00:00Z")]
        )
        .await,
        "soar 2027-05-06T00:00:00.000Z 2027-09-14T00:00:00.000Z"
    );
}

#[tokio::test]
async fn a_smaller_plan_follows_at_the_periods_end_and_takes_over_by_itself() {
    let db = Db::shared().await;
    let world = World::new(&db).await;
    let soar = ("soar", "month", "2027-04-01T00:00:00Z");
    let ascent = ("ascent", "month", "2027-04-10T00:00:00Z");
    let queued = "soar 2027-04-01T00:00:00.000Z 2027-05-01T00:00:00.000Z + ascent 2027-06-01T00:00:00.000Z";
    assert_eq!(pay(&db, &world, &[soar, ascent]).await, queued);
    for (at, plan, until) in [
        ("2027-04-30T23:59:59Z", "soar", "2027-06-04T00:00:00.000Z"),
        ("2027-05-01T00:00:00Z", "ascent", "2027-06-04T00:00:00.000Z"),
    ] {
        let row = db
            .client
            .query_one(
                "select s.plan, private.rfc3339(private.access_until(s::public.subscriptions)) from (
                   select (private.subscription_now(s, $2::text::timestamptz)).*
                   from public.subscriptions s where workspace_id = $1) s",
                &[&world.workspace, &at],
            )
            .await
            .unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!((row.get::<_, &str>(0), row.get::<_, &str>(1)), (plan, until), "{at}");
    }
    assert_eq!(
        pay(&db, &world, &[soar, ascent, ("soar", "month", "2027-04-11T00:00:00Z")]).await,
        "soar 2027-04-01T00:00:00.000Z 2027-06-01T00:00:00.000Z + ascent 2027-07-02T00:00:00.000Z",
        "renewing the larger one shifts the smaller one by as many days"
    );
    assert_eq!(
        pay(&db, &world, &[soar, ascent, ("ascent", "month", "2027-04-11T00:00:00Z")]).await,
        "soar 2027-04-01T00:00:00.000Z 2027-05-01T00:00:00.000Z + ascent 2027-07-01T00:00:00.000Z"
    );
    // A third plan: 31 days of 5,000 a month are worth 22 days, 3 hours and some of 7,000 a month.
    assert_eq!(
        pay(&db, &world, &[soar, ascent, ("glide", "month", "2027-04-11T00:00:00Z")]).await,
        "soar 2027-04-01T00:00:00.000Z 2027-05-01T00:00:00.000Z + glide 2027-06-23T03:25:43.000Z"
    );
    assert_eq!(
        pay(&db, &world, &[soar, ascent, ("ascent", "month", "2027-05-10T00:00:00Z")]).await,
        "ascent 2027-05-01T00:00:00.000Z 2027-07-01T00:00:00.000Z",
        "paid after the change: a renewal of the smaller one"
    );
    // Larger than what follows and what is current: everything left becomes days of it.
    let glide = ("glide", "month", "2027-04-01T00:00:00Z");
    assert_eq!(
        pay(&db, &world, &[glide, ascent, ("soar", "month", "2027-04-21T00:00:00Z")]).await,
        "soar 2027-04-21T00:00:00.000Z 2027-06-12T12:00:00.000Z",
        "a month, 7 days for 10 of glide, 15.5 for 31 of ascent"
    );
}

#[tokio::test]
async fn cancelled_legacy_and_trial_rows_are_bought_on_without_loss() {
    let db = Db::shared().await;
    let world = World::new(&db).await;
    for (columns, expected) in [
        (
            "plan, status, current_period_start, current_period_end) values
             ($1, 'glide', 'cancelled', '2027-04-01Z', '2027-05-01Z')",
            "glide 2027-04-01T00:00:00.000Z 2027-06-01T00:00:00.000Z",
        ),
        (
            "legacy_plan, status, current_period_start, current_period_end) values
             ($1, 'growth', 'active', '2027-04-01Z', '2027-05-01Z')",
            "glide 2027-04-21T00:00:00.000Z 2027-05-31T00:00:00.000Z",
        ),
        (
            "plan, status, trial_end) values ($1, 'soar', 'trial', '2027-04-25Z')",
            "glide 2027-04-21T00:00:00.000Z 2027-05-21T00:00:00.000Z",
        ),
        (
            "plan, status, current_period_start, current_period_end, grace_period_end) values
             ($1, 'soar', 'past_due', '2027-03-20Z', '2027-04-20Z', '2027-04-23Z')",
            "glide 2027-04-21T00:00:00.000Z 2027-05-21T00:00:00.000Z",
        ),
        ("status) values ($1, 'expired')", "glide 2027-04-21T00:00:00.000Z 2027-05-21T00:00:00.000Z"),
    ] {
        db.run("delete from public.subscriptions where workspace_id = $1", &[&world.workspace]).await;
        db.run(&format!("insert into public.subscriptions (workspace_id, {columns}"), &[&world.workspace])
            .await;
        db.run(
            "select private.extend_subscription($1, 'glide', 'month', '2027-04-21Z')",
            &[&world.workspace],
        )
        .await;
        assert_eq!(subscription_row(&db, &world).await, expected, "{columns}");
    }
}
