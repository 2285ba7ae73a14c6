//! Errors of version 2.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::json;

use crate::http::response::json_response;

/// A status, a code and a message.
pub(super) struct ApiError(StatusCode, &'static str, String);

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: &str) -> Self {
        Self(status, code, message.to_owned())
    }

    pub(super) fn bad_request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    pub(super) fn response(&self) -> Response<Body> {
        error_response(self.0, self.1, &self.2)
    }
}

/// The service's error body for a status that a fault injects.
pub(crate) fn injected_error(status: StatusCode) -> Response<Body> {
    let code = match status.as_u16() {
        400 => "BAD_REQUEST",
        401 => "AUTHORIZATION_FAILED",
        403 => "FORBIDDEN",
        404 => "NOT_FOUND",
        429 => "TOO_MANY_REQUESTS",
        _ => "INTERNAL_SERVER_ERROR",
    };
    error_response(status, code, "Injected fault")
}

fn error_response(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    json_response(status, &json!({"success": false, "code": code, "message": message, "data": {}}))
}
