//! What happens to each request before and after a service answers it: faults and the record of calls.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};

use super::request::header;
use super::response::{dropped, is_dropped, json_response};
use crate::clock::Stopwatch;
use crate::faults::{Fault, Faults};
use crate::part::Part;
use crate::recorder::{Call, Recorder};

/// Applies the faults of a part to its requests and records them.
#[derive(Clone)]
pub(crate) struct Interceptor {
    pub(crate) faults: Faults,
    pub(crate) recorder: Recorder,
}

/// How one service is intercepted.
pub(crate) struct Intercepted {
    pub(crate) part: Part,
    /// Largest request body in bytes.
    pub(crate) max_body: usize,
    /// The service's own error body for the status of a fault.
    pub(crate) injected_error: fn(StatusCode) -> Response<Body>,
}

impl Interceptor {
    /// Answers with the response of `work`, unless a fault replaces it. `work` gets no body when it was too large, and may
    /// add the Redis commands of the call.
    pub(crate) async fn answer(
        &self,
        service: Intercepted,
        request: Request,
        work: impl AsyncFnOnce(Parts, Option<Bytes>, &mut Vec<String>) -> Response<Body>,
    ) -> Response<Body> {
        let mut call = OpenCall::start(service.part, &request);
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, service.max_body).await.ok();
        let request_id = call.call.request_id.as_deref();
        let fault = self
            .faults
            .take(service.part, &call.call.path, request_id, body.as_deref().unwrap_or_default())
            .unwrap_or_default();
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        let replaced = fault.drop || fault.status.is_some();
        let response = if replaced && !fault.after {
            faulty_response(&fault, service.injected_error)
        } else {
            let response = work(parts, body, &mut call.call.commands).await;
            if replaced { faulty_response(&fault, service.injected_error) } else { response }
        };
        self.record(call, &response);
        response
    }

    /// Records a finished call.
    pub(crate) fn record(&self, call: OpenCall, response: &Response<Body>) {
        let OpenCall { mut call, stopwatch } = call;
        call.status = if is_dropped(response) { 0 } else { response.status().as_u16() };
        call.micros = stopwatch.elapsed().as_micros() as u64;
        self.recorder.push(call);
    }
}

/// A call that has no response yet.
pub(crate) struct OpenCall {
    call: Call,
    stopwatch: Stopwatch,
}

impl OpenCall {
    /// Records what is known before the response, and starts to measure.
    pub(crate) fn start(part: Part, request: &Request) -> Self {
        let query = match part {
            // It may carry the token.
            Part::Upstash => "",
            _ => request.uri().query().unwrap_or_default(),
        };
        let call = Call {
            sequence: 0,
            part,
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query: query.to_owned(),
            commands: vec![],
            status: 0,
            micros: 0,
            request_id: header(request.headers(), "x-request-id").map(str::to_owned),
        };
        Self { call, stopwatch: Stopwatch::start() }
    }
}

fn faulty_response(fault: &Fault, injected_error: fn(StatusCode) -> Response<Body>) -> Response<Body> {
    match fault.status.and_then(|status| StatusCode::from_u16(status).ok()).filter(|_| !fault.drop) {
        None => dropped(),
        Some(status) => match &fault.body {
            Some(body) => json_response(status, body),
            None => injected_error(status),
        },
    }
}
