//! `/__devstack/phonepe`: control of the simulator over HTTP.

use anyhow::Result;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{OrderState, Phonepe, Webhooks};

/// The control routes.
pub(crate) fn router(simulator: Phonepe) -> Router {
    Router::new()
        .route("/__devstack/phonepe/orders", get(async |State(s): State<Phonepe>| Json(json!(s.orders()))))
        .route("/__devstack/phonepe/orders/{id}/answer", put(override_status))
        .route("/__devstack/phonepe/orders/{id}/webhooks", put(webhooks_for))
        .route("/__devstack/phonepe/orders/{id}/{action}", post(order_action))
        .route("/__devstack/phonepe/refunds", get(async |State(s): State<Phonepe>| Json(json!(s.refunds()))))
        .route("/__devstack/phonepe/refunds/hold", put(hold_refunds))
        .route("/__devstack/phonepe/refunds/{id}/{action}", post(refund_action))
        .route("/__devstack/phonepe/webhook", put(set_webhook))
        .route("/__devstack/phonepe/webhooks", put(webhooks))
        .route(
            "/__devstack/phonepe/deliveries",
            get(async |State(s): State<Phonepe>| Json(json!(s.deliveries()))),
        )
        .route("/__devstack/phonepe/tokens/revoke", post(revoke_tokens))
        .with_state(simulator)
}

fn result_response(result: Result<()>) -> Response {
    match result {
        Ok(()) => Json(json!({})).into_response(),
        Err(error) => {
            (StatusCode::BAD_REQUEST, Json(json!({"message": format!("{error:#}")}))).into_response()
        }
    }
}

async fn order_action(State(s): State<Phonepe>, Path((id, action)): Path<(String, String)>) -> Response {
    result_response(match action.as_str() {
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

async fn refund_action(State(s): State<Phonepe>, Path((id, action)): Path<(String, String)>) -> Response {
    result_response(match action.as_str() {
        "complete" => s.complete_refund(&id),
        "fail" => s.fail_refund(&id),
        other => Err(anyhow::anyhow!("A refund has no action `{other}`: use complete or fail.")),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusOverride {
    amount: Option<i64>,
    state: Option<OrderState>,
}

async fn override_status(
    State(s): State<Phonepe>,
    Path(id): Path<String>,
    Json(answer): Json<StatusOverride>,
) -> Json<Value> {
    if let Some(paise) = answer.amount {
        s.answer_amount(&id, paise);
    }
    s.answer_state(&id, answer.state);
    Json(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hold {
    hold: bool,
}

async fn hold_refunds(State(s): State<Phonepe>, Json(Hold { hold }): Json<Hold>) -> Json<Value> {
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

async fn set_webhook(State(s): State<Phonepe>, Json(target): Json<Target>) -> Json<Value> {
    s.set_webhook(&target.url, &target.username, &target.password);
    Json(json!({}))
}

async fn webhooks(State(s): State<Phonepe>, Json(behaviour): Json<Webhooks>) -> Json<Value> {
    s.webhooks(behaviour);
    Json(json!({}))
}

async fn webhooks_for(
    State(s): State<Phonepe>,
    Path(id): Path<String>,
    Json(behaviour): Json<Webhooks>,
) -> Json<Value> {
    s.webhooks_for(&id, behaviour);
    Json(json!({}))
}

async fn revoke_tokens(State(s): State<Phonepe>) -> Json<Value> {
    s.revoke_tokens();
    Json(json!({}))
}
