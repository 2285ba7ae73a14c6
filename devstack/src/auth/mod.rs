//! The Auth server: Supabase Auth's wire format over `auth.users` of the same database.

mod admin;
mod error;
mod grants;
pub(crate) mod pool;
mod sessions;
mod users;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header as names};
use serde_json::{Value, json};

use self::error::AuthError;
use self::pool::Pool;
use crate::http::request::{form_pairs, form_value, header};
use crate::http::response::json_response;
use crate::keys::Keys;
use crate::options::RefreshReuse;

/// Lifetime of an access token in seconds, the hosted default.
const TOKEN_SECONDS: i64 = 3600;

/// The server's state.
pub(crate) struct AuthServer {
    keys: Arc<Keys>,
    database: Pool,
    /// `iss` of its tokens: `{base}/auth/v1`.
    issuer: String,
    reuse: RefreshReuse,
}

/// A request with its body read.
struct Request<'a> {
    headers: &'a HeaderMap,
    query: Vec<(String, String)>,
    body: Value,
}

/// A status and a JSON body; no body for null.
type Reply = Result<(StatusCode, Value), AuthError>;

impl AuthServer {
    pub(crate) fn new(keys: Arc<Keys>, database: Pool, base: &str, reuse: RefreshReuse) -> Self {
        Self { keys, database, issuer: format!("{base}/auth/v1"), reuse }
    }

    /// Answers one request; `path` is what follows `/auth/v1`.
    pub(crate) async fn handle(&self, parts: &Parts, path: &str, body: Bytes) -> Response<Body> {
        let dated_format =
            header(&parts.headers, "x-supabase-api-version").is_some_and(|version| version >= "2024-01-01");
        let mut response = match self.dispatch(parts, path, &body).await {
            Ok((status, Value::Null)) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = status;
                response
            }
            Ok((status, body)) => json_response(status, &body),
            Err(error) => error.response(dated_format),
        };
        if path == "/.well-known/jwks.json" {
            let cache_control = HeaderValue::from_static("public, max-age=600");
            response.headers_mut().insert(names::CACHE_CONTROL, cache_control);
        }
        response
    }

    async fn dispatch(&self, parts: &Parts, path: &str, body: &[u8]) -> Reply {
        let body = match body {
            [] => Value::Null,
            bytes => serde_json::from_slice(bytes).map_err(|_| AuthError::bad_json())?,
        };
        let query = form_pairs(parts.uri.query().unwrap_or_default());
        let request = Request { headers: &parts.headers, query, body };
        let (get, post, put) =
            (parts.method == Method::GET, parts.method == Method::POST, parts.method == Method::PUT);
        match path {
            "/.well-known/jwks.json" if get => Ok((StatusCode::OK, self.keys.jwks())),
            "/health" if get => Ok((
                StatusCode::OK,
                json!({"name": "GoTrue", "version": "devstack", "description": "GoTrue is a user registration and authentication API"}),
            )),
            "/settings" if get => Ok((StatusCode::OK, settings())),
            "/signup" if post => self.sign_up(&request).await,
            "/token" if post => self.token(&request).await,
            "/user" if get => self.read_user(&request).await,
            "/user" if put => self.change_user(&request).await,
            "/logout" if post => self.log_out(&request).await,
            _ => match path.strip_prefix("/admin/users") {
                Some(rest) => self.admin(&parts.method, rest.trim_start_matches('/'), &request).await,
                None => Err(AuthError::not_found()),
            },
        }
    }
}

impl Request<'_> {
    fn query(&self, name: &str) -> Option<&str> {
        form_value(&self.query, name)
    }

    /// A text field of the body; empty when there is none.
    fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<&str> {
        header(self.headers, name)
    }
}

fn settings() -> Value {
    json!({
        "external": {"anonymous_users": true, "email": true, "phone": false},
        "disable_signup": false, "mailer_autoconfirm": true, "phone_autoconfirm": false, "sms_provider": "",
        "saml_enabled": false,
    })
}
