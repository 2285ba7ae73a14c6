//! Many connections at once, all about one order.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::orders::open_order;
use crate::support::{Db, Who, World};

const CONNECTIONS: usize = 50;

#[tokio::test]
async fn fifty_connections_that_report_one_payment_make_one_of_everything() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let order = open_order(&mut db, &world, "soar", "year").await;
    // Everybody is connected before the first one calls.
    let mut callers = Vec::new();
    for _ in 0..CONNECTIONS {
        callers.push(Db::shared().await);
    }
    let calls = callers.into_iter().enumerate().map(|(index, mut db)| {
        let order = order.clone();
        let source = ["webhook", "poll", "cron", "person"][index % 4];
        tokio::spawn(async move {
            let params: crate::support::Params<'_> = &[&order, &source];
            db.call(
                Who::Service,
                "select public.apply_payment_event($1, $2, 'COMPLETED', 10000000, null, '{}', null, null, 'race')",
                params,
            )
            .await
        })
    });
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for call in futures_util::future::join_all(calls).await {
        let found: Value = call.expect("no panic").expect("an outcome");
        *outcomes.entry(found["outcome"].to_string()).or_default() += 1;
        assert_eq!(found["order"]["status"], "completed", "everybody hears how it ended");
    }
    let expected = [("\"applied\"".to_owned(), 1), ("\"unchanged\"".to_owned(), CONNECTIONS - 1)];
    assert_eq!(outcomes, BTreeMap::from(expected));

    let left: Value = db
        .one(
            "select jsonb_build_object(
               'transitions', (select count(*) from public.payment_events e
                 join public.payment_transactions t on t.id = e.transaction_id
                 where t.merchant_order_id = $1 and e.outcome = 'applied'),
               'periods', (select count(*) from public.subscriptions s where s.workspace_id = $2 and s.plan = 'soar'
                 and s.current_period_end = private.add_interval(s.current_period_start, 'year')
                 and s.next_plan is null),
               'emails', (select count(*) from public.email_outbox where idempotency_key like '%' || $1),
               'audit', (select count(*) from public.audit_log
                 where workspace_id = $2 and action = 'payment.completed'),
               'incidents', (select count(*) from public.payment_incidents where order_id = $1))",
            &[&order, &world.workspace],
        )
        .await;
    assert_eq!(left, json!({ "transitions": 1, "periods": 1, "emails": 1, "audit": 1, "incidents": 0 }));
    println!("counted: {CONNECTIONS} connections raced for one payment");
}
