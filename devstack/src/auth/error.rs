//! The server's errors in both formats that clients know.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use crate::http::response::json_response;

/// An error as clients see it.
#[derive(Debug)]
pub(super) struct AuthError {
    status: u16,
    code: &'static str,
    message: String,
    weak_password: Option<Value>,
}

impl AuthError {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), weak_password: None }
    }
    pub(super) fn bad_json() -> Self {
        Self::new(400, "bad_json", "Could not parse request body as JSON")
    }
    pub(super) fn not_found() -> Self {
        Self::new(404, "not_found", "404 page not found")
    }
    pub(super) fn user_not_found() -> Self {
        Self::new(404, "user_not_found", "User not found")
    }
    pub(super) fn invalid_credentials() -> Self {
        Self::new(400, "invalid_credentials", "Invalid login credentials")
    }
    pub(super) fn no_authorization() -> Self {
        Self::new(401, "no_authorization", "This endpoint requires a valid Bearer token")
    }
    pub(super) fn bad_jwt(reason: &str) -> Self {
        Self::new(403, "bad_jwt", format!("invalid JWT: unable to parse or verify signature, {reason}"))
    }
    pub(super) fn validation(message: &str) -> Self {
        Self::new(400, "validation_failed", message)
    }
    pub(super) fn user_exists() -> Self {
        Self::new(422, "user_already_exists", "User already registered")
    }
    pub(super) fn email_exists() -> Self {
        Self::new(422, "email_exists", "A user with this email address has already been registered")
    }
    pub(super) fn weak_password() -> Self {
        let message = "Password should be at least 6 characters.";
        let mut error = Self::new(422, "weak_password", message);
        error.weak_password = Some(json!({"reasons": ["length"], "message": message}));
        error
    }
    pub(super) fn token_reused() -> Self {
        Self::new(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used")
    }
    pub(super) fn token_not_found() -> Self {
        Self::new(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found")
    }
    /// The hosted service's error when a trigger or the database fails; the cause goes to stderr only.
    pub(super) fn database(doing: &str, cause: impl std::fmt::Display) -> Self {
        eprintln!("auth: {doing}: {cause}");
        Self::new(500, "unexpected_failure", format!("Database error {doing}"))
    }

    /// `dated_format` is the format since API version 2024-01-01.
    pub(super) fn response(self, dated_format: bool) -> Response<Body> {
        let mut body = match dated_format {
            true => json!({"code": self.code, "message": self.message}),
            false => json!({"code": self.status, "error_code": self.code, "msg": self.message}),
        };
        if let Some(weak) = self.weak_password {
            body["weak_password"] = weak;
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = json_response(status, &body);
        response.headers_mut().insert("x-sb-error-code", HeaderValue::from_static(self.code));
        if dated_format {
            response.headers_mut().insert("x-supabase-api-version", HeaderValue::from_static("2024-01-01"));
        }
        response
    }
}

/// A database error as text, with the server's message and code.
pub(super) fn db_text(error: &tokio_postgres::Error) -> String {
    error
        .as_db_error()
        .map_or_else(|| error.to_string(), |db| format!("{} ({})", db.message(), db.code().code()))
}
