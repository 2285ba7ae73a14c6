//! The thin typed layer over the platform's request and response: only the headers that are asked for are
//! read, bodies are one buffer in and one buffer out.

use std::cell::RefCell;

use gatehouse_core::error::{Error, ErrorCode};
use js_sys::futures::JsFuture;
use js_sys::{Reflect, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};

/// A request, read lazily.
pub struct Request<'a> {
    raw: &'a web_sys::Request,
    headers: web_sys::Headers,
    /// The method as HTTP spells it.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    query: String,
}

impl<'a> Request<'a> {
    /// Wraps the platform's request.
    pub fn new(raw: &'a web_sys::Request) -> Self {
        let url = raw.url();
        let after_scheme = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        let path = after_scheme.find('/').and_then(|at| after_scheme.get(at..)).unwrap_or("/");
        let path = path.split('#').next().unwrap_or("/");
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (path, query) = (path.to_owned(), query.to_owned());
        Self { raw, headers: raw.headers(), method: raw.method(), path, query }
    }

    /// Scheme, host and port that the request was sent to, as a browser writes its own origin.
    pub fn origin(&self) -> String {
        let url = self.raw.url();
        let host = url.find("://").map_or(0, |at| at + 3);
        let end =
            url.get(host..).and_then(|rest| rest.find(['/', '?', '#'])).map_or(url.len(), |at| host + at);
        url.get(..end).unwrap_or_default().to_owned()
    }

    /// A header's value; absent and unreadable are the same.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).ok().flatten()
    }

    /// A parameter of the query as it stands there; nothing is decoded.
    pub fn query(&self, name: &str) -> Option<&str> {
        let pairs = self.query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    fn announced(&self) -> Option<usize> {
        self.header("content-length").and_then(|length| length.parse().ok())
    }

    /// Refuses a body by its announced length, before any work.
    ///
    /// # Errors
    /// `body_too_large` beyond `max` bytes.
    pub async fn check_announced(&self, max: usize) -> Result<(), Error> {
        if self.announced().is_none_or(|length| length <= max) {
            return Ok(());
        }
        // A client that is still sending when the answer comes and the connection closes sees no answer at all.
        self.read_stream(0).await.map_err(unreadable)?;
        Err(too_large(max))
    }

    /// The whole body.
    ///
    /// # Errors
    /// `body_too_large` when more than `max` bytes came, announced or not.
    pub async fn body(&self, max: usize) -> Result<Vec<u8>, Error> {
        if self.announced().is_some_and(|length| length <= max) {
            let promise = self.raw.array_buffer().map_err(unreadable)?;
            return Ok(Uint8Array::new(&JsFuture::from(promise).await.map_err(unreadable)?).to_vec());
        }
        // Of unannounced length: never hold more than is allowed.
        let body = self.read_stream(max).await.map_err(unreadable)?;
        body.ok_or_else(|| too_large(max))
    }

    /// Reads the stream, holding at most `max` bytes; `None` when there was more. What is too much is read on
    /// and thrown away for a while, then the rest is cancelled.
    async fn read_stream(&self, max: usize) -> Result<Option<Vec<u8>>, JsValue> {
        let mut held = Vec::new();
        let Some(stream) = self.raw.body() else { return Ok(Some(held)) };
        let reader: web_sys::ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
        let mut seen = 0;
        loop {
            let chunk = JsFuture::from(reader.read()).await?;
            if Reflect::get(&chunk, &"done".into())?.is_truthy() {
                return Ok((seen <= max).then_some(held));
            }
            let bytes = Uint8Array::new(&Reflect::get(&chunk, &"value".into())?);
            seen += bytes.length() as usize;
            if seen <= max {
                held.extend(bytes.to_vec());
            } else if seen > max + DISCARD_BYTES {
                JsFuture::from(reader.cancel()).await?;
                return Ok(None);
            }
        }
    }

    /// The body as a JSON object.
    ///
    /// # Errors
    /// `body_too_large`, or `body_invalid` with the place where reading stopped.
    pub async fn json<T: DeserializeOwned>(&self, max: usize) -> Result<T, Error> {
        object(&self.body(max).await?)
    }
}

/// A JSON object as `T`. A list is none, though serde would take its items for the members.
///
/// # Errors
/// `body_invalid` with the place where reading stopped.
pub fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let invalid = |line: usize, column: usize| {
        let place = format!("The body does not have the expected JSON shape (line {line}, column {column}).");
        Error::with_detail(ErrorCode::BodyInvalid, place)
    };
    let read = serde_json::from_slice(bytes).map_err(|error| invalid(error.line(), error.column()))?;
    if bytes.trim_ascii_start().starts_with(b"[") { Err(invalid(1, 1)) } else { Ok(read) }
}

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

/// How much of an oversized body is read on so that its sender can hear the answer.
const DISCARD_BYTES: usize = 16_000_000;

fn unreadable(_: JsValue) -> Error {
    Error::with_detail(ErrorCode::BodyInvalid, "The body could not be read.")
}

fn too_large(max: usize) -> Error {
    Error::with_detail(ErrorCode::BodyTooLarge, format!("The body can have at most {max} bytes here."))
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

    /// The same answer, saying which part was away while it was made. Without Postgres it also warns its reader
    /// (RFC 7234 section 5.5.2: 111, the check against the origin failed); without Redis it is as true as ever.
    pub fn degraded(self, part: Option<&'static str>) -> Self {
        let Some(part) = part else { return self };
        let reply = self.with("degraded", part);
        if part == "postgres" { reply.with("warning", LAST_KNOWN) } else { reply }
    }

    /// The platform's response.
    ///
    /// # Errors
    /// What the platform refuses, such as a header value with a line break.
    pub fn into_response(self) -> Result<web_sys::Response, worker::Error> {
        let headers = base_headers()?;
        headers.set("content-type", self.content_type)?;
        for (name, value) in &self.headers {
            headers.set(name, value)?;
        }
        let init = web_sys::ResponseInit::new();
        init.set_status(self.status);
        init.set_headers(headers.unchecked_ref());
        if matches!(self.status, 204 | 304) {
            return Ok(web_sys::Response::new_with_opt_str_and_init(None, &init)?);
        }
        let body = Uint8Array::from(self.body.as_slice());
        Ok(web_sys::Response::new_with_opt_js_u8_array_and_init(Some(&body), &init)?)
    }
}
