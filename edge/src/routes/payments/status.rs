//! `GET /payments/v2/status/{order_id}`

use gatehouse_core::error::{Error, ErrorCode};
use serde_json::{Value, json};

use super::is_ours;
use crate::clients::postgrest;
use crate::clients::redis_keys as keys;
use crate::clients::upstash::{self, Script, script};
use crate::entry::{Call, Person};
use crate::http::Reply;
use crate::payments::orders::{self, Order, Question};
use crate::platform;
use crate::scope::Scope;

static LOOK: Script = script!("look_at_order");
static KEEP: Script = script!("keep_order");

/// Where an order's money is, and when to ask again.
///
/// 1. An order id that cannot be ours: 404.
/// 2. The view cached for this person, if there is one: 200.
/// 3. The order, read with the person's own token: 404 for anybody else's, 503.
/// 4. A pending order whose next check is due is asked about at PhonePe, by one request at a time; what it says is
///    applied. While PhonePe is unavailable the page keeps the last state.
/// 5. Cache the view until it may change: 200.
pub async fn status(scope: &Scope, call: Call<'_, Person>) -> Result<Reply, Error> {
    // 1.
    let (person, order_id) = (&call.caller, call.param("order_id"));
    if !is_ours(order_id) {
        return Err(ErrorCode::OrderNotFound.into());
    }
    // 2.
    let keys = [keys::order_view(order_id, &person.session.user_id), keys::order_lease(order_id)];
    let lease = keys::ORDER_LEASE_MS.to_string();
    let cached = upstash::eval(scope, &LOOK, &keys, &[&lease]).await;
    let cached = cached.unwrap_or_else(|_| json!([false, 1]));
    if let Some(view) = cached.get(0).and_then(Value::as_str) {
        return Ok(Reply::json_text(200, view));
    }
    // 3.
    let order = read(scope, person, order_id).await?;
    // 4.
    let now = platform::now();
    let is_due = order.next_check().is_some_and(|next| next <= now);
    let has_lease = cached.get(1).and_then(Value::as_i64) == Some(1);
    let order = if is_due && has_lease { ask_phonepe(scope, order).await } else { order };
    // 5.
    let view = order.view(platform::now());
    let ttl = view.poll_after_ms.unwrap_or_else(|| keys::ORDER_TTL_MS.into()).to_string();
    let reply = Reply::json(200, &view);
    let body = String::from_utf8_lossy(&reply.body).into_owned();
    let [key, _] = keys;
    // A view that cannot be cached costs the next look a call; the answer is right all the same.
    let _ = upstash::eval(scope, &KEEP, &[key], &[&body, &ttl]).await;
    Ok(reply)
}

async fn read(scope: &Scope, person: &Person, order_id: &str) -> Result<Order, Error> {
    let arguments = json!({"p_order_id": order_id});
    Ok(postgrest::rpc(scope, person, "rpc/read_order", &arguments).await?)
}

async fn ask_phonepe(scope: &Scope, order: Order) -> Order {
    match orders::ask_and_apply(scope, &Question::about(&order, "poll", platform::now())).await {
        Ok(applied) => applied.order.unwrap_or(order),
        Err(_) => order,
    }
}
