//! Resend, in memory: mails are checked by the service's rules and put into an inbox instead of being sent.

mod inbox;
mod mail;

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

pub use self::mail::Email;
use self::mail::{Refusal, accept};
use crate::auth::json_response;
use crate::clock::epoch_seconds;
use crate::front::{Front, header};
use crate::html::see_other;

/// Worth nothing outside of this machine.
const API_KEY: &str = "re_gatehouse_local_devstack";
const FROM: &str = "Gatehouse <hello@gatehouse.example>";
/// Mails in one batch.
const MAX_BATCH: usize = 100;
/// How long an idempotency key is remembered, in seconds.
const KEY_SECONDS: i64 = 24 * 3600;
/// Requests a second that the headers announce; nothing is refused for it, because tests share a stack.
const RATE: usize = 5;

/// The simulator. Clones share it.
#[derive(Clone)]
pub struct Resend {
    url: Arc<str>,
    office: Arc<Mutex<Office>>,
}

#[derive(Default)]
struct Office {
    emails: Vec<Email>,
    /// By idempotency key.
    answers: BTreeMap<String, Remembered>,
    /// The present second and the requests in it.
    rate: (i64, usize),
}

struct Remembered {
    /// Path and body.
    digest: Vec<u8>,
    answer: Value,
    until: i64,
}

impl Resend {
    pub(crate) fn new(url: &str) -> Self {
        Self { url: url.into(), office: Arc::default() }
    }

    /// Base address, without a trailing slash; a person reads the mails at `/inbox`.
    pub fn url(&self) -> &str {
        &self.url
    }
    /// The key that the simulator knows.
    pub fn api_key(&self) -> &str {
        API_KEY
    }
    /// A sender for the product's mails.
    pub fn from(&self) -> &str {
        FROM
    }
    /// Every mail that was accepted, oldest first.
    pub fn emails(&self) -> Vec<Email> {
        self.office().emails.clone()
    }

    fn page(&self, path: &str) -> Response<Body> {
        match path.strip_prefix("/inbox/") {
            None => inbox::list(&self.office().emails),
            Some(id) => inbox::show(self.office().emails.iter().find(|mail| mail.id == id)),
        }
    }

    fn call(&self, parts: &Parts, body: &Bytes) -> Response<Body> {
        // What the service's shield says before the service hears of the request.
        if header(&parts.headers, "user-agent").is_none_or(str::is_empty) {
            let mut response = Response::new(Body::from("error code: 1010"));
            *response.status_mut() = StatusCode::FORBIDDEN;
            return response;
        }
        let mut response = match self.answer(parts, body) {
            Ok(answer) => json_response(StatusCode::OK, &answer),
            Err(refusal) => json_response(refusal.status, &refusal.wire()),
        };
        let left = RATE.saturating_sub(self.count());
        let headers = response.headers_mut();
        for (name, value) in
            [("ratelimit-limit", RATE), ("ratelimit-remaining", left), ("ratelimit-reset", 1)]
        {
            headers.insert(name, HeaderValue::from(value));
        }
        response
    }

    fn answer(&self, parts: &Parts, body: &Bytes) -> Result<Value, Refusal> {
        let token = header(&parts.headers, "authorization").and_then(|v| v.strip_prefix("Bearer "));
        match token {
            None | Some("") => return Err(Refusal::new(401, "missing_api_key", "Missing API Key")),
            Some(API_KEY) => {}
            Some(_) => return Err(Refusal::new(403, "invalid_api_key", "API key is invalid")),
        }
        let path = parts.uri.path();
        let (get, post) = (parts.method == Method::GET, parts.method == Method::POST);
        match (path, path.strip_prefix("/emails/")) {
            ("/emails" | "/emails/batch", _) if post => self.send(parts, body),
            ("/emails", _) if get => Ok(self.listed()),
            (_, Some(id)) if get => self.one(id),
            ("/emails" | "/emails/batch", _) => {
                Err(Refusal::new(405, "method_not_allowed", "This endpoint does not support this method."))
            }
            _ => Err(Refusal::new(404, "not_found", "The requested endpoint does not exist")),
        }
    }

    fn send(&self, parts: &Parts, body: &Bytes) -> Result<Value, Refusal> {
        let key = header(&parts.headers, "idempotency-key");
        if key.is_some_and(|key| !(1..=256).contains(&key.chars().count())) {
            let message = "The idempotency key must be between 1 and 256 characters.";
            return Err(Refusal::new(400, "invalid_idempotency_key", message));
        }
        let path = parts.uri.path();
        let digest = Sha256::digest([path.as_bytes(), body].concat()).to_vec();
        // One lock for look-up and work: two requests with one key cannot pass each other.
        let mut office = self.office();
        let now = epoch_seconds();
        office.answers.retain(|_, remembered| remembered.until > now);
        if let Some(remembered) = key.and_then(|key| office.answers.get(key)) {
            if remembered.digest == digest {
                return Ok(remembered.answer.clone());
            }
            let message = "Same idempotency key used with a different request payload.";
            return Err(Refusal::new(409, "invalid_idempotent_request", message));
        }
        let payload: Value = serde_json::from_slice(body)
            .map_err(|_| Refusal::new(400, "validation_error", "The request body is not valid JSON."))?;
        let (emails, answer) = match path {
            "/emails" => {
                let email = accept(&payload, key, false)?;
                let answer = json!({"id": email.id});
                (vec![email], answer)
            }
            _ => batch(&payload, key, header(&parts.headers, "x-batch-validation") == Some("permissive"))?,
        };
        office.emails.extend(emails);
        if let Some(key) = key {
            let remembered = Remembered { digest, answer: answer.clone(), until: now + KEY_SECONDS };
            office.answers.insert(key.to_owned(), remembered);
        }
        Ok(answer)
    }

    fn listed(&self) -> Value {
        let data: Vec<Value> = self.office().emails.iter().rev().map(retrieved).collect();
        json!({"object": "list", "has_more": false, "data": data})
    }

    fn one(&self, id: &str) -> Result<Value, Refusal> {
        let office = self.office();
        let found = office.emails.iter().find(|mail| mail.id == id).map(retrieved);
        found.ok_or_else(|| Refusal::new(404, "not_found", "Email not found"))
    }

    /// Counts a request; gives how many there were in this second.
    fn count(&self) -> usize {
        let (mut office, now) = (self.office(), epoch_seconds());
        office.rate = if office.rate.0 == now { (now, office.rate.1 + 1) } else { (now, 1) };
        office.rate.1
    }

    fn office(&self) -> MutexGuard<'_, Office> {
        self.office.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A batch is all or nothing, unless the caller is permissive.
fn batch(payload: &Value, key: Option<&str>, permissive: bool) -> Result<(Vec<Email>, Value), Refusal> {
    let mails = payload.as_array().filter(|mails| (1..=MAX_BATCH).contains(&mails.len()));
    let Some(mails) = mails else {
        let message = format!("The payload must be an array of 1 to {MAX_BATCH} emails.");
        return Err(Refusal::new(422, "validation_error", message));
    };
    let (mut emails, mut errors) = (vec![], vec![]);
    for (index, mail) in mails.iter().enumerate() {
        match accept(mail, key, true) {
            Ok(email) => emails.push(email),
            Err(refusal) if permissive => errors.push(json!({"index": index, "message": refusal.message})),
            Err(refusal) => return Err(refusal),
        }
    }
    let ids: Vec<Value> = emails.iter().map(|email| json!({"id": email.id})).collect();
    let mut answer = json!({"data": ids});
    if permissive {
        answer["errors"] = json!(errors);
    }
    Ok((emails, answer))
}

/// A mail as the service shows it.
fn retrieved(mail: &Email) -> Value {
    json!({
        "object": "email", "id": mail.id, "to": mail.to, "from": mail.from, "created_at": mail.created_at,
        "subject": mail.subject, "html": mail.html, "text": mail.text, "cc": mail.cc, "bcc": mail.bcc,
        "reply_to": mail.reply_to, "last_event": "delivered",
    })
}

/// The error that usually comes with a status; what asks to wait says for how long.
fn usual(status: StatusCode) -> Response<Body> {
    let name = match status.as_u16() {
        403 => "invalid_api_key",
        429 => "rate_limit_exceeded",
        400..=499 => "validation_error",
        _ => "internal_server_error",
    };
    let refusal = Refusal { status, name, message: "Injected fault".to_owned() };
    let mut response = json_response(status, &refusal.wire());
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(names::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

struct Service {
    front: Front,
    simulator: Resend,
}

/// The service as a router.
pub(crate) fn router(simulator: Resend, front: Front) -> Router {
    Router::new().fallback(handle).with_state(Arc::new(Service { front, simulator }))
}

/// `/__devstack/resend`.
pub(crate) fn control(simulator: Resend) -> Router {
    let emails = get(async |State(simulator): State<Resend>| Json(simulator.emails()));
    Router::new().route("/__devstack/resend/emails", emails).with_state(simulator)
}

async fn handle(State(service): State<Arc<Service>>, request: Request) -> Response<Body> {
    let path = request.uri().path();
    // A person's reading is no call of the product: neither recorded nor hit by faults.
    if request.method() == Method::GET && (path == "/inbox" || path.starts_with("/inbox/")) {
        return service.simulator.page(path);
    }
    if path == "/" {
        return see_other("/inbox");
    }
    let work = |parts: &Parts, body: &Bytes| service.simulator.call(parts, body);
    service.front.answer(request, usual, work).await
}
