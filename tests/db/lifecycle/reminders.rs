//! The reminders before a period ends: each once, and none that is untrue by now.

use serde_json::{Value, json};

use super::{advance, audit_actions, month_of_glide, reminders};
use crate::orders::open_order;
use crate::queues::service;
use crate::support::{Db, Who, World};

#[tokio::test]
async fn each_moment_reminds_once_and_of_several_missed_ones_only_the_newest() {
    let db = Db::shared().await;
    // On time: a week before, a day before, at the end. The period ends with a short month.
    let world = World::new(&db).await;
    month_of_glide(&db, &world).await;
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
        month_of_glide(&db, &world).await;
        advance(&db, &world, at).await;
        let expected: Vec<_> = expected.iter().map(|moment| format!("{moment} {end}")).collect();
        assert_eq!(reminders(&db, &world).await, expected, "{at}");
        let labels = audit_actions(&db, &world).await;
        assert!(labels.len() <= 1, "one label for one look: {labels:?}");
    }
    // Nobody to write to is no reason to stop.
    let world = World::new(&db).await;
    month_of_glide(&db, &world).await;
    db.run("update public.users set email = null where auth_user_id = $1", &[&world.owner]).await;
    advance(&db, &world, "2027-02-28T10:00:00Z").await;
    assert_eq!(audit_actions(&db, &world).await, ["subscription.past_due"]);
}

#[tokio::test]
async fn a_renewal_or_a_refund_ends_the_reminders_of_the_old_period() {
    let db = Db::shared().await;
    let world = World::new(&db).await;
    month_of_glide(&db, &world).await;
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
    assert_eq!(db.one::<Value>(week_before, &[&world.workspace]).await["reminded"], true);
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
