//! Upstash Redis over REST. A read-modify-write is one Lua script: one round trip, atomic.

use std::sync::OnceLock;

use gatehouse_core::error::{Error, ErrorCode};
use serde::Deserialize;
use serde_json::Value;
use sha1::{Digest, Sha1};

use super::unavailable;
use crate::outbound::{Answer, Call};
use crate::scope::Scope;

/// Postgres answers as fast as a cache that takes longer.
const DEADLINE_MS: u32 = 1_000;

/// A Lua script, with the names that its calls have in logs and `Server-Timing`.
pub struct Script {
    /// `EVALSHA <name>`.
    pub evalsha: &'static str,
    /// `EVAL <name>`: the one call that gives the server the text.
    pub eval: &'static str,
    /// Its text.
    pub text: &'static str,
    /// The SHA-1 of the text in hex, by which Redis knows it; computed at the first call.
    pub sha: OnceLock<String>,
}

impl Script {
    fn sha(&self) -> &str {
        let hex = || Sha1::digest(self.text).iter().map(|byte| format!("{byte:02x}")).collect();
        self.sha.get_or_init(hex)
    }
}

/// The script of a file in `lua/`, behind the helpers that all of them share. For a `static`, so that its hash is kept.
macro_rules! script {
    ($name:literal) => {
        $crate::clients::upstash::Script {
            evalsha: concat!("EVALSHA ", $name),
            eval: concat!("EVAL ", $name),
            text: concat!(
                include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lua/prelude.lua")),
                include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lua/", $name, ".lua")),
            ),
            sha: std::sync::OnceLock::new(),
        }
    };
}
pub(crate) use script;

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    result: Value,
    #[serde(default)]
    error: Option<String>,
}

/// Runs a script by its hash; a server that does not know it yet is given the text (one more call, once).
///
/// # Errors
/// `dependency_unavailable` when Redis cannot be reached or refuses.
pub async fn eval(
    scope: &Scope,
    script: &Script,
    keys: &[String],
    arguments: &[&str],
) -> Result<Value, Error> {
    match command(scope, script.evalsha, script.sha(), keys, arguments).await? {
        Envelope { error: Some(error), .. } if error.contains("NOSCRIPT") => {
            let envelope = command(scope, script.eval, script.text, keys, arguments).await?;
            result(scope, script, envelope)
        }
        envelope => result(scope, script, envelope),
    }
}

fn result(scope: &Scope, script: &Script, envelope: Envelope) -> Result<Value, Error> {
    match envelope.error {
        None => Ok(envelope.result),
        Some(error) => {
            // Redis names the script's line, never a value; the command itself is not echoed.
            scope.note_cause(format!("{}: {error}", script.evalsha));
            Err(refused())
        }
    }
}

fn refused() -> Error {
    Error::with_detail(ErrorCode::DependencyUnavailable, "The cache refused to answer.")
}

async fn command(
    scope: &Scope,
    operation: &'static str,
    name: &str,
    keys: &[String],
    arguments: &[&str],
) -> Result<Envelope, Error> {
    let verb = operation.split(' ').next().unwrap_or_default();
    let mut parts = vec![verb.to_owned(), name.to_owned(), keys.len().to_string()];
    parts.extend(keys.iter().cloned());
    parts.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    let bearer = format!("Bearer {}", scope.settings.upstash_token);
    let call = Call {
        service: "upstash",
        operation,
        method: "POST",
        url: &scope.settings.upstash_url,
        headers: &[("authorization", &bearer)],
        body: Some(serde_json::to_string(&parts).unwrap_or_default()),
        deadline_ms: DEADLINE_MS,
    };
    let Answer { status, body } =
        scope.outbound.send(call).await.map_err(|unanswered| unavailable(scope, &unanswered))?;
    match status {
        200 | 400 => serde_json::from_slice(&body).map_err(|error| {
            scope.note_cause(format!("{} answered another shape: {error}", operation));
            refused()
        }),
        status => {
            scope.note_cause(format!("{} answered {status}", operation));
            Err(refused())
        }
    }
}
