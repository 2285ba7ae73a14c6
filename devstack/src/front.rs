//! What every simulated HTTP service in memory shares: faults, the call record and the reading of bodies.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response, StatusCode};

use crate::auth::json_response;
use crate::clock::Stopwatch;
use crate::faults::{Fault, Faults};
use crate::http_server::{DropConnection, dropped};
use crate::options::Part;
use crate::recorder::{Call, Recorder};

/// Largest request body in bytes: a mail with its attachments.
const MAX_BODY: usize = 40 * 1024 * 1024;

/// The outside of a service: each request meets the faults of its part and is recorded.
pub(crate) struct Front {
    pub(crate) part: Part,
    pub(crate) faults: Faults,
    pub(crate) recorder: Recorder,
}

impl Front {
    /// Answers by `work`, unless a fault says otherwise; `usual` is the service's error shape for a status.
    pub(crate) async fn answer(
        &self,
        request: Request,
        usual: fn(StatusCode) -> Response<Body>,
        work: impl FnOnce(&Parts, &Bytes) -> Response<Body>,
    ) -> Response<Body> {
        let stopwatch = Stopwatch::start();
        let (parts, body) = request.into_parts();
        let (path, request_id) = (parts.uri.path().to_owned(), header(&parts.headers, "x-request-id"));
        let body = to_bytes(body, MAX_BODY).await;
        let seen = body.as_deref().unwrap_or_default();
        let fault = self.faults.take(self.part, &path, request_id, seen).unwrap_or_default();
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        let hit = fault.drop || fault.status.is_some();
        let mut response = match body {
            _ if hit && !fault.after => dropped(),
            Ok(body) => work(&parts, &body),
            Err(_) => usual(StatusCode::PAYLOAD_TOO_LARGE),
        };
        if hit {
            response = injected(&fault, usual);
        }
        let sent = response.extensions().get::<DropConnection>().is_none();
        self.recorder.push(Call {
            sequence: 0,
            part: self.part,
            method: parts.method.to_string(),
            path,
            query: parts.uri.query().unwrap_or_default().to_owned(),
            commands: vec![],
            status: if sent { response.status().as_u16() } else { 0 },
            micros: stopwatch.elapsed().as_micros() as u64,
            request_id: request_id.map(str::to_owned),
        });
        response
    }
}

fn injected(fault: &Fault, usual: fn(StatusCode) -> Response<Body>) -> Response<Body> {
    match fault.status.and_then(|status| StatusCode::from_u16(status).ok()).filter(|_| !fault.drop) {
        None => dropped(),
        Some(status) => match &fault.body {
            Some(body) => json_response(status, body),
            None => usual(status),
        },
    }
}

/// A header as text.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The pairs of a query string or of a form.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    reqwest::Url::parse(&format!("http://form/?{text}"))
        .map(|url| url.query_pairs().into_owned().collect())
        .unwrap_or_default()
}

/// The value of a name among pairs.
pub(crate) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}
