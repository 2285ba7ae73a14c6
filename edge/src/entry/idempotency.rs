//! `Idempotency-Key`: the first request does the work, its repeats get its answer.
//!
//! Redis is the fast half. A unique key in Postgres is the authority, so without Redis a repeat still creates nothing.

use gatehouse_core::context::sha256_hex;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::rate_limit::Policy;
use serde_json::Value;

use super::call::IdempotencyKey;
use super::limits;
use super::person::{Member, Person, UnverifiedMember};
use crate::clients::redis_keys as keys;
use crate::clients::upstash::{self, Script, script};
use crate::http::Reply;
use crate::scope::Scope;

static BEGIN: Script = script!("begin_idempotent");
static FINISH: Script = script!("finish_idempotent");

/// A claimed key. Its holder must [`end`](Claim::end) it with the result of the work.
pub struct Claim {
    /// None without Redis: then Postgres alone keeps a repeat from creating anything.
    key: Option<String>,
}

/// What became of an attempt to claim a key.
enum Begun {
    /// No request has used the key before: do the work.
    First(Claim),
    /// The stored answer of the first request.
    Repeat(Reply),
}

/// Does a member's request once: claims its key, counts it against the route's limit, and stores the answer for its
/// repeats; when the work failed the key is released. `fingerprint` says what the request asks for in the workspace whose
/// id it is given. A repeat is not counted.
///
/// # Errors
/// `rate_limited`, `idempotency_in_flight`, `idempotency_key_reused`, and what `work` ends with.
pub async fn once(
    scope: &Scope,
    member: &UnverifiedMember,
    IdempotencyKey(key): &IdempotencyKey,
    fingerprint: impl FnOnce(&str) -> String,
    work: impl AsyncFnOnce(&Member) -> Result<Reply, Error>,
) -> Result<Reply, Error> {
    let (member, limit) = member.checked_in_script();
    let policy = limit.ok_or(ErrorCode::Internal)?;
    let fingerprint = fingerprint(&member.workspace_id);
    let begun = begin(scope, policy, (member.user_id(), &member.workspace_id), key, &fingerprint).await?;
    run(scope, begun, work(member)).await
}

/// As [`once`], for a request about an order, counted for the person and the order.
///
/// # Errors
/// As [`once`].
pub async fn once_for_order(
    scope: &Scope,
    policy: &'static Policy,
    (person, order_id): (&Person, &str),
    IdempotencyKey(key): &IdempotencyKey,
    fingerprint: &str,
    work: impl Future<Output = Result<Reply, Error>>,
) -> Result<Reply, Error> {
    let begun = begin(scope, policy, (&person.session.user_id, order_id), key, fingerprint).await?;
    run(scope, begun, work).await
}

async fn run(
    scope: &Scope,
    begun: Begun,
    work: impl Future<Output = Result<Reply, Error>>,
) -> Result<Reply, Error> {
    let claim = match begun {
        Begun::Repeat(reply) => return Ok(reply),
        Begun::First(claim) => claim,
    };
    let result = work.await;
    claim.end(scope, &result);
    result
}

async fn begin(
    scope: &Scope,
    policy: &'static Policy,
    (user_id, subject): (&str, &str),
    key: &str,
    fingerprint: &str,
) -> Result<Begun, Error> {
    let key = keys::idempotency(user_id, policy.name, key);
    let lease = keys::IDEMPOTENCY_LEASE_MS.to_string();
    let fingerprint = sha256_hex(fingerprint);
    let keys = [key, keys::limit(policy.name, subject, user_id), keys::membership(subject, user_id)];
    let Ok(answer) =
        upstash::eval(scope, &BEGIN, &keys, &[&fingerprint, &lease, &policy.script_argument()]).await
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
        _ => stored_answer(&answer).map(Begun::Repeat),
    }
}

/// The stored answer of a key's first request, from what `repeated` in prelude.lua returns.
///
/// # Errors
/// `idempotency_in_flight`, `idempotency_key_reused`.
pub fn stored_answer(answer: &Value) -> Result<Reply, Error> {
    let text = |index: usize| answer.get(index).and_then(Value::as_str).unwrap_or_default();
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
    /// A key that another script has claimed.
    pub const fn of(key: String) -> Self {
        Self { key: Some(key) }
    }

    /// Stores the answer for a day, after it has gone out; after a failure, which a repeat may mend, releases the key.
    pub fn end(self, scope: &Scope, result: &Result<Reply, Error>) {
        let Some(key) = self.key else { return };
        let arguments = match result {
            Ok(reply) => {
                let body = String::from_utf8_lossy(&reply.body).into_owned();
                vec![keys::IDEMPOTENCY_TTL_MS.to_string(), reply.status.to_string(), body]
            }
            Err(_) => Vec::new(),
        };
        let background = scope.background();
        scope.wait_until(async move {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let ended = upstash::eval(&background, &FINISH, &[key], &arguments).await;
            background.log_background("finish_idempotent", ended.err());
        });
    }
}
