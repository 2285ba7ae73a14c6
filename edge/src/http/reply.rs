//! An answer and the headers that every answer carries.

use std::cell::RefCell;

use gatehouse_core::error::{Error, ErrorCode};
use js_sys::Uint8Array;
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};

/// What every answer says. A handler may say otherwise about caching.
const BASE_HEADERS: [(&str, &str); 6] = [
    ("cache-control", "private, no-store"),
    ("x-content-type-options", "nosniff"),
    // Nothing of ours is a page: should a browser be made to show an answer, it loads and runs nothing.
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
];

thread_local! {
    /// Made once: an answer copies it.
    static BASE: RefCell<Option<web_sys::Headers>> = const { RefCell::new(None) };
}

/// A copy of the base headers to write into.
fn base_headers() -> Result<web_sys::Headers, JsValue> {
    if BASE.with_borrow(Option::is_none) {
        let headers = web_sys::Headers::new()?;
        for (name, value) in BASE_HEADERS {
            headers.set(name, value)?;
        }
        BASE.set(Some(headers));
    }
    BASE.with_borrow(|base| {
        base.as_ref().map_or_else(web_sys::Headers::new, web_sys::Headers::new_with_headers)
    })
}

/// The `Warning` of an answer that Postgres could not confirm.
const LAST_KNOWN: &str = r#"111 gatehouse "The database is not answering; this is the last saved copy. You cannot save changes until it is back.""#;

/// An answer.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The body's media type.
    pub content_type: &'static str,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A JSON text that is passed on as it is.
    pub fn json_text(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, content_type: "application/json", headers: Vec::new(), body: body.into() }
    }

    /// A value as JSON.
    pub fn json(status: u16, value: &impl Serialize) -> Self {
        // Our wire types hold nothing that JSON cannot: the fallback is never reached.
        Self::json_text(status, serde_json::to_vec(value).unwrap_or_default())
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, content_type: "application/json", headers: Vec::new(), body: Vec::new() }
    }

    /// A refusal as `application/problem+json` (RFC 9457).
    pub fn problem(error: &Error, request_id: &str) -> Self {
        let problem = error.problem(request_id);
        let mut reply = Self::json(problem.status, &problem);
        reply.content_type = "application/problem+json";
        match error.code {
            ErrorCode::TokenMissing | ErrorCode::TokenInvalid | ErrorCode::TokenExpired => {
                reply.headers.push(("www-authenticate", "Bearer".to_owned()));
            }
            ErrorCode::SigningKeyUnknown => {
                reply.headers.push(("www-authenticate", "Bearer".to_owned()));
                reply.headers.push(("retry-after", "30".to_owned()));
            }
            ErrorCode::TooManyRequests => reply.headers.push(("retry-after", "60".to_owned())),
            ErrorCode::DependencyUnavailable => reply.headers.push(("retry-after", "2".to_owned())),
            _ => {}
        }
        reply
    }

    /// The same answer with one more header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same answer, naming the upstream service that was unavailable, if one was. Without Postgres the answer may be
    /// out of date, so it carries a `Warning` too (RFC 7234 section 5.5.2: 111, revalidation failed).
    pub fn degraded(self, part: Option<&'static str>) -> Self {
        let Some(part) = part else { return self };
        let reply = self.with("degraded", part);
        if part == "postgres" { reply.with("warning", LAST_KNOWN) } else { reply }
    }

    /// The platform's response; to a HEAD request without its body (RFC 9110 section 9.3.2).
    ///
    /// # Errors
    /// What the platform refuses, such as a header value with a line break.
    pub fn into_response(self, method: &str) -> Result<web_sys::Response, worker::Error> {
        let headers = base_headers()?;
        headers.set("content-type", self.content_type)?;
        for (name, value) in &self.headers {
            headers.set(name, value)?;
        }
        let init = web_sys::ResponseInit::new();
        init.set_status(self.status);
        init.set_headers(headers.unchecked_ref());
        if matches!(self.status, 204 | 304) || method == "HEAD" {
            return Ok(web_sys::Response::new_with_opt_str_and_init(None, &init)?);
        }
        let body = Uint8Array::from(self.body.as_slice());
        Ok(web_sys::Response::new_with_opt_js_u8_array_and_init(Some(&body), &init)?)
    }
}
