//! What views and timeline say of an order that is late or failed, and orders that are not made.

use gatehouse_devstack::phonepe::Webhooks;
use gatehouse_devstack::{Fault, Part};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::payments::make_due;
use crate::support::{Founder, World};

async fn execute(world: &World, sql: &str) {
    let (client, connection) =
        tokio_postgres::connect(world.stack.database_url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(sql).await.expect(sql);
}

async fn timeline(founder: &Founder<'_>, order_id: &str) -> Value {
    founder.get(&format!("/payments/v2/{order_id}/timeline")).await.json
}

/// Milliseconds between two instants of a JSON answer.
fn ms_between(from: &Value, to: &Value) -> i64 {
    let at =
        |value: &Value| gatehouse_core::time::parse(value.as_str().expect("an instant")).expect("RFC 3339");
    at(to).as_millisecond() - at(from).as_millisecond()
}

#[tokio::test]
async fn no_order_is_made_while_database_and_catalogue_disagree_about_the_price() {
    let world = World::own().await;
    let founder = world.founder_without_plan().await;
    execute(&world, "update plans set monthly_paise = 100 where plan = 'glide'").await;
    let refused = founder.init("glide", "month", &Uuid::new_v4().to_string()).await;
    refused.refused(409, "price_changed");
    assert!(refused.calls.iter().all(|call| !call.starts_with("phonepe")), "{:?}", refused.calls);
    assert_eq!(world.count("select count(*) from payment_transactions").await, 0);
    assert_eq!(founder.init("glide", "year", &Uuid::new_v4().to_string()).await.status, 201);
}

#[tokio::test]
async fn an_order_past_its_time_needs_attention_and_is_asked_about_every_ten_minutes() {
    let world = World::shared().await;
    let founder = world.founder_without_plan().await;
    let order_id = founder.order().await;
    assert_eq!(timeline(&founder, &order_id).await["order"]["needs_attention"], json!(false));
    // Its page has been closed for three minutes, and PhonePe still says PENDING.
    execute(
        world,
        &format!(
            "update payment_transactions set created_at = now() - interval '1 hour',
               expires_at = now() - interval '3 minutes' where merchant_order_id = '{order_id}'"
        ),
    )
    .await;
    make_due(world, &order_id).await;
    let late = founder.get(&format!("/payments/v2/status/{order_id}")).await.json;
    assert_eq!((&late["status"], &late["needs_attention"]), (&json!("pending"), &json!(true)), "{late}");
    let shown = timeline(&founder, &order_id).await;
    assert!(shown["support"].as_str().is_some_and(|words| words.contains("attention")), "{shown}");
    // The page closed 180 s ago, and may stop watching 120 s after that.
    let wait = ms_between(&late["give_up_at"], &shown["next_check_at"]) - 60_000;
    assert!((600_000..660_000).contains(&wait), "asked again {wait} ms after now: {shown}");
}

#[tokio::test]
async fn the_timeline_of_a_failed_order_says_when_it_is_asked_about_again() {
    let world = World::shared().await;
    let founder = world.founder_without_plan().await;
    let order_id = founder.order().await;
    world.stack.phonepe().webhooks_for(&order_id, Webhooks { lose: true, ..Webhooks::default() });
    world.stack.phonepe().fail(&order_id).unwrap();
    make_due(world, &order_id).await;
    let failed = founder.get(&format!("/payments/v2/status/{order_id}")).await.json;
    assert_eq!((&failed["status"], &failed["poll_after_ms"]), (&json!("failed"), &Value::Null));
    let shown = timeline(&founder, &order_id).await;
    let events = shown["events"].as_array().expect("events");
    let wait = ms_between(&events.last().expect("the failure")["at"], &shown["next_check_at"]);
    assert!((3_500_000..3_700_000).contains(&wait), "a late success is looked for after an hour: {shown}");
}

#[tokio::test]
async fn a_key_whose_order_was_given_up_without_a_page_opens_none() {
    let world = World::own().await;
    let founder = world.founder_without_plan().await;
    let (key, pay) = (Uuid::new_v4().to_string(), Some("/checkout/v2/pay".to_owned()));
    let lost = Fault { drop: true, path: pay, ..Fault::default() };
    world.stack.faults().set(Part::Phonepe, lost).unwrap();
    assert_eq!(founder.init("glide", "month", &key).await.status, 503);
    world.stack.faults().clear_all();
    execute(
        &world,
        "update payment_transactions set created_at = now() - interval '1 hour', next_check_at = now()",
    )
    .await;
    world.worker.run_scheduled("* * * * *", 60_000).unwrap();
    assert_eq!(world.count("select count(*) from payment_transactions where status = 'failed'").await, 1);
    let again = founder.init("glide", "month", &key).await;
    again.refused(502, "payment_refused");
    assert!(!again.calls.contains(&"phonepe pay".to_owned()), "{:?}", again.calls);
    assert_eq!(founder.init("glide", "month", &Uuid::new_v4().to_string()).await.status, 201);
}
