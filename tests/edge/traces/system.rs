//! What operators ask of the Worker.

use gatehouse_core::route::RouteId;
use gatehouse_devstack::phonepe::Webhooks;
use reqwest::Method;
use serde_json::json;

use super::{Trace, warm};
use crate::operations::{METRICS_TOKEN, OPERATOR_TOKEN};
use crate::support::until;
use crate::webhooks::send_webhook;

pub const TRACES: &[Trace] = &[
    warm(RouteId::Health, &[], &[], |world| Box::pin(async { world.request(Method::GET, "/health") })),
    warm(
        RouteId::Ready,
        &["postgrest rpc/ping", "upstash EVALSHA ping", "auth jwks", "phonepe order status"],
        &[],
        |world| Box::pin(async { world.request(Method::GET, "/ready") }),
    ),
    warm(RouteId::OpenApi, &[], &[], |world| Box::pin(async { world.request(Method::GET, "/openapi.json") })),
    warm(RouteId::Metrics, &["upstash EVALSHA read_metrics", "postgrest rpc/read_gauges"], &[], |world| {
        Box::pin(async { world.request(Method::GET, "/metrics").header("authorization", METRICS_TOKEN) })
    }),
    warm(
        RouteId::Replay,
        &["postgrest rpc/find_webhook", "phonepe order status", "postgrest rpc/replay_webhook"],
        &[],
        |world| {
            Box::pin(async {
                let order_id = world.founder().await.order().await;
                let silent = Webhooks { lose: true, ..Webhooks::default() };
                world.stack.phonepe().webhooks_for(&order_id, silent);
                let webhook =
                    json!({"event": "checkout.order.completed", "payload": {"merchantOrderId": order_id}});
                assert_eq!(send_webhook(world, &webhook).await.status, 200);
                let settled = format!(
                    "select count(*) from webhook_inbox where order_id = '{order_id}' and state = 'ignored'"
                );
                until("the webhook is settled", || async { world.count(&settled).await == 1 }).await;
                let body = json!({"about": order_id, "apply": false}).to_string();
                world
                    .request(Method::POST, "/operations/replay")
                    .header("authorization", OPERATOR_TOKEN)
                    .body(body)
            })
        },
    ),
];
