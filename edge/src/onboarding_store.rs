//! Where a workspace's onboarding session is read from and saved to: Redis, where one script compares, writes and
//! checks the membership in one call; behind it a snapshot in Postgres, for when Redis is away or has lost it.

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::{Answer, Answers, Changes, FieldId, Session, stored_answers};
use gatehouse_core::vocabulary::{MemberRole, SessionState};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::app::Scope;
use crate::clients::postgrest::{self, Failure};
use crate::clients::redis_keys as keys;
use crate::clients::upstash::{self, Script, script};
use crate::platform;
use crate::session::SignedIn;

const SESSION: Script = script!("onboarding_session");

/// What is to be done with a session.
pub enum Edit {
    /// Nothing: it is read.
    Read,
    /// The same while Postgres is away.
    ReadDegraded,
    /// Some answers become others.
    Change(Changes),
    /// The same as merged with answers that were seen: it counts too when the revision has moved on and these fields
    /// have not, so that however many save at once, a merge is written at the first try.
    Merge(Changes, Answers),
    /// All answers become these.
    Replace(Answers),
}

/// A session as it now is.
pub struct Held {
    /// The session.
    pub session: Session,
    /// How long Redis will keep it, in milliseconds; absent when Redis is away.
    pub ttl_ms: Option<i64>,
    /// The part that was away, where one was: without Redis the snapshot is read and written, without Postgres a
    /// membership of the last 15 minutes still reads.
    pub degraded: Option<&'static str>,
}

/// What became of an edit.
pub enum Outcome {
    /// It was done.
    Done(Held),
    /// The session is not at the expected revision, and nothing was done.
    Stale(Held),
}

/// A membership record, as far as it matters here.
#[derive(Deserialize)]
pub struct Membership {
    /// The caller's role.
    pub role: MemberRole,
}

impl Membership {
    /// Refuses who may only read.
    ///
    /// # Errors
    /// `role_not_allowed`.
    pub fn require_editor(&self) -> Result<(), Error> {
        match self.role {
            MemberRole::Owner | MemberRole::Admin => Ok(()),
            MemberRole::Member => Err(role_not_allowed()),
        }
    }
}

/// The durable side, as `read_snapshot()` of the database answers it.
pub struct Durable {
    record: Value,
    /// The caller's membership.
    pub member: Membership,
    /// The session, new when none was ever saved.
    pub session: Session,
}

/// Reads or edits the session, on condition that it is at the `expected` revision, where one is given. One call
/// when Redis knows the membership and the session; two more when it does not.
///
/// # Errors
/// `workspace_not_found`, `role_not_allowed`, `session_submitted`, `dependency_unavailable`.
pub async fn apply(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    edit: &Edit,
    expected: Option<u32>,
) -> Result<Outcome, Error> {
    let Ok(first) = run(scope, person, workspace_id, edit, expected, None).await else {
        return apply_to_snapshot(scope, person, workspace_id, edit, expected).await;
    };
    let answer = if first.is_cold() {
        match read_durable(scope, person, workspace_id).await {
            Ok(durable) => match run(scope, person, workspace_id, edit, expected, Some(&durable)).await {
                Ok(answer) => answer,
                Err(_) => return apply_to_snapshot(scope, person, workspace_id, edit, expected).await,
            },
            Err(error) => return read_without_postgres(scope, person, workspace_id, edit, error).await,
        }
    } else {
        first
    };
    // A fresh start is written at once: losing it would bring back what somebody has thrown away.
    let due = answer.due || matches!(edit, Edit::Replace(answers) if *answers == Answers::default());
    let outcome = answer.judge(scope)?;
    if let (Outcome::Done(held), true) = (&outcome, due) {
        keep_snapshot(scope, person, workspace_id, &held.session);
    }
    Ok(outcome)
}

/// While Postgres is away, who was a member lately may still read what Redis has.
async fn read_without_postgres(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    edit: &Edit,
    error: Error,
) -> Result<Outcome, Error> {
    if error.code != ErrorCode::DependencyUnavailable || !matches!(edit, Edit::Read) {
        return Err(error);
    }
    let answer = run(scope, person, workspace_id, &Edit::ReadDegraded, None, None).await;
    let Some(answer) = answer.ok().filter(|answer| !answer.is_cold()) else { return Err(error) };
    Ok(match answer.judge(scope)? {
        Outcome::Done(held) => Outcome::Done(Held { degraded: Some("postgres"), ..held }),
        stale => stale,
    })
}

/// Reads membership and snapshot from Postgres with the person's own token.
///
/// # Errors
/// `workspace_not_found` for outsiders, `dependency_unavailable`.
pub async fn read_durable(scope: &Scope, person: &SignedIn, workspace_id: &str) -> Result<Durable, Error> {
    #[derive(Deserialize)]
    struct Row {
        membership: Value,
        snapshot: Option<Snapshot>,
    }
    #[derive(Deserialize)]
    struct Snapshot {
        revision: u32,
        state: SessionState,
        answers: Map<String, Value>,
    }
    let arguments = json!({"p_workspace_id": workspace_id});
    let row: Row =
        postgrest::rpc(scope, person, "rpc/read_snapshot", &arguments).await.map_err(Failure::into_error)?;
    let member = Membership::deserialize(&row.membership).map_err(|error| {
        scope.note_cause(format!("rpc/read_snapshot answered another membership: {error}"));
        Error::new(ErrorCode::Internal)
    })?;
    let session = row.snapshot.map_or_else(Session::new, |Snapshot { revision, state, answers }| Session {
        revision,
        state,
        answers: stored_answers(&answers),
    });
    Ok(Durable { record: row.membership, member, session })
}

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
    Some(Session { revision: session?, state, answers: stored_answers(&answers) })
}

/// What the script answered.
struct Looked {
    outcome: String,
    ttl_ms: Option<i64>,
    due: bool,
    session: Option<Session>,
}

impl Looked {
    fn is_cold(&self) -> bool {
        self.outcome == "cold"
    }

    fn judge(self, scope: &Scope) -> Result<Outcome, Error> {
        if self.outcome == "role" {
            return Err(role_not_allowed());
        }
        let Some(session) = self.session else {
            scope.note_cause(format!("the session in Redis cannot be read ({})", self.outcome));
            return Err(ErrorCode::Internal.into());
        };
        let held = Held { session, ttl_ms: self.ttl_ms, degraded: None };
        match self.outcome.as_str() {
            "submitted" => Err(ErrorCode::SessionSubmitted.into()),
            "stale" => Ok(Outcome::Stale(held)),
            _ => Ok(Outcome::Done(held)),
        }
    }
}

async fn run(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    edit: &Edit,
    expected: Option<u32>,
    restore: Option<&Durable>,
) -> Result<Looked, Error> {
    let keys = [
        keys::membership(workspace_id, &person.session.user_id),
        keys::session(workspace_id),
        keys::snapshot_lease(workspace_id),
    ];
    let (operation, pairs) = match edit {
        Edit::Read => ("read", Vec::new()),
        Edit::ReadDegraded => ("degraded", Vec::new()),
        Edit::Change(changes) => ("change", changed(changes)),
        Edit::Merge(changes, seen) => ("merge", merged(changes, seen)),
        Edit::Replace(answers) => ("replace", fields(answers)),
    };
    let mut arguments = vec![
        operation.to_owned(),
        keys::SESSION_TTL_MS.to_string(),
        keys::SNAPSHOT_LEASE_TTL_MS.to_string(),
        expected.map(|revision| revision.to_string()).unwrap_or_default(),
    ];
    arguments.extend(restored(restore));
    arguments.extend(pairs);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let answer = upstash::eval(scope, &SESSION, &keys, &arguments).await?;
    let parts = answer.as_array().map_or(&[][..], Vec::as_slice);
    Ok(Looked {
        outcome: parts.first().and_then(Value::as_str).unwrap_or_default().to_owned(),
        ttl_ms: parts.get(1).and_then(Value::as_i64),
        due: parts.get(2).and_then(Value::as_i64) == Some(1),
        session: parts.get(3..).and_then(parse),
    })
}

fn changed(changes: &Changes) -> Vec<String> {
    changes.iter().flat_map(|(id, answer)| [id.as_str().to_owned(), text(answer.as_ref())]).collect()
}

fn merged(changes: &Changes, seen: &Answers) -> Vec<String> {
    let triple = |(id, answer): (FieldId, &Option<Answer>)| {
        [id.as_str().to_owned(), text(answer.as_ref()), text(seen.get(id))]
    };
    changes.iter().flat_map(triple).collect()
}

/// An answer as Redis keeps it; nothing for none.
fn text(answer: Option<&Answer>) -> String {
    answer.map(|answer| json!(answer).to_string()).unwrap_or_default()
}

/// The script's arguments 5 to 10, and the snapshot's pairs.
fn restored(durable: Option<&Durable>) -> Vec<String> {
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

/// The same without Redis: the snapshot is what is compared and written. An edit needs a revision to compare with,
/// because nobody can ask Redis how far it had come.
async fn apply_to_snapshot(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    edit: &Edit,
    expected: Option<u32>,
) -> Result<Outcome, Error> {
    let mut durable = read_durable(scope, person, workspace_id).await?;
    let held = |session| Held { session, ttl_ms: None, degraded: Some("redis") };
    let answers = match edit {
        Edit::Read | Edit::ReadDegraded => return Ok(Outcome::Done(held(durable.session))),
        Edit::Change(changes) | Edit::Merge(changes, _) => durable.session.answers.clone().with(changes),
        Edit::Replace(answers) => answers.clone(),
    };
    durable.member.require_editor()?;
    if durable.session.state == SessionState::Submitted {
        return Err(ErrorCode::SessionSubmitted.into());
    }
    let Some(expected) = expected else {
        return Err(Error::with_detail(
            ErrorCode::DependencyUnavailable,
            "The cache cannot be reached; name a revision in If-Match, or try again later.",
        ));
    };
    // The snapshot may be behind the revision, by saves of the last seconds; it must not be ahead of it.
    if durable.session.revision > expected {
        return Ok(Outcome::Stale(held(durable.session)));
    }
    let session = Session { revision: expected.saturating_add(1), state: SessionState::Draft, answers };
    if !save_snapshot(scope, person, workspace_id, &session).await?.saved {
        let newer = read_durable(scope, person, workspace_id).await?;
        return Ok(Outcome::Stale(held(newer.session)));
    }
    durable.session = session.clone();
    tell_redis(scope, person, workspace_id, durable);
    Ok(Outcome::Done(held(session)))
}

/// Should Redis have been away for a moment only, it must not go on with its older copy.
fn tell_redis(scope: &Scope, person: &SignedIn, workspace_id: &str, durable: Durable) {
    let (background, person, workspace_id) = (scope.background(), person.clone(), workspace_id.to_owned());
    scope.after(async move {
        let told = run(&background, &person, &workspace_id, &Edit::Read, None, Some(&durable)).await;
        background.log_background("restore_session", told.err());
    });
}

/// `save_snapshot()` of the database.
#[derive(Deserialize)]
struct Saved {
    saved: bool,
}

async fn save_snapshot(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    session: &Session,
) -> Result<Saved, Error> {
    let arguments = json!({
        "p_workspace_id": workspace_id, "p_revision": session.revision, "p_state": session.state,
        "p_answers": session.answers,
    });
    postgrest::rpc(scope, person, "rpc/save_snapshot", &arguments).await.map_err(Failure::into_error)
}

/// Writes a snapshot after the answer, and another when the lease is over if others saved meanwhile: it may be that
/// nobody saves again. A failed one is made good by the second, or by the next save.
fn keep_snapshot(scope: &Scope, person: &SignedIn, workspace_id: &str, session: &Session) {
    let (background, person, workspace_id) = (scope.background(), person.clone(), workspace_id.to_owned());
    let (session, started) = (session.clone(), platform::now_ms());
    scope.after(async move {
        let kept = save_snapshot(&background, &person, &workspace_id, &session).await;
        let kept_revision = if kept.is_ok() { session.revision } else { 0 };
        background.log_background("save_snapshot", kept.err());
        platform::sleep(keys::SNAPSHOT_LEASE_TTL_MS.saturating_sub(platform::elapsed_ms(started))).await;
        let kept = keep_later(&background, &person, &workspace_id, kept_revision).await;
        background.log_background("save_snapshot", kept.err());
    });
}

/// Writes what was saved after the revision that is kept.
async fn keep_later(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    kept_revision: u32,
) -> Result<(), Error> {
    let mut looked = run(scope, person, workspace_id, &Edit::Read, None, None).await?;
    if looked.is_cold() {
        let durable = read_durable(scope, person, workspace_id).await?;
        looked = run(scope, person, workspace_id, &Edit::Read, None, Some(&durable)).await?;
    }
    match looked.session {
        Some(session) if session.state == SessionState::Draft && session.revision > kept_revision => {
            save_snapshot(scope, person, workspace_id, &session).await.map(drop)
        }
        _ => Ok(()),
    }
}

fn role_not_allowed() -> Error {
    Error::with_detail(ErrorCode::RoleNotAllowed, "Only an owner or an admin may edit the onboarding.")
}
