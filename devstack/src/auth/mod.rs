//! The Auth issuer: Supabase Auth's wire format over `auth.users` of the same database.

mod admin;
mod db;
mod error;
mod grants;
mod sessions;
mod users;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Response, StatusCode, header};
use serde_json::{Value, json};

pub(crate) use self::db::Database;
use self::error::AuthError;
use crate::keys::Keys;
use crate::options::RefreshReuse;

/// Lifetime of an access token in seconds, the hosted default.
const TOKEN_SECONDS: i64 = 3600;

/// The issuer's state.
pub(crate) struct Issuer {
    keys: Arc<Keys>,
    database: Database,
    /// `{base}/auth/v1`.
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

impl Issuer {
    pub(crate) fn new(keys: Arc<Keys>, database: Database, base: &str, reuse: RefreshReuse) -> Self {
        Self { keys, database, issuer: format!("{base}/auth/v1"), reuse }
    }

    /// Answers one request; `path` is the part behind `/auth/v1`.
    pub(crate) async fn handle(&self, parts: &Parts, path: &str, body: Bytes) -> Response<Body> {
        let dated = parts
            .headers
            .get("x-supabase-api-version")
            .is_some_and(|v| v.as_bytes() >= b"2024-01-01".as_slice());
        let mut response = match self.dispatch(parts, path, &body).await {
            Ok((status, Value::Null)) => with_status(Response::new(Body::empty()), status),
            Ok((status, body)) => json_response(status, &body),
            Err(error) => error.response(dated),
        };
        if path == "/.well-known/jwks.json" {
            response
                .headers_mut()
                .insert(header::CACHE_CONTROL, header::HeaderValue::from_static("public, max-age=600"));
        }
        response
    }

    async fn dispatch(&self, parts: &Parts, path: &str, body: &[u8]) -> Reply {
        let body = match body {
            [] => Value::Null,
            bytes => serde_json::from_slice(bytes).map_err(|_| AuthError::bad_json())?,
        };
        let query = reqwest::Url::parse(&format!("http://auth/?{}", parts.uri.query().unwrap_or_default()))
            .map(|url| url.query_pairs().into_owned().collect())
            .unwrap_or_default();
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
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }
}

fn settings() -> Value {
    json!({
        "external": {"anonymous_users": true, "email": true, "phone": false},
        "disable_signup": false, "mailer_autoconfirm": true, "phone_autoconfirm": false, "sms_provider": "",
        "saml_enabled": false,
    })
}

/// A JSON answer.
pub(crate) fn json_response(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    with_status(response, status)
}

fn with_status(mut response: Response<Body>, status: StatusCode) -> Response<Body> {
    *response.status_mut() = status;
    response
}
