//! Every outbound call goes through here: it is counted, timed, bounded by a deadline, and its body is always
//! read to the end or cancelled, because an unread body holds one of the six connections.

use std::cell::RefCell;

use gatehouse_core::log::CallLine;
use js_sys::Uint8Array;
use js_sys::futures::JsFuture;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use crate::observe::counters;
use crate::platform;

/// One call to make.
pub struct Call<'a> {
    /// `postgrest`, `upstash`, `auth`, `phonepe`, `resend` or `vertex`.
    pub service: &'static str,
    /// The operation's name in logs and `Server-Timing`.
    pub operation: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// The address.
    pub url: &'a str,
    /// Headers; `X-Request-Id` is added.
    pub headers: &'a [(&'a str, &'a str)],
    /// A body; JSON unless the headers say otherwise.
    pub body: Option<String>,
    /// When to give up, in milliseconds.
    pub deadline_ms: u32,
}

/// The answer of an upstream service.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
}

/// Why no answer came.
#[derive(Debug)]
pub struct Unanswered {
    /// Which service did not answer.
    pub service: &'static str,
    /// Whether the deadline passed; otherwise the connection failed.
    pub timed_out: bool,
    /// The platform's message, for the log only.
    pub cause: String,
}

/// The calls of one request.
pub struct Outbound {
    request_id: String,
    calls: RefCell<Vec<CallLine>>,
}

impl Outbound {
    /// A fresh record for a request.
    pub fn new(request_id: String) -> Self {
        Self { request_id, calls: RefCell::new(Vec::new()) }
    }

    /// The calls made so far.
    pub fn calls(&self) -> Vec<CallLine> {
        self.calls.borrow().clone()
    }

    /// Makes a call and reads its answer, both within the deadline.
    ///
    /// # Errors
    /// When no answer came in time. Any HTTP status is an answer.
    pub async fn send(&self, call: Call<'_>) -> Result<Answer, Unanswered> {
        let started = platform::now_ms();
        let result = self.send_with_deadline(&call).await;
        let (status, ms) = (result.as_ref().map_or(0, |answer| answer.status), platform::elapsed_ms(started));
        let outcome = match status {
            0 => "unanswered",
            400..=499 => "refused",
            500.. => "failed",
            _ => "ok",
        };
        let service = call.service;
        counters::count("gatehouse_calls_total", &[("neighbour", service), ("outcome", outcome)], 1);
        counters::count("gatehouse_call_milliseconds_total", &[("neighbour", service)], ms.into());
        self.calls.borrow_mut().push(CallLine { service, operation: call.operation, status, ms });
        result
    }

    async fn send_with_deadline(&self, call: &Call<'_>) -> Result<Answer, Unanswered> {
        let started = platform::now_ms();
        let failed = |error: JsValue| Unanswered {
            service: call.service,
            timed_out: platform::elapsed_ms(started) >= call.deadline_ms,
            cause: error
                .dyn_ref::<js_sys::Error>()
                .map_or_else(|| format!("{error:?}"), |error| String::from(error.message())),
        };
        let controller = web_sys::AbortController::new().map_err(failed)?;
        let abort = controller.clone();
        let on_deadline = Closure::once(move || abort.abort());
        let timer = platform::set_timeout(on_deadline.as_ref().unchecked_ref(), call.deadline_ms);
        let result = self.exchange(call, &controller).await.map_err(failed);
        platform::clear_timeout(&timer);
        result
    }

    async fn exchange(
        &self,
        call: &Call<'_>,
        controller: &web_sys::AbortController,
    ) -> Result<Answer, JsValue> {
        let headers = web_sys::Headers::new()?;
        headers.set("x-request-id", &self.request_id)?;
        for (name, value) in call.headers {
            headers.set(name, value)?;
        }
        let init = web_sys::RequestInit::new();
        init.set_method(call.method);
        init.set_signal(Some(&controller.signal()));
        if let Some(body) = &call.body {
            if !call.headers.iter().any(|(name, _)| *name == "content-type") {
                headers.set("content-type", "application/json")?;
            }
            init.set_body(&JsValue::from_str(body));
        }
        init.set_headers(&headers);
        let response: web_sys::Response =
            JsFuture::from(platform::fetch_with_init(call.url, &init)).await?.dyn_into()?;
        let status = response.status();
        let body = Uint8Array::new(&JsFuture::from(response.array_buffer()?).await?).to_vec();
        Ok(Answer { status, body })
    }
}
