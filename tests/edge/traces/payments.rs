//! Plans, orders, refunds, and PhonePe's webhook.

use gatehouse_core::route::RouteId;
use gatehouse_devstack::phonepe::Webhooks;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::{Trace, cold, warm};
use crate::payments::make_due;
use crate::refunds::founder_with_paid_order;
use crate::support::{Founder, World, until};
use crate::webhooks::webhook_request;

pub const TRACES: &[Trace] = &[
    warm(RouteId::Plans, &[], &[], |world| {
        Box::pin(async { world.request(Method::GET, "/payments/v2/plans") })
    }),
    // The last call keeps the answer for a repeat.
    warm(
        RouteId::PaymentInit,
        &[
            "upstash EVALSHA begin_idempotent",
            "postgrest rpc/create_order",
            "phonepe pay",
            "postgrest rpc/save_checkout",
        ],
        &["upstash EVALSHA"],
        |world| {
            Box::pin(async {
                let body = json!({"plan": "soar", "interval": "year"}).to_string();
                let init = world.founder().await.request(Method::POST, "/payments/v2/init");
                init.header("idempotency-key", &Uuid::new_v4().to_string()).body(body)
            })
        },
    ),
    warm(RouteId::PaymentStatus, &["upstash EVALSHA look_at_order"], &[], |world| {
        Box::pin(async {
            let (founder, order_id) = with_open_order(world).await;
            let status = format!("/payments/v2/status/{order_id}");
            assert_eq!(founder.get(&status).await.status, 200);
            founder.request(Method::GET, &status)
        })
    }),
    // The order is due: PhonePe is asked.
    cold(
        RouteId::PaymentStatus,
        &[
            "upstash EVALSHA look_at_order",
            "postgrest rpc/read_order",
            "phonepe order status",
            "postgrest rpc/apply_payment_event",
            "upstash EVALSHA keep_order",
        ],
        &[],
        |world| {
            Box::pin(async {
                let (founder, order_id) = with_open_order(world).await;
                make_due(world, &order_id).await;
                founder.request(Method::GET, &format!("/payments/v2/status/{order_id}"))
            })
        },
    ),
    warm(RouteId::Orders, &["postgrest rpc/list_orders"], &[], |world| {
        Box::pin(async { world.founder().await.request(Method::GET, "/payments/v2/orders") })
    }),
    warm(RouteId::PaymentTimeline, &["postgrest rpc/read_timeline"], &[], |world| {
        Box::pin(async {
            let (founder, order_id) = with_open_order(world).await;
            founder.request(Method::GET, &format!("/payments/v2/{order_id}/timeline"))
        })
    }),
    warm(
        RouteId::Refund,
        &[
            "upstash EVALSHA begin_idempotent",
            "postgrest rpc/request_refund",
            "phonepe refund",
            "postgrest rpc/apply_refund_event",
        ],
        &["upstash EVALSHA"],
        |world| {
            Box::pin(async {
                let (founder, order_id) = founder_with_paid_order(world).await;
                let body = json!({"order_id": order_id, "reason": "r"}).to_string();
                let refund = founder.request(Method::POST, "/payments/v2/refund");
                refund.header("idempotency-key", &Uuid::new_v4().to_string()).body(body)
            })
        },
    ),
    warm(
        RouteId::PhonePeWebhook,
        &["postgrest rpc/receive_webhook"],
        &["phonepe order status", "postgrest rpc/apply_payment_event", "postgrest rpc/claim_due_work"],
        |world| {
            Box::pin(async {
                let (_, order_id) = with_open_order(world).await;
                send_every_email(world).await;
                let payload = json!({"merchantOrderId": order_id});
                webhook_request(world, &json!({"event": "checkout.order.completed", "payload": payload}))
            })
        },
    ),
];

/// A founder with an open order, about which PhonePe sends no webhook of its own.
async fn with_open_order(world: &World) -> (Founder<'_>, String) {
    let founder = world.founder().await;
    let order_id = founder.order().await;
    let silent = Webhooks { lose: true, ..Webhooks::default() };
    world.stack.phonepe().webhooks_for(&order_id, silent);
    (founder, order_id)
}

/// What the webhook's own work would send otherwise.
async fn send_every_email(world: &World) {
    until("no e-mail waits", || async {
        world.worker.run_scheduled("* * * * *", 0).expect("the cron runs");
        world.count("select count(*) from email_outbox where state not in ('sent', 'failed')").await == 0
    })
    .await;
}
