//! `Idempotency-Key`: the first request works, its repeats get its answer.
//!
//! Redis is the fast half. The truth is a unique key in Postgres, so without Redis a repeat still makes nothing.

use gatehouse_core::context::sha256_hex;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::rate_limit::Policy;
use serde_json::Value;

use crate::app::Scope;
use crate::clients::redis_keys as keys;
use crate::clients::upstash::{self, Script, script};
use crate::http::{Reply, Request};
use crate::limits;

const BEGIN: Script = script!("begin_idempotent");
const FINISH: Script = script!("finish_idempotent");

/// The header's value: 8 to 64 letters, digits, `-` or `_`.
///
/// # Errors
/// `idempotency_key_missing`, also for one of another shape.
pub fn key_of(request: &Request<'_>) -> Result<String, Error> {
    let sane = |key: &String| {
        (8..=64).contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    request.header("idempotency-key").filter(sane).ok_or_else(|| ErrorCode::IdempotencyKeyMissing.into())
}

/// A claimed key. Its holder must [`finish`](Claim::finish) it or [`release`](Claim::release) it.
pub struct Claim {
    key: Option<String>,
}

/// What a claim met.
enum Begun {
    /// Nobody was here before: go on.
    First(Claim),
    /// The kept answer of the first request.
    Repeat(Reply),
}

/// Claims the key for a person's request in a workspace or about an order, whose meaning is `fingerprint`, and counts
/// it against the limit. A repeat is not counted.
///
/// # Errors
/// `rate_limited`, `idempotency_in_flight`, `idempotency_key_reused`.
async fn begin(
    scope: &Scope,
    policy: &'static Policy,
    (user_id, subject): (&str, &str),
    key: &str,
    fingerprint: &str,
) -> Result<Begun, Error> {
    let key = keys::idempotency(user_id, policy.name, key);
    let lease = keys::IDEMPOTENCY_LEASE_MS.to_string();
    let meaning = sha256_hex(fingerprint);
    let keys = [key, keys::limit(policy.name, subject, user_id), keys::membership(subject, user_id)];
    let Ok(answer) =
        upstash::eval(scope, &BEGIN, &keys, &[&meaning, &lease, &policy.script_argument()]).await
    else {
        return Ok(Begun::First(Claim { key: None }));
    };
    let [key, ..] = keys;
    let text = |index: usize| answer.get(index).and_then(Value::as_str).unwrap_or_default();
    if matches!(text(0), "new" | "limited") {
        limits::judge(scope, policy, answer.get(1))?;
    }
    match text(0) {
        "new" => Ok(Begun::First(Claim { key: Some(key) })),
        _ => repeat(&answer).map(Begun::Repeat),
    }
}

/// Does a person's request once: claims its key as [`begin`] does, and keeps the answer for the repeats, or lets the key
/// go when the work failed.
///
/// # Errors
/// As [`begin`], and what `work` ends with.
pub async fn once(
    scope: &Scope,
    policy: &'static Policy,
    who: (&str, &str),
    key: &str,
    fingerprint: &str,
    work: impl Future<Output = Result<Reply, Error>>,
) -> Result<Reply, Error> {
    let claim = match begin(scope, policy, who, key, fingerprint).await? {
        Begun::Repeat(reply) => return Ok(reply),
        Begun::First(claim) => claim,
    };
    let ended = work.await;
    match &ended {
        Ok(reply) => claim.finish(scope, reply),
        Err(_) => claim.release(scope),
    }
    ended
}

/// The kept answer of a key's first request, from what `repeated` in prelude.lua tells of it.
///
/// # Errors
/// `idempotency_in_flight`, `idempotency_key_reused`.
pub fn repeat(told: &Value) -> Result<Reply, Error> {
    let text = |index: usize| told.get(index).and_then(Value::as_str).unwrap_or_default();
    match text(0) {
        "done" => {
            let status = text(1).parse().unwrap_or(200);
            Ok(Reply::json_text(status, text(2)).with("idempotent-replayed", "true"))
        }
        "reused" => Err(ErrorCode::IdempotencyKeyReused.into()),
        _ => Err(ErrorCode::IdempotencyInFlight.into()),
    }
}

impl Claim {
    /// Of a key that another script has claimed.
    pub const fn of(key: String) -> Self {
        Self { key: Some(key) }
    }

    /// Keeps the answer for a day, after it has gone out.
    pub fn finish(self, scope: &Scope, reply: &Reply) {
        let (status, body) = (reply.status.to_string(), String::from_utf8_lossy(&reply.body).into_owned());
        self.end(scope, vec![keys::IDEMPOTENCY_TTL_MS.to_string(), status, body]);
    }

    /// Lets the key go after a failure that a repeat may mend.
    pub fn release(self, scope: &Scope) {
        self.end(scope, Vec::new());
    }

    fn end(self, scope: &Scope, arguments: Vec<String>) {
        let Some(key) = self.key else { return };
        let background = scope.background();
        scope.after(async move {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let ended = upstash::eval(&background, &FINISH, &[key], &arguments).await;
            background.log_background("finish_idempotent", ended.err());
        });
    }
}
