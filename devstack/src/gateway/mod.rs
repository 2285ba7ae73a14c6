//! One base URL like the hosted product: API keys, CORS, `/auth/v1`, `/rest/v1`.

mod api_key;
mod cors;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, Response, StatusCode, header};
use serde_json::json;
use tower::ServiceExt;

use self::api_key::{apply_key, take_query_key};
use self::cors::Cors;
use crate::auth::AuthServer;
use crate::http::interceptor::{Intercepted, Interceptor, OpenCall};
use crate::http::listener::Switch;
use crate::http::request::header as header_text;
use crate::http::response::json_response;
use crate::part::Part;
use crate::postgrest::Postgrest;

/// Largest request body in bytes.
const MAX_BODY: usize = 32 * 1024 * 1024;
/// Paths of the Auth server that need no key.
const PATHS_WITHOUT_KEY: [&str; 3] = ["/.well-known/jwks.json", "/health", "/settings"];
/// Headers that belong to one connection, and those that the gateway answers itself.
const NOT_FORWARDED: [HeaderName; 8] = [
    header::HOST,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::CONTENT_LENGTH,
    header::ACCESS_CONTROL_REQUEST_METHOD,
];

/// State of the gateway.
pub(crate) struct Gateway {
    pub(crate) auth: AuthServer,
    /// Off = the Auth server is killed.
    pub(crate) auth_switch: Switch,
    pub(crate) postgrest: Arc<Postgrest>,
    pub(crate) interceptor: Interceptor,
    /// Answers `/__devstack`.
    pub(crate) control: Router,
}

/// The gateway as a router.
pub(crate) fn router(gateway: Gateway) -> Router {
    Router::new().fallback(handle).with_state(Arc::new(gateway))
}

async fn handle(State(gateway): State<Arc<Gateway>>, request: Request) -> Response<Body> {
    let path = request.uri().path();
    let (part, rest) = match (path.strip_prefix("/auth/v1"), path.strip_prefix("/rest/v1")) {
        (Some(rest), _) => (Part::Auth, rest.to_owned()),
        (_, Some(rest)) => (Part::Postgrest, rest.to_owned()),
        _ if path.starts_with("/__devstack") => {
            return match gateway.control.clone().oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
        }
        _ => {
            return json_response(
                StatusCode::NOT_FOUND,
                &json!({"message": "no Route matched with those values"}),
            );
        }
    };
    let cors = Cors::new(&request);
    let mut response = if cors.is_preflight {
        let (call, response) = (OpenCall::start(part, &request), Response::new(Body::empty()));
        gateway.interceptor.record(call, &response);
        response
    } else {
        let injected_error = if part == Part::Auth { injected_auth_error } else { injected_postgrest_error };
        let service = Intercepted { part, max_body: MAX_BODY, injected_error };
        let work = async |parts, body, _: &mut _| gateway.forward(part, &rest, parts, body).await;
        gateway.interceptor.answer(service, request, work).await
    };
    cors.apply(&mut response);
    response
}

impl Gateway {
    /// `body` is none when it was too large.
    async fn forward(&self, part: Part, rest: &str, mut parts: Parts, body: Option<Bytes>) -> Response<Body> {
        let query_key = take_query_key(&mut parts);
        let key = header_text(&parts.headers, "apikey").map(str::to_owned).or(query_key);
        let needs_key = part != Part::Auth || !PATHS_WITHOUT_KEY.contains(&rest);
        if (needs_key || key.is_some())
            && let Err(refusal) = apply_key(&mut parts, key.as_deref())
        {
            return json_response(StatusCode::UNAUTHORIZED, &refusal);
        }
        let Some(body) = body else {
            return json_response(
                StatusCode::PAYLOAD_TOO_LARGE,
                &json!({"message": "Request size limit exceeded"}),
            );
        };
        match part {
            Part::Auth if !self.auth_switch.is_on() => bad_gateway(),
            Part::Auth => self.auth.handle(&parts, rest, body).await,
            _ => self.forward_to_postgrest(parts, rest, body).await,
        }
    }

    async fn forward_to_postgrest(&self, parts: Parts, rest: &str, body: Bytes) -> Response<Body> {
        let rest = if rest.is_empty() { "/" } else { rest };
        let query = parts.uri.query().map(|q| format!("?{q}")).unwrap_or_default();
        let mut request = self.postgrest.http.request(parts.method, format!("http://postgrest{rest}{query}"));
        for (name, value) in &parts.headers {
            if !NOT_FORWARDED.contains(name) && name != header::ORIGIN && name != "apikey" {
                request = request.header(name, value);
            }
        }
        let Ok(upstream) = request.body(body).send().await else { return bad_gateway() };
        let mut response = Response::new(Body::empty());
        *response.status_mut() = upstream.status();
        for (name, value) in upstream.headers() {
            if !NOT_FORWARDED.contains(name) || name == header::CONTENT_LENGTH {
                response.headers_mut().append(name, value.clone());
            }
        }
        *response.body_mut() = Body::from_stream(upstream.bytes_stream());
        response
    }
}

fn bad_gateway() -> Response<Body> {
    json_response(
        StatusCode::BAD_GATEWAY,
        &json!({"message": "An invalid response was received from the upstream server"}),
    )
}

fn injected_auth_error(status: StatusCode) -> Response<Body> {
    let body = json!({"code": status.as_u16(), "error_code": "unexpected_failure", "msg": "Injected fault"});
    json_response(status, &body)
}

fn injected_postgrest_error(status: StatusCode) -> Response<Body> {
    let body = json!({"code": "XX000", "message": "Injected fault", "details": null, "hint": null});
    json_response(status, &body)
}
