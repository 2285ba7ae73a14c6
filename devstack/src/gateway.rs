//! One base URL like the hosted product: API keys, CORS, `/auth/v1`, `/rest/v1`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::auth::{Issuer, json_response};
use crate::clock::Stopwatch;
use crate::faults::{Fault, Faults};
use crate::http_server::{DropConnection, Switch, dropped};
use crate::keys::{PUBLISHABLE_KEY, SECRET_KEY, internal_token};
use crate::options::Part;
use crate::postgrest::Postgrest;
use crate::recorder::{Call, Recorder};

/// Largest request body in bytes.
const MAX_BODY: usize = 32 * 1024 * 1024;
/// Paths of the issuer that need no key.
const OPEN: [&str; 3] = ["/.well-known/jwks.json", "/health", "/settings"];
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
    pub(crate) issuer: Issuer,
    /// Off = the issuer is killed.
    pub(crate) issuer_switch: Switch,
    pub(crate) postgrest: Arc<Postgrest>,
    pub(crate) faults: Faults,
    pub(crate) recorder: Recorder,
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
    let stopwatch = Stopwatch::start();
    let request_id = request.headers().get("x-request-id").and_then(|v| v.to_str().ok()).map(str::to_owned);
    let mut call = Call {
        sequence: 0,
        part,
        method: request.method().to_string(),
        path: path.to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        commands: vec![],
        status: 0,
        micros: 0,
        request_id,
    };
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let wanted = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let mut response = match preflight {
        true => Response::new(Body::empty()),
        false => gateway.with_faults(part, &rest, &call, request).await,
    };
    open_cors(&mut response, preflight, wanted);
    if response.extensions().get::<DropConnection>().is_none() {
        call.status = response.status().as_u16();
    }
    call.micros = stopwatch.elapsed().as_micros() as u64;
    gateway.recorder.push(call);
    response
}

impl Gateway {
    async fn with_faults(&self, part: Part, rest: &str, call: &Call, request: Request) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, MAX_BODY).await.ok();
        let seen = body.as_deref().unwrap_or_default();
        let fault = self.faults.take(part, &call.path, call.request_id.as_deref(), seen).unwrap_or_default();
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        let hit = fault.drop || fault.status.is_some();
        if hit && !fault.after {
            return injected(part, &fault);
        }
        let answer = self.serve(part, rest, parts, body).await;
        if hit { injected(part, &fault) } else { answer }
    }

    /// `body` is none when it was too large.
    async fn serve(&self, part: Part, rest: &str, mut parts: Parts, body: Option<Bytes>) -> Response<Body> {
        let query_key = take_query_key(&mut parts);
        let key = parts.headers.get("apikey").and_then(|v| v.to_str().ok()).map(str::to_owned).or(query_key);
        let open = part == Part::Auth && OPEN.contains(&rest);
        if (!open || key.is_some())
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
            Part::Auth if !self.issuer_switch.is_on() => bad_gateway(),
            Part::Auth => self.issuer.handle(&parts, rest, body).await,
            _ => self.to_postgrest(parts, rest, body).await,
        }
    }

    async fn to_postgrest(&self, parts: Parts, rest: &str, body: Bytes) -> Response<Body> {
        let rest = if rest.is_empty() { "/" } else { rest };
        let query = parts.uri.query().map(|q| format!("?{q}")).unwrap_or_default();
        let mut request = self.postgrest.http.request(parts.method, format!("http://postgrest{rest}{query}"));
        for (name, value) in &parts.headers {
            if !NOT_FORWARDED.contains(name) && name != header::ORIGIN && name != "apikey" {
                request = request.header(name, value);
            }
        }
        let Ok(answer) = request.body(body).send().await else { return bad_gateway() };
        let mut response = Response::new(Body::empty());
        *response.status_mut() = answer.status();
        for (name, value) in answer.headers() {
            if !NOT_FORWARDED.contains(name) || name == header::CONTENT_LENGTH {
                response.headers_mut().append(name, value.clone());
            }
        }
        *response.body_mut() = Body::from_stream(answer.bytes_stream());
        response
    }
}

/// Turns a key into a role: a bearer token that is missing or the key itself becomes a short internal one.
fn apply_key(parts: &mut Parts, key: Option<&str>) -> Result<(), Value> {
    let refuse = |message: &str, hint: &str| Err(json!({"message": message, "hint": hint}));
    let role = match key {
        None => {
            return refuse(
                "No API key found in request",
                "No `apikey` request header or url param was found.",
            );
        }
        Some(PUBLISHABLE_KEY) => "anon",
        Some(SECRET_KEY) => {
            let agent =
                parts.headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
            if agent.contains("Mozilla/") {
                return refuse(
                    "Forbidden use of secret API key in browser",
                    "Secret API keys can only be used in a protected environment and should never be used in a browser. Delete this secret API key immediately.",
                );
            }
            "service_role"
        }
        Some(_) => {
            return refuse("Invalid API key", "Double check your Supabase `anon` or `service_role` API key.");
        }
    };
    let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let same = bearer
        .is_none_or(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")) == key);
    if same && let Ok(value) = HeaderValue::from_str(&format!("Bearer {}", internal_token(role))) {
        parts.headers.insert(header::AUTHORIZATION, value);
    }
    Ok(())
}

/// The key may stand in the query; it must not reach PostgREST, which would take it for a column.
fn take_query_key(parts: &mut Parts) -> Option<String> {
    let query = parts.uri.query()?;
    let key = query.split('&').find_map(|pair| pair.strip_prefix("apikey="))?.to_owned();
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("apikey=")).collect();
    let path = parts.uri.path();
    let uri = if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) };
    parts.uri = uri.parse().ok()?;
    Some(key)
}

fn open_cors(response: &mut Response<Body>, preflight: bool, wanted: Option<HeaderValue>) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if preflight {
        let methods = HeaderValue::from_static("GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS,TRACE,CONNECT");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.unwrap_or(HeaderValue::from_static("*")));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    } else {
        let exposed = "Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, Transfer-Encoding, Range-Unit, X-Sb-Error-Code, X-Supabase-Api-Version";
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(exposed));
    }
}

fn bad_gateway() -> Response<Body> {
    json_response(
        StatusCode::BAD_GATEWAY,
        &json!({"message": "An invalid response was received from the upstream server"}),
    )
}

fn injected(part: Part, fault: &Fault) -> Response<Body> {
    let Some(status) = fault.status.and_then(|s| StatusCode::from_u16(s).ok()).filter(|_| !fault.drop) else {
        return dropped();
    };
    let usual: Value = match part {
        Part::Auth => {
            json!({"code": status.as_u16(), "error_code": "unexpected_failure", "msg": "Injected fault"})
        }
        _ => json!({"code": "XX000", "message": "Injected fault", "details": null, "hint": null}),
    };
    json_response(status, fault.body.as_ref().unwrap_or(&usual))
}
