//! The session in Redis: one script compares, writes and checks the membership.

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::{Answer, Answers, Changes, FieldId, Session, valid_answers};
use gatehouse_core::vocabulary::SessionState;
use serde_json::{Map, Value, json};

use super::durable::Durable;
use super::edit::{Edit, Outcome, StoredSession, role_not_allowed};
use crate::clients::redis_keys as keys;
use crate::clients::upstash::{self, Script, script};
use crate::entry::Member;
use crate::scope::Scope;

static SESSION: Script = script!("onboarding_session");

/// Answers as the pairs of field and JSON that scripts take.
pub fn fields(answers: &Answers) -> Vec<String> {
    answers.iter().flat_map(|(id, answer)| [id.as_str().to_owned(), json!(answer).to_string()]).collect()
}

/// A session from the flat list that Redis answers for a hash; `None` when there is none.
pub fn parse(flat: &[Value]) -> Option<Session> {
    let mut session = None;
    let mut state = SessionState::Draft;
    let mut answers = Map::new();
    for pair in flat.chunks(2) {
        let (name, value) = (pair.first()?.as_str()?, pair.get(1)?.as_str()?);
        match name {
            "revision" => session = value.parse().ok(),
            "state" => state = SessionState::parse(value)?,
            _ if FieldId::parse(name).is_some() => {
                answers.insert(name.to_owned(), serde_json::from_str(value).unwrap_or_default());
            }
            _ => {}
        }
    }
    Some(Session { revision: session?, state, answers: valid_answers(&answers) })
}

/// The script's answer.
pub struct ScriptAnswer {
    outcome: String,
    ttl_ms: Option<i64>,
    /// Whether a snapshot is to be written now.
    pub due: bool,
    /// The session, where there is one.
    pub session: Option<Session>,
}

impl ScriptAnswer {
    /// Whether Redis has not both the membership and the session.
    pub fn is_cold(&self) -> bool {
        self.outcome == "cold"
    }

    /// The outcome of an edit.
    ///
    /// # Errors
    /// `role_not_allowed`, `session_submitted`.
    pub fn judge(self, scope: &Scope) -> Result<Outcome, Error> {
        if self.outcome == "role" {
            return Err(role_not_allowed());
        }
        let Some(session) = self.session else {
            scope.note_cause(format!("the session in Redis cannot be read ({})", self.outcome));
            return Err(ErrorCode::Internal.into());
        };
        let stored = StoredSession { session, ttl_ms: self.ttl_ms, degraded: None };
        match self.outcome.as_str() {
            "submitted" => Err(ErrorCode::SessionSubmitted.into()),
            "stale" => Ok(Outcome::Stale(stored)),
            _ => Ok(Outcome::Done(stored)),
        }
    }
}

/// Runs the script; `restore` is what it works on when Redis has nothing, or something older.
///
/// # Errors
/// `dependency_unavailable`.
pub async fn run(
    scope: &Scope,
    member: &Member,
    edit: &Edit,
    expected: Option<u32>,
    restore: Option<&Durable>,
) -> Result<ScriptAnswer, Error> {
    let (operation, pairs) = match edit {
        Edit::Read => ("read", Vec::new()),
        Edit::ReadDegraded => ("degraded", Vec::new()),
        Edit::RecheckAfterLease => ("recheck", Vec::new()),
        Edit::Change(changes) => ("change", change_pairs(changes)),
        Edit::Merge(changes, seen) => ("merge", merge_triples(changes, seen)),
        Edit::Replace(answers) => ("replace", fields(answers)),
    };
    call(scope, member, operation, pairs, expected, restore).await
}

/// Applies changes again to what Redis has, after Redis and Postgres have diverged; `durable` is restored where it is
/// newer. With `revision`, Postgres had `durable` before it stored these changes under that number. Without one, Postgres
/// has gone ahead, and where it has not, the changes are in Redis already and nothing is written.
///
/// # Errors
/// `dependency_unavailable`.
pub async fn reapply_changes(
    scope: &Scope,
    member: &Member,
    changes: &Changes,
    durable: &Durable,
    revision: Option<u32>,
) -> Result<ScriptAnswer, Error> {
    call(scope, member, "reapply", change_pairs(changes), revision, Some(durable)).await
}

async fn call(
    scope: &Scope,
    member: &Member,
    operation: &str,
    pairs: Vec<String>,
    expected: Option<u32>,
    restore: Option<&Durable>,
) -> Result<ScriptAnswer, Error> {
    let workspace_id = &member.workspace_id;
    let keys = [
        keys::membership(workspace_id, member.user_id()),
        keys::session(workspace_id),
        keys::snapshot_lease(workspace_id),
    ];
    let mut arguments = vec![
        operation.to_owned(),
        keys::SESSION_TTL_MS.to_string(),
        keys::SNAPSHOT_LEASE_TTL_MS.to_string(),
        expected.map(|revision| revision.to_string()).unwrap_or_default(),
    ];
    arguments.extend(restore_arguments(restore));
    arguments.extend(pairs);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let answer = upstash::eval(scope, &SESSION, &keys, &arguments).await?;
    let parts = answer.as_array().map_or(&[][..], Vec::as_slice);
    Ok(ScriptAnswer {
        outcome: parts.first().and_then(Value::as_str).unwrap_or_default().to_owned(),
        ttl_ms: parts.get(1).and_then(Value::as_i64),
        due: parts.get(2).and_then(Value::as_i64) == Some(1),
        session: parts.get(3..).and_then(parse),
    })
}

fn change_pairs(changes: &Changes) -> Vec<String> {
    changes.iter().flat_map(|(id, answer)| [id.as_str().to_owned(), text(answer.as_ref())]).collect()
}

fn merge_triples(changes: &Changes, seen: &Answers) -> Vec<String> {
    let triple = |(id, answer): (FieldId, &Option<Answer>)| {
        [id.as_str().to_owned(), text(answer.as_ref()), text(seen.get(id))]
    };
    changes.iter().flat_map(triple).collect()
}

/// An answer as Redis stores it; empty for none.
fn text(answer: Option<&Answer>) -> String {
    answer.map(|answer| json!(answer).to_string()).unwrap_or_default()
}

/// The script's arguments 5 to 10, and the snapshot's pairs.
fn restore_arguments(durable: Option<&Durable>) -> Vec<String> {
    let Some(Durable { record, session, .. }) = durable else {
        return ["", "", "", "", "", "0"].map(str::to_owned).to_vec();
    };
    let ttl = match session.state {
        SessionState::Draft => keys::SESSION_TTL_MS,
        SessionState::Submitted => keys::SUBMITTED_TTL_MS,
    };
    let pairs = fields(&session.answers);
    let mut arguments = vec![
        record.to_string(),
        keys::MEMBERSHIP_TTL_MS.to_string(),
        session.revision.to_string(),
        session.state.as_str().to_owned(),
        ttl.to_string(),
        (pairs.len() / 2).to_string(),
    ];
    arguments.extend(pairs);
    arguments
}
