//! A subscription while nobody pays: labels, the plan that follows, reminders; and that a late cron changes no access.

mod reminders;
mod runs;
mod status;

use serde_json::Value;

use crate::support::{Db, World};

/// Gives the workspace a subscription of these columns and values.
async fn insert_subscription(db: &Db, world: &World, columns: &str, values: &str) {
    db.run("delete from public.subscriptions where workspace_id = $1", &[&world.workspace]).await;
    db.run(
        &format!("insert into public.subscriptions (workspace_id, {columns}) values ($1, {values})"),
        &[&world.workspace],
    )
    .await;
}

/// A month of Glide from 31 January 2027, 10:00.
async fn month_of_glide(db: &Db, world: &World) {
    insert_subscription(
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
async fn subscription_row(db: &Db, world: &World) -> String {
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

/// The subscription's actions in the audit log, in order.
async fn audit_actions(db: &Db, world: &World) -> Vec<String> {
    db.one(
        "select array(select action from public.audit_log where workspace_id = $1 and action like 'subscription.%' order by seq)",
        &[&world.workspace],
    )
    .await
}
