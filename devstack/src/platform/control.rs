//! `/__devstack`: faults, kills, recorded calls, test tokens and signing keys, over HTTP.

use std::sync::{Arc, OnceLock, Weak};

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Platform;
use crate::faults::Fault;
use crate::part::Part;

/// Set once the platform runs. Weak, because the platform owns the server that holds it.
pub(crate) type Handle = Arc<OnceLock<Weak<Platform>>>;

/// An error as a sentence.
struct ControlError(StatusCode, String);

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"message": self.1}))).into_response()
    }
}

impl From<anyhow::Error> for ControlError {
    fn from(error: anyhow::Error) -> Self {
        ControlError(StatusCode::BAD_REQUEST, format!("{error:#}"))
    }
}

type Reply = Result<Json<Value>, ControlError>;

/// The control routes.
pub(crate) fn router(handle: Handle) -> Router {
    Router::new()
        .route("/__devstack/parts", get(parts))
        .route("/__devstack/parts/{part}/kill", post(kill))
        .route("/__devstack/parts/{part}/restart", post(restart))
        .route("/__devstack/faults", get(list_faults).delete(clear_all_faults))
        .route("/__devstack/faults/{part}", put(set_fault).delete(clear_faults))
        .route("/__devstack/calls", get(calls))
        .route("/__devstack/tokens", post(mint_token))
        .route("/__devstack/keys/rotate", post(rotate_key))
        .route("/__devstack/keys/{kid}", delete(revoke_key))
        .with_state(handle)
}

fn platform(handle: &Handle) -> Result<Arc<Platform>, ControlError> {
    let platform = handle.get().and_then(Weak::upgrade);
    platform.ok_or_else(|| {
        ControlError(StatusCode::SERVICE_UNAVAILABLE, "The stack is starting or stopping.".into())
    })
}

async fn parts(State(handle): State<Handle>) -> Reply {
    Ok(Json(json!(platform(&handle)?.parts().await)))
}

async fn kill(State(handle): State<Handle>, Path(part): Path<String>) -> Reply {
    platform(&handle)?.kill(part.parse()?).await?;
    Ok(Json(json!({})))
}

async fn restart(State(handle): State<Handle>, Path(part): Path<String>) -> Reply {
    platform(&handle)?.restart(part.parse()?).await?;
    Ok(Json(json!({})))
}

async fn list_faults(State(handle): State<Handle>) -> Reply {
    Ok(Json(json!(platform(&handle)?.faults.list())))
}

async fn set_fault(
    State(handle): State<Handle>,
    Path(part): Path<String>,
    Json(fault): Json<Fault>,
) -> Reply {
    let (platform, part): (_, Part) = (platform(&handle)?, part.parse()?);
    platform.faults.clear(part);
    platform.faults.set(part, fault)?;
    Ok(Json(json!({})))
}

async fn clear_faults(State(handle): State<Handle>, Path(part): Path<String>) -> Reply {
    platform(&handle)?.faults.clear(part.parse()?);
    Ok(Json(json!({})))
}

async fn clear_all_faults(State(handle): State<Handle>) -> Reply {
    platform(&handle)?.faults.clear_all();
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
struct CallsQuery {
    request_id: Option<String>,
}

async fn calls(State(handle): State<Handle>, Query(query): Query<CallsQuery>) -> Reply {
    Ok(Json(json!(platform(&handle)?.recorder.list(query.request_id.as_deref()))))
}

async fn mint_token(State(handle): State<Handle>, Json(claims): Json<Value>) -> Reply {
    Ok(Json(json!({"token": platform(&handle)?.mint(&claims)})))
}

async fn rotate_key(State(handle): State<Handle>) -> Reply {
    Ok(Json(json!({"kid": platform(&handle)?.rotate_key().await?})))
}

async fn revoke_key(State(handle): State<Handle>, Path(kid): Path<String>) -> Reply {
    platform(&handle)?.revoke_key(&kid).await?;
    Ok(Json(json!({})))
}
