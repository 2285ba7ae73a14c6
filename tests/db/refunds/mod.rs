//! Money that goes back: who may ask, how much, and what it does to an order and its subscription.

mod access;
mod outcomes;
mod requests;

use serde_json::Value;
use uuid::Uuid;

use crate::orders::open_order;
use crate::support::{Db, Refused, Who, World};

async fn capture(db: &mut Db, order: &str, amount: i64) {
    let sql = "select public.apply_payment_event($1, 'cron', 'COMPLETED', $2, null, null, null, null, null)";
    let found = db.call(Who::Service, sql, &[&order, &amount]).await.expect("an outcome");
    assert_eq!(found["outcome"], "applied");
}

/// An order of the owner's that is paid.
async fn paid_order(db: &mut Db, world: &World, plan: &str, interval: &str, amount: i64) -> String {
    let id = open_order(db, world, plan, interval).await;
    capture(db, &id, amount).await;
    id
}

async fn request_refund(
    db: &mut Db,
    who: Who,
    order: &str,
    amount: Option<i64>,
    key: &str,
) -> Result<Value, Refused> {
    let sql = "select public.request_refund($1, $2, 'not what I needed', $3, 'req-r')";
    db.call(who, sql, &[&order, &amount, &key]).await
}

async fn request_as_support(
    db: &mut Db,
    order: &str,
    amount: Option<i64>,
    key: &str,
) -> Result<Value, Refused> {
    let sql = "select public.request_refund_as_support($1, $2, $3, 'goodwill', $4, 'req-r')";
    let actor = Uuid::from_u128(7);
    db.call(Who::Service, sql, &[&order, &amount, &actor, &key]).await
}

async fn apply_refund(db: &mut Db, refund: &Value, state: &str, amount: i64) -> Value {
    let sql = "select public.apply_refund_event($1, 'webhook', $2, $3, 'OMR' || $1, '{}', now() + interval '3 seconds', null, 'req-r')";
    db.call(Who::Service, sql, &[&refund_id(refund), &state, &amount]).await.expect("an outcome")
}

fn refund_id(refund: &Value) -> String {
    refund["refund_id"].as_str().expect("an id").to_owned()
}

fn new_key() -> String {
    Uuid::new_v4().to_string()
}

async fn read_order(db: &mut Db, world: &World, order: &str) -> Value {
    db.call(Who::Person(world.owner), "select public.read_order($1)", &[&order]).await.expect("the order")
}

/// How many rows of the audit log name the order and have this action.
async fn audit_rows(db: &Db, order: &str, action: &str) -> i64 {
    let sql = "select count(*) from public.audit_log where details ->> 'order_id' = $1 and action = $2";
    db.one(sql, &[&order, &action]).await
}
