//! `/__devstack/phonepe`: the simulator's knobs over HTTP.

use anyhow::Result;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{OrderState, Phonepe, Webhooks};

/// The knobs as routes.
pub(crate) fn router(simulator: Phonepe) -> Router {
    Router::new()
        .route("/__devstack/phonepe/orders", get(async |State(s): State<Phonepe>| Json(json!(s.orders()))))
        .route("/__devstack/phonepe/orders/{id}/answer", put(answer))
        .route("/__devstack/phonepe/orders/{id}/webhooks", put(webhooks_for))
        .route("/__devstack/phonepe/orders/{id}/{action}", post(order))
        .route("/__devstack/phonepe/refunds", get(async |State(s): State<Phonepe>| Json(json!(s.refunds()))))
        .route("/__devstack/phonepe/refunds/hold", put(hold))
        .route("/__devstack/phonepe/refunds/{id}/{action}", post(refund))
        .route("/__devstack/phonepe/webhook", put(webhook))
        .route("/__devstack/phonepe/webhooks", put(webhooks))
        .route(
            "/__devstack/phonepe/deliveries",
            get(async |State(s): State<Phonepe>| Json(json!(s.deliveries()))),
        )
        .route("/__devstack/phonepe/tokens/revoke", post(revoke))
        .with_state(simulator)
}

fn said(result: Result<()>) -> Response {
    match result {
        Ok(()) => Json(json!({})).into_response(),
        Err(error) => {
            (StatusCode::BAD_REQUEST, Json(json!({"message": format!("{error:#}")}))).into_response()
        }
    }
}

async fn order(State(s): State<Phonepe>, Path((id, action)): Path<(String, String)>) -> Response {
    said(match action.as_str() {
        "pay" => s.pay(&id),
        "fail" => s.fail(&id),
        "cancel" => s.cancel(&id),
        "expire" => s.expire(&id),
        "notify" => s.notify(&id),
        other => {
            Err(anyhow::anyhow!("An order has no action `{other}`: use pay, fail, cancel, expire or notify."))
        }
    })
}

async fn refund(State(s): State<Phonepe>, Path((id, action)): Path<(String, String)>) -> Response {
    said(match action.as_str() {
        "complete" => s.complete_refund(&id),
        "fail" => s.fail_refund(&id),
        other => Err(anyhow::anyhow!("A refund has no action `{other}`: use complete or fail.")),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    amount: Option<i64>,
    state: Option<OrderState>,
}

async fn answer(State(s): State<Phonepe>, Path(id): Path<String>, Json(lie): Json<Answer>) -> Json<Value> {
    if let Some(paise) = lie.amount {
        s.answer_amount(&id, paise);
    }
    s.answer_state(&id, lie.state);
    Json(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hold {
    hold: bool,
}

async fn hold(State(s): State<Phonepe>, Json(Hold { hold }): Json<Hold>) -> Json<Value> {
    s.hold_refunds(hold);
    Json(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    url: String,
    username: String,
    password: String,
}

async fn webhook(State(s): State<Phonepe>, Json(to): Json<Target>) -> Json<Value> {
    s.set_webhook(&to.url, &to.username, &to.password);
    Json(json!({}))
}

async fn webhooks(State(s): State<Phonepe>, Json(knobs): Json<Webhooks>) -> Json<Value> {
    s.webhooks(knobs);
    Json(json!({}))
}

async fn webhooks_for(
    State(s): State<Phonepe>,
    Path(id): Path<String>,
    Json(knobs): Json<Webhooks>,
) -> Json<Value> {
    s.webhooks_for(&id, knobs);
    Json(json!({}))
}

async fn revoke(State(s): State<Phonepe>) -> Json<Value> {
    s.revoke_tokens();
    Json(json!({}))
}
