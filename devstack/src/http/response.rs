//! Responses as JSON, and responses that are never sent.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::Value;

/// A JSON response.
pub(crate) fn json_response(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Marks a response that is never sent: the listener closes the connection instead.
#[derive(Clone)]
struct DropConnection;

/// A response that is never sent.
pub(crate) fn dropped() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(DropConnection);
    response
}

/// True for a response of [`dropped`].
pub(crate) fn is_dropped(response: &Response<Body>) -> bool {
    response.extensions().get::<DropConnection>().is_some()
}
