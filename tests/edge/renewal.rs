//! A plan that nobody renews, over the true wire: reminders, label and the end, each sent once.

use crate::support::{Founder, World, until};

/// Moves the subscription's period so that it ends so many hours from now; negative: so long ago.
async fn set_period_end(world: &World, founder: &Founder<'_>, hours: i32) {
    let (client, connection) =
        tokio_postgres::connect(world.stack.database_url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql = "update subscriptions set current_period_end = now() + make_interval(hours => $2),
                 current_period_start = now() + make_interval(hours => $2) - interval '30 days'
               where workspace_id::text = $1";
    assert_eq!(client.execute(sql, &[&founder.workspace_id, &hours]).await.unwrap(), 1);
}

fn reminders(world: &World, founder: &Founder<'_>) -> Vec<String> {
    let sent = world.stack.resend().emails();
    sent.iter()
        .filter(|mail| mail.to.contains(&founder.email) && !mail.subject.starts_with("Payment"))
        .map(|mail| mail.subject.clone())
        .collect()
}

#[tokio::test]
async fn the_cron_labels_a_plan_that_ends_and_reminds_its_owner_once() {
    let world = World::own().await;
    let founder = world.founder_without_plan().await;
    let order_id = founder.order().await;
    world.stack.phonepe().pay(&order_id).unwrap();
    until("the plan is active", || async {
        founder.get("/auth/verify-profile").await.json["plan_status"] == "active"
    })
    .await;
    let cron = || world.worker.run_scheduled("* * * * *", 60_000).unwrap();
    let status = || async { founder.get("/auth/verify-profile").await.json["plan_status"].clone() };

    cron();
    assert_eq!(reminders(&world, &founder), Vec::<String>::new(), "a month to go");
    // Each end is another period's end: whatever was written about the one before is not written again.
    for (hours, begins, label) in [
        (100, "Your Glide plan ends on ", "active"),
        (20, "Last day: your Glide plan ends on ", "active"),
        (-1, "Your Glide plan has ended", "past_due"),
    ] {
        let before = reminders(&world, &founder).len();
        set_period_end(&world, &founder, hours).await;
        cron();
        let shown = reminders(&world, &founder);
        assert_eq!(shown.len(), before + 1, "{hours}: {shown:?}");
        assert!(shown[before].starts_with(begins), "{shown:?}");
        assert_eq!(status().await, label);
        cron();
        assert_eq!(reminders(&world, &founder).len(), before + 1, "once: {hours}");
    }
    let open = founder.get("/auth/verify-profile").await;
    assert_eq!(open.json["needs_payment"], false, "three days of grace: {open:?}");

    let grace_over = format!(
        "with moved as (update subscriptions set grace_period_end = now() - interval '1 second'
           where workspace_id = '{}' returning 1) select count(*) from moved",
        founder.workspace_id
    );
    assert_eq!(world.count(&grace_over).await, 1);
    // The dates close the door; the label follows.
    let closed = founder.get("/auth/verify-profile").await;
    assert_eq!(
        (&closed.json["needs_payment"], &closed.json["plan_status"]),
        (&true.into(), &"past_due".into())
    );
    cron();
    assert_eq!(status().await, "expired");
    assert_eq!(reminders(&world, &founder).len(), 3, "the end of grace is shown on the page");
}
