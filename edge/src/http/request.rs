//! The platform's request, read lazily: only the headers that are asked for, and the body in one buffer.

use gatehouse_core::error::{Error, ErrorCode};
use js_sys::futures::JsFuture;
use js_sys::{Reflect, Uint8Array};
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

    fn announced_length(&self) -> Option<usize> {
        self.header("content-length").and_then(|length| length.parse().ok())
    }

    /// Refuses a body by its announced length, before any work.
    ///
    /// # Errors
    /// `body_too_large` beyond `max` bytes.
    pub async fn check_announced_length(&self, max: usize) -> Result<(), Error> {
        if self.announced_length().is_none_or(|length| length <= max) {
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
        if self.announced_length().is_some_and(|length| length <= max) {
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
        let mut body = Vec::new();
        let Some(stream) = self.raw.body() else { return Ok(Some(body)) };
        let reader: web_sys::ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
        let mut length = 0;
        loop {
            let chunk = JsFuture::from(reader.read()).await?;
            if Reflect::get(&chunk, &"done".into())?.is_truthy() {
                return Ok((length <= max).then_some(body));
            }
            let bytes = Uint8Array::new(&Reflect::get(&chunk, &"value".into())?);
            length += bytes.length() as usize;
            if length <= max {
                body.extend(bytes.to_vec());
            } else if length > max + DISCARD_BYTES {
                JsFuture::from(reader.cancel()).await?;
                return Ok(None);
            }
        }
    }
}

/// A body as the JSON object `T`. A list is refused, though serde would take its items for the members.
///
/// # Errors
/// `body_invalid` with the place where reading stopped.
pub fn parse_object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let invalid = |line: usize, column: usize| {
        let place = format!("The body does not have the expected JSON shape (line {line}, column {column}).");
        Error::with_detail(ErrorCode::BodyInvalid, place)
    };
    let parsed = serde_json::from_slice(bytes).map_err(|error| invalid(error.line(), error.column()))?;
    if bytes.trim_ascii_start().starts_with(b"[") { Err(invalid(1, 1)) } else { Ok(parsed) }
}

/// How much of an oversized body is read on so that its sender can hear the answer.
const DISCARD_BYTES: usize = 16_000_000;

fn unreadable(_: JsValue) -> Error {
    Error::with_detail(ErrorCode::BodyInvalid, "The body could not be read.")
}

fn too_large(max: usize) -> Error {
    Error::with_detail(ErrorCode::BodyTooLarge, format!("The body can have at most {max} bytes here."))
}
