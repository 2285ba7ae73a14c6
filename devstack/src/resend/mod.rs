//! Resend in memory: e-mails are checked by the service's rules and put into an inbox instead of being sent.

mod email;
mod inbox;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Response, StatusCode, header as names};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub use self::email::Email;
use self::email::{ApiError, accept};
use crate::clock::epoch_seconds;
use crate::http::page::see_other;
use crate::http::request::header;
use crate::http::response::json_response;
use crate::http::simulator::Simulator;
use crate::part::Part;

/// Worth nothing outside of this machine.
const API_KEY: &str = "re_gatehouse_local_devstack";
const FROM: &str = "Gatehouse <hello@gatehouse.example>";
/// Most e-mails in one batch.
const MAX_BATCH: usize = 100;
/// How long an idempotency key is stored, in seconds.
const KEY_SECONDS: i64 = 24 * 3600;
/// Requests a second that the headers announce. More are not refused, because tests share a stack.
const RATE: usize = 5;

/// The simulator. Clones share it.
#[derive(Clone)]
pub struct Resend {
    url: Arc<str>,
    mailbox: Arc<Mutex<Mailbox>>,
}

#[derive(Default)]
struct Mailbox {
    emails: Vec<Email>,
    /// By idempotency key.
    answers: BTreeMap<String, StoredAnswer>,
    /// The current second and the requests in it.
    rate: (i64, usize),
}

struct StoredAnswer {
    /// Path and body.
    digest: Vec<u8>,
    answer: Value,
    until: i64,
}

impl Resend {
    pub(crate) fn new(url: &str) -> Self {
        Self { url: url.into(), mailbox: Arc::default() }
    }

    /// Base address, without a trailing slash; a person reads the e-mails at `/inbox`.
    pub fn url(&self) -> &str {
        &self.url
    }
    /// The API key that the simulator accepts.
    pub fn api_key(&self) -> &str {
        API_KEY
    }
    /// A sender for the product's e-mails.
    pub fn from(&self) -> &str {
        FROM
    }
    /// Every e-mail that was accepted, oldest first.
    pub fn emails(&self) -> Vec<Email> {
        self.mailbox().emails.clone()
    }

    fn dispatch(&self, parts: &Parts, body: &Bytes) -> Result<Value, ApiError> {
        let token = header(&parts.headers, "authorization").and_then(|v| v.strip_prefix("Bearer "));
        match token {
            None | Some("") => return Err(ApiError::new(401, "missing_api_key", "Missing API Key")),
            Some(API_KEY) => {}
            Some(_) => return Err(ApiError::new(403, "invalid_api_key", "API key is invalid")),
        }
        let path = parts.uri.path();
        let (get, post) = (parts.method == Method::GET, parts.method == Method::POST);
        match (path, path.strip_prefix("/emails/")) {
            ("/emails" | "/emails/batch", _) if post => self.send(parts, body),
            ("/emails", _) if get => Ok(self.list_json()),
            (_, Some(id)) if get => self.email_json(id),
            ("/emails" | "/emails/batch", _) => {
                Err(ApiError::new(405, "method_not_allowed", "This endpoint does not support this method."))
            }
            _ => Err(ApiError::new(404, "not_found", "The requested endpoint does not exist")),
        }
    }

    fn send(&self, parts: &Parts, body: &Bytes) -> Result<Value, ApiError> {
        let key = header(&parts.headers, "idempotency-key");
        if key.is_some_and(|key| !(1..=256).contains(&key.chars().count())) {
            let message = "The idempotency key must be between 1 and 256 characters.";
            return Err(ApiError::new(400, "invalid_idempotency_key", message));
        }
        let path = parts.uri.path();
        let digest = Sha256::digest([path.as_bytes(), body].concat()).to_vec();
        // One lock for look-up and work, so that two requests with the same key cannot both send.
        let mut mailbox = self.mailbox();
        let now = epoch_seconds();
        mailbox.answers.retain(|_, stored| stored.until > now);
        if let Some(stored) = key.and_then(|key| mailbox.answers.get(key)) {
            if stored.digest == digest {
                return Ok(stored.answer.clone());
            }
            let message = "Same idempotency key used with a different request payload.";
            return Err(ApiError::new(409, "invalid_idempotent_request", message));
        }
        let payload: Value = serde_json::from_slice(body)
            .map_err(|_| ApiError::new(400, "validation_error", "The request body is not valid JSON."))?;
        let (emails, answer) = match path {
            "/emails" => {
                let email = accept(&payload, key, false)?;
                let answer = json!({"id": email.id});
                (vec![email], answer)
            }
            _ => batch(&payload, key, header(&parts.headers, "x-batch-validation") == Some("permissive"))?,
        };
        mailbox.emails.extend(emails);
        if let Some(key) = key {
            let stored = StoredAnswer { digest, answer: answer.clone(), until: now + KEY_SECONDS };
            mailbox.answers.insert(key.to_owned(), stored);
        }
        Ok(answer)
    }

    fn list_json(&self) -> Value {
        let data: Vec<Value> = self.mailbox().emails.iter().rev().map(to_json).collect();
        json!({"object": "list", "has_more": false, "data": data})
    }

    fn email_json(&self, id: &str) -> Result<Value, ApiError> {
        let mailbox = self.mailbox();
        let email = mailbox.emails.iter().find(|email| email.id == id).map(to_json);
        email.ok_or_else(|| ApiError::new(404, "not_found", "Email not found"))
    }

    /// Counts a request and returns how many there were in this second.
    fn count_request(&self) -> usize {
        let (mut mailbox, now) = (self.mailbox(), epoch_seconds());
        mailbox.rate = if mailbox.rate.0 == now { (now, mailbox.rate.1 + 1) } else { (now, 1) };
        mailbox.rate.1
    }

    fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A batch is all or nothing, unless `permissive`.
fn batch(payload: &Value, key: Option<&str>, permissive: bool) -> Result<(Vec<Email>, Value), ApiError> {
    let mails = payload.as_array().filter(|mails| (1..=MAX_BATCH).contains(&mails.len()));
    let Some(mails) = mails else {
        let message = format!("The payload must be an array of 1 to {MAX_BATCH} emails.");
        return Err(ApiError::new(422, "validation_error", message));
    };
    let (mut emails, mut errors) = (vec![], vec![]);
    for (index, email) in mails.iter().enumerate() {
        match accept(email, key, true) {
            Ok(email) => emails.push(email),
            Err(error) if permissive => errors.push(json!({"index": index, "message": error.message})),
            Err(error) => return Err(error),
        }
    }
    let ids: Vec<Value> = emails.iter().map(|email| json!({"id": email.id})).collect();
    let mut answer = json!({"data": ids});
    if permissive {
        answer["errors"] = json!(errors);
    }
    Ok((emails, answer))
}

/// An e-mail as the service shows it.
fn to_json(email: &Email) -> Value {
    json!({
        "object": "email", "id": email.id, "to": email.to, "from": email.from, "created_at": email.created_at,
        "subject": email.subject, "html": email.html, "text": email.text, "cc": email.cc, "bcc": email.bcc,
        "reply_to": email.reply_to, "last_event": "delivered",
    })
}

impl Simulator for Resend {
    const PART: Part = Part::Resend;

    fn answer(&self, parts: &Parts, body: &Bytes) -> Response<Body> {
        // The error of the firewall in front of the service.
        if header(&parts.headers, "user-agent").is_none_or(str::is_empty) {
            let mut response = Response::new(Body::from("error code: 1010"));
            *response.status_mut() = StatusCode::FORBIDDEN;
            return response;
        }
        let mut response = match self.dispatch(parts, body) {
            Ok(answer) => json_response(StatusCode::OK, &answer),
            Err(error) => json_response(error.status, &error.to_json()),
        };
        let left = RATE.saturating_sub(self.count_request());
        let headers = response.headers_mut();
        for (name, value) in
            [("ratelimit-limit", RATE), ("ratelimit-remaining", left), ("ratelimit-reset", 1)]
        {
            headers.insert(name, HeaderValue::from(value));
        }
        response
    }

    fn injected_error(status: StatusCode) -> Response<Body> {
        let name = match status.as_u16() {
            403 => "invalid_api_key",
            429 => "rate_limit_exceeded",
            400..=499 => "validation_error",
            _ => "internal_server_error",
        };
        let error = ApiError { status, name, message: "Injected fault".to_owned() };
        let mut response = json_response(status, &error.to_json());
        if status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(names::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }

    fn page(&self, request: &Request) -> Option<Response<Body>> {
        let path = request.uri().path();
        match path.strip_prefix("/inbox/") {
            _ if path == "/" => Some(see_other("/inbox")),
            _ if request.method() != Method::GET => None,
            Some(id) => Some(inbox::show(self.mailbox().emails.iter().find(|email| email.id == id))),
            None if path == "/inbox" => Some(inbox::list(&self.mailbox().emails)),
            None => None,
        }
    }
}

/// `/__devstack/resend`.
pub(crate) fn control(simulator: Resend) -> Router {
    let emails = get(async |State(simulator): State<Resend>| Json(simulator.emails()));
    Router::new().route("/__devstack/resend/emails", emails).with_state(simulator)
}
