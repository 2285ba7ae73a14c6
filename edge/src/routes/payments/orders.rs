//! `GET /payments/v2/orders` and `GET /payments/v2/{order_id}/timeline`

use gatehouse_core::api::{Orders, RefundView, Timeline};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::payment::timeline::{StoredEvent, support_hint, timeline_event};
use gatehouse_core::time;
use serde::Deserialize;
use serde_json::json;

use super::is_ours;
use crate::app::Scope;
use crate::clients::postgrest::{self, Failure};
use crate::http::{Reply, Request};
use crate::payments::Order;
use crate::routes::{whole, workspace};
use crate::{platform, session};

/// The workspace's orders, the newest first.
///
/// 1. The session: 401; the workspace header: 400; the limit: 400.
/// 2. The orders, read with the person's own token: 404, 503.
/// 3. 200.
pub async fn orders(scope: &Scope, request: &Request<'_>) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    let limit = whole(request, "limit", 100)?;
    // 2.
    let arguments = json!({"p_workspace_id": workspace_id, "p_limit": limit});
    let orders: Vec<Order> =
        postgrest::rpc(scope, &person, "rpc/list_orders", &arguments).await.map_err(Failure::into_error)?;
    // 3.
    let now = platform::now();
    Ok(Reply::json(200, &Orders { orders: orders.into_iter().map(|order| order.view(now)).collect() }))
}

/// `read_timeline()` of the database.
#[derive(Deserialize)]
struct Story {
    order: Order,
    events: Vec<StoredEvent>,
    refunds: Vec<RefundView>,
}

/// What happened to an order's money, in words.
///
/// 1. The session: 401; an order id of ours: 404.
/// 2. Everything about it, read with the person's own token: 404 for anybody else's, 503.
/// 3. 200.
pub async fn timeline(scope: &Scope, request: &Request<'_>, order_id: &str) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    if !is_ours(order_id) {
        return Err(ErrorCode::OrderNotFound.into());
    }
    // 2.
    let Story { order, events, refunds } =
        postgrest::rpc(scope, &person, "rpc/read_timeline", &json!({"p_order_id": order_id}))
            .await
            .map_err(Failure::into_error)?;
    // 3.
    let states: Vec<_> = refunds.iter().map(|refund| refund.status).collect();
    let asked_next = refunds.iter().filter_map(|refund| time::parse(refund.next_check_at.as_deref()?));
    let next = asked_next.chain(order.asked_next()).min();
    let now = platform::now();
    let support = support_hint(order.status, &states, order.is_overdue(now)).to_owned();
    let order = order.view(now);
    let events = events.iter().map(|event| timeline_event(event, order.amount)).collect();
    let next_check_at = next.map(time::format);
    Ok(Reply::json(200, &Timeline { order, events, refunds, next_check_at, support }))
}
