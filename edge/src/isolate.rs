//! What an isolate makes once and keeps: checked settings, signing keys, script names. Values only, never
//! futures: a Worker may not await another request's IO.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gatehouse_core::auth::Jwks;
use gatehouse_core::env::{Env, EnvProblem, SETTINGS};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::payment::phonepe::TokenAnswer;
use gatehouse_core::suggestions;
use gatehouse_core::time::Timestamp;

use crate::platform;

/// The project's keys as last fetched.
pub struct KeySet {
    /// The public keys.
    pub jwks: Jwks,
    /// Imported keys by `kid`; importing costs more than verifying.
    pub imported: RefCell<Vec<(String, web_sys::CryptoKey)>>,
    /// When they were fetched, in milliseconds since 1970.
    pub fetched_ms: f64,
}

/// When the key set was asked for, in milliseconds since 1970.
#[derive(Clone, Copy)]
pub struct KeysAsked {
    /// The start of a call that has not come back.
    pub under_way_ms: Option<f64>,
    /// The start of the last call.
    pub attempt_ms: Option<f64>,
    /// When a new key set last did not have the key that it was asked for.
    pub unknown_ms: Option<f64>,
}

thread_local! {
    static SETTINGS_READ: RefCell<Option<Rc<Env>>> = const { RefCell::new(None) };
    static KEYS: RefCell<Option<Rc<KeySet>>> = const { RefCell::new(None) };
    static KEYS_ASKED: Cell<KeysAsked> = const {
        Cell::new(KeysAsked { under_way_ms: None, attempt_ms: None, unknown_ms: None })
    };
    static VERTEX_TOKEN: RefCell<Option<(String, Timestamp)>> = const { RefCell::new(None) };
    static PHONEPE_TOKEN: RefCell<Option<(String, Timestamp)>> = const { RefCell::new(None) };
}

/// The checked settings. All problems are logged at once, by name and never by value.
///
/// # Errors
/// `misconfigured`.
pub fn settings(env: &worker::Env) -> Result<Rc<Env>, Error> {
    if let Some(settings) = SETTINGS_READ.with_borrow(Clone::clone) {
        return Ok(settings);
    }
    let lookup = |name: &str| env.var(name).ok().map(|value| value.to_string());
    let settings = Rc::new(Env::read(lookup).map_err(|problems| misconfigured(&problems))?);
    SETTINGS_READ.set(Some(Rc::clone(&settings)));
    Ok(settings)
}

fn misconfigured(problems: &[EnvProblem]) -> Error {
    let list: Vec<_> = problems
        .iter()
        .map(|problem| serde_json::json!({"name": problem.name, "message": problem.message}))
        .collect();
    platform::console_log(
        &serde_json::json!({"event": "config", "level": "error", "problems": list}).to_string(),
    );
    Error::with_detail(
        ErrorCode::Misconfigured,
        format!("{} of {} settings need attention; the log names each.", problems.len(), SETTINGS.len()),
    )
}

/// The key set, however old; core judges its age.
pub fn keys() -> Option<Rc<KeySet>> {
    KEYS.with_borrow(Clone::clone)
}

/// Keeps a newly fetched key set.
pub fn keep_keys(jwks: Jwks) -> Rc<KeySet> {
    let keys = Rc::new(KeySet { jwks, imported: RefCell::new(Vec::new()), fetched_ms: platform::now_ms() });
    KEYS.set(Some(Rc::clone(&keys)));
    keys
}

/// When the key set was asked for.
pub fn keys_asked() -> KeysAsked {
    KEYS_ASKED.get()
}

/// Notes that the key set is being asked for.
pub fn begin_asking() {
    let now = Some(platform::now_ms());
    KEYS_ASKED.set(KeysAsked { under_way_ms: now, attempt_ms: now, ..KEYS_ASKED.get() });
}

/// Notes that the call came back, whatever it brought.
pub fn end_asking() {
    KEYS_ASKED.set(KeysAsked { under_way_ms: None, ..KEYS_ASKED.get() });
}

/// Notes that a new key set did not have the key that it was asked for.
pub fn note_unknown_key() {
    KEYS_ASKED.set(KeysAsked { unknown_ms: Some(platform::now_ms()), ..KEYS_ASKED.get() });
}

/// PhonePe's token, while it is to be kept.
pub fn phonepe_token(now: Timestamp) -> Option<String> {
    PHONEPE_TOKEN
        .with_borrow(|kept| kept.as_ref().filter(|(_, until)| *until > now).map(|(token, _)| token.clone()))
}

/// Keeps a newly fetched token to half of its life.
pub fn keep_phonepe_token(token: &TokenAnswer, now: Timestamp) {
    PHONEPE_TOKEN.set(Some((token.access_token.clone(), token.keep_until(now))));
}

/// Vertex AI's token, while it is to be kept.
pub fn vertex_token(now: Timestamp) -> Option<String> {
    VERTEX_TOKEN
        .with_borrow(|kept| kept.as_ref().filter(|(_, until)| *until > now).map(|(token, _)| token.clone()))
}

/// Keeps a newly fetched token until shortly before its end.
pub fn keep_vertex_token(token: &suggestions::TokenAnswer, now: Timestamp) {
    VERTEX_TOKEN.set(Some((token.access_token.clone(), token.keep_until(now))));
}
