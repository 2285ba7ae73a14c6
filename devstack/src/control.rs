//! `/__devstack`: faults, kills, recorded calls, test tokens and signing keys, over HTTP.

use std::sync::{Arc, OnceLock, Weak};

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults::Fault;
use crate::inner::Inner;
use crate::options::Part;

/// Filled once the stack exists; weak, because the stack owns the server that holds it.
pub(crate) type Handle = Arc<OnceLock<Weak<Inner>>>;

/// An error as a sentence.
struct Failure(StatusCode, String);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"message": self.1}))).into_response()
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure(StatusCode::BAD_REQUEST, format!("{error:#}"))
    }
}

type Answer = Result<Json<Value>, Failure>;

/// The control routes.
pub(crate) fn router(handle: Handle) -> Router {
    Router::new()
        .route("/__devstack/parts", get(parts))
        .route("/__devstack/parts/{part}/kill", post(kill))
        .route("/__devstack/parts/{part}/restart", post(restart))
        .route("/__devstack/faults", get(faults).delete(clear_all))
        .route("/__devstack/faults/{part}", put(set_fault).delete(clear))
        .route("/__devstack/calls", get(calls))
        .route("/__devstack/tokens", post(token))
        .route("/__devstack/keys/rotate", post(rotate))
        .route("/__devstack/keys/{kid}", delete(revoke))
        .with_state(handle)
}

fn inner(handle: &Handle) -> Result<Arc<Inner>, Failure> {
    let stack = handle.get().and_then(Weak::upgrade);
    stack.ok_or_else(|| Failure(StatusCode::SERVICE_UNAVAILABLE, "The stack is starting or stopping.".into()))
}

async fn parts(State(handle): State<Handle>) -> Answer {
    Ok(Json(json!(inner(&handle)?.parts().await)))
}

async fn kill(State(handle): State<Handle>, Path(part): Path<String>) -> Answer {
    inner(&handle)?.kill(part.parse()?).await?;
    Ok(Json(json!({})))
}

async fn restart(State(handle): State<Handle>, Path(part): Path<String>) -> Answer {
    inner(&handle)?.restart(part.parse()?).await?;
    Ok(Json(json!({})))
}

async fn faults(State(handle): State<Handle>) -> Answer {
    Ok(Json(json!(inner(&handle)?.faults.list())))
}

async fn set_fault(
    State(handle): State<Handle>,
    Path(part): Path<String>,
    Json(fault): Json<Fault>,
) -> Answer {
    let (stack, part): (_, Part) = (inner(&handle)?, part.parse()?);
    stack.faults.clear(part);
    stack.faults.set(part, fault)?;
    Ok(Json(json!({})))
}

async fn clear(State(handle): State<Handle>, Path(part): Path<String>) -> Answer {
    inner(&handle)?.faults.clear(part.parse()?);
    Ok(Json(json!({})))
}

async fn clear_all(State(handle): State<Handle>) -> Answer {
    inner(&handle)?.faults.clear_all();
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
struct CallsQuery {
    request_id: Option<String>,
}

async fn calls(State(handle): State<Handle>, Query(query): Query<CallsQuery>) -> Answer {
    Ok(Json(json!(inner(&handle)?.recorder.list(query.request_id.as_deref()))))
}

async fn token(State(handle): State<Handle>, Json(claims): Json<Value>) -> Answer {
    Ok(Json(json!({"token": inner(&handle)?.mint(&claims)})))
}

async fn rotate(State(handle): State<Handle>) -> Answer {
    Ok(Json(json!({"kid": inner(&handle)?.rotate_key().await?})))
}

async fn revoke(State(handle): State<Handle>, Path(kid): Path<String>) -> Answer {
    inner(&handle)?.revoke_key(&kid).await?;
    Ok(Json(json!({})))
}
