//! What the gateway says, applied: the state machine, the money, exactly once.

mod outcomes;
mod states;

use serde_json::{Value, json};

use crate::support::{Db, Params, Who};

const APPLY: &str =
    "select public.apply_payment_event($1, $2, $3, $4, $5, $6, now() + interval '3 seconds', $7, 'req-p')";

async fn apply_event(db: &mut Db, order: &str, source: &str, state: &str, amount: Option<i64>) -> Value {
    let params: Params<'_> =
        &[&order, &source, &state, &amount, &None::<&str>, &json!({ "code": "X" }), &None::<i64>];
    db.call(Who::Service, APPLY, params).await.expect("an outcome")
}

/// Rows that an order has left: events, e-mails, audit rows, open incidents.
async fn rows_of_order(db: &Db, order: &str) -> (i64, i64, i64, i64) {
    let row = db
        .client
        .query_one(
            "select (select count(*) from public.payment_events e join public.payment_transactions t
                     on t.id = e.transaction_id where t.merchant_order_id = $1 and e.outcome <> 'created'),
                    (select count(*) from public.email_outbox where idempotency_key like '%/' || $1),
                    (select count(*) from public.audit_log
                     where details ->> 'order_id' = $1 and action <> 'payment.order_created'),
                    (select count(*) from public.payment_incidents where order_id = $1)",
            &[&order],
        )
        .await
        .unwrap_or_else(|error| panic!("{error:?}"));
    (row.get(0), row.get(1), row.get(2), row.get(3))
}
