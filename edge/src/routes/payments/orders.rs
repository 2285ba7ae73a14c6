//! `GET /payments/v2/orders` and `GET /payments/v2/{order_id}/timeline`

use gatehouse_core::api::{Orders, RefundView, Timeline};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::payment::timeline::{StoredEvent, support_hint, timeline_event};
use gatehouse_core::time;
use serde::Deserialize;
use serde_json::json;

use super::is_ours;
use crate::clients::postgrest;
use crate::entry::{Call, Person, UnverifiedMember};
use crate::http::Reply;
use crate::payments::orders::Order;
use crate::platform;
use crate::scope::Scope;

/// The workspace's orders, newest first.
///
/// 1. The limit: 400.
/// 2. The orders, read with the person's own token: 404, 503.
/// 3. 200.
pub async fn orders(scope: &Scope, call: Call<'_, UnverifiedMember>) -> Result<Reply, Error> {
    // 1.
    let limit = call.query_number("limit", 100)?;
    // 2.
    let (orders, _): (Vec<Order>, _) =
        postgrest::first_rpc(scope, &call.caller, "rpc/list_orders", json!({"p_limit": limit})).await?;
    // 3.
    let now = platform::now();
    Ok(Reply::json(200, &Orders { orders: orders.into_iter().map(|order| order.view(now)).collect() }))
}

/// `read_timeline()` of the database.
#[derive(Deserialize)]
struct TimelineRows {
    order: Order,
    events: Vec<StoredEvent>,
    refunds: Vec<RefundView>,
}

/// What happened to an order's money, in words.
///
/// 1. An order id that cannot be ours: 404.
/// 2. Everything about it, read with the person's own token: 404 for anybody else's, 503.
/// 3. 200.
pub async fn timeline(scope: &Scope, call: Call<'_, Person>) -> Result<Reply, Error> {
    // 1.
    let order_id = call.param("order_id");
    if !is_ours(order_id) {
        return Err(ErrorCode::OrderNotFound.into());
    }
    // 2.
    let TimelineRows { order, events, refunds } =
        postgrest::rpc(scope, &call.caller, "rpc/read_timeline", &json!({"p_order_id": order_id})).await?;
    // 3.
    let states: Vec<_> = refunds.iter().map(|refund| refund.status).collect();
    let refund_checks = refunds.iter().filter_map(|refund| time::parse(refund.next_check_at.as_deref()?));
    let next = refund_checks.chain(order.asked_next()).min();
    let now = platform::now();
    let support = support_hint(order.status, &states, order.is_overdue(now)).to_owned();
    let order = order.view(now);
    let events = events.iter().map(|event| timeline_event(event, order.amount)).collect();
    let next_check_at = next.map(time::format);
    Ok(Reply::json(200, &Timeline { order, events, refunds, next_check_at, support }))
}
