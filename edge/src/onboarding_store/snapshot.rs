//! The snapshot in Postgres: what is read when Redis has lost the session, and written to when it is away.

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::{Changes, Session, difference, valid_answers};
use gatehouse_core::vocabulary::SessionState;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Edit, Held, Membership, Outcome, redis};
use crate::app::Scope;
use crate::clients::postgrest::{self, Failure};
use crate::clients::redis_keys as keys;
use crate::platform;
use crate::session::SignedIn;

/// The durable side, as `read_snapshot()` of the database answers it.
pub struct Durable {
    /// The membership as Redis keeps it.
    pub record: Value,
    /// The caller's membership.
    pub member: Membership,
    /// The session, new when none was ever saved.
    pub session: Session,
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
        answers: valid_answers(&answers),
    });
    Ok(Durable { record: row.membership, member, session })
}

/// The same without Redis: the snapshot is what is compared and written. An edit needs a revision to compare with,
/// because nobody can ask Redis how far it had come.
///
/// # Errors
/// As [`super::apply`].
pub async fn apply(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    edit: &Edit,
    expected: Option<u32>,
) -> Result<Outcome, Error> {
    let durable = read_durable(scope, person, workspace_id).await?;
    let held = |session| Held { session, ttl_ms: None, degraded: Some("redis") };
    let answers = match edit {
        Edit::Read | Edit::ReadDegraded | Edit::SecondLook => {
            return Ok(Outcome::Done(held(durable.session)));
        }
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
    if !durable.session.can_be_behind(expected) {
        return Ok(Outcome::Stale(held(durable.session)));
    }
    let session = Session { revision: expected.saturating_add(1), state: SessionState::Draft, answers };
    if !save_snapshot(scope, person, workspace_id, &session).await?.saved {
        let newer = read_durable(scope, person, workspace_id).await?;
        return Ok(Outcome::Stale(held(newer.session)));
    }
    tell_redis(scope, person, workspace_id, edit, durable, &session);
    Ok(Outcome::Done(held(session)))
}

/// Should Redis have been away for a moment only, it must not go on without what was `saved` on top of `durable`. It may
/// know of saves that no snapshot has yet: those stay, and a snapshot of both is written.
fn tell_redis(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    edit: &Edit,
    mut durable: Durable,
    saved: &Session,
) {
    let (background, person, workspace_id) = (scope.background(), person.clone(), workspace_id.to_owned());
    let (changes, saved) = (edit.changes().cloned(), saved.clone());
    scope.after(async move {
        let told = match changes {
            Some(changes) => {
                let revision = Some(saved.revision);
                let joined =
                    redis::rejoin(&background, &person, &workspace_id, &changes, &durable, revision).await;
                keep_joined(&background, &person, &workspace_id, joined, &saved).await.map(drop)
            }
            None => {
                durable.session = saved;
                redis::run(&background, &person, &workspace_id, &Edit::Read, None, Some(&durable))
                    .await
                    .map(drop)
            }
        };
        background.log_background("restore_session", told.err());
    });
}

/// Writes a snapshot of what Redis has joined, where it is more than Postgres has; answers what both have now.
async fn keep_joined(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    joined: Result<redis::Looked, Error>,
    durable: &Session,
) -> Result<Session, Error> {
    match joined?.session {
        Some(joined) if joined.state == SessionState::Draft && joined.revision > durable.revision => {
            save_snapshot(scope, person, workspace_id, &joined).await.map(|_| joined)
        }
        _ => Ok(durable.clone()),
    }
}

/// Gives Redis what Postgres has, where that is newer.
///
/// # Errors
/// As [`read_durable`], `dependency_unavailable`.
pub async fn restore(scope: &Scope, person: &SignedIn, workspace_id: &str) -> Result<(), Error> {
    let durable = read_durable(scope, person, workspace_id).await?;
    redis::run(scope, person, workspace_id, &Edit::Read, None, Some(&durable)).await.map(drop)
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
/// nobody saves again. A failed one is made good by the second, or by the next save. `changes` are those of the save.
pub fn keep(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    session: &Session,
    changes: Option<&Changes>,
) {
    let (background, person, workspace_id) = (scope.background(), person.clone(), workspace_id.to_owned());
    let (session, changes, started) =
        (session.clone(), changes.cloned().unwrap_or_default(), platform::now_ms());
    scope.after(async move {
        let kept = save(&background, &person, &workspace_id, &session, &changes, Look::First).await;
        let (kept, failed) = match kept {
            Ok(kept) => (kept, None),
            Err(error) => (None, Some(error)),
        };
        background.log_background("save_snapshot", failed);
        platform::sleep(keys::SNAPSHOT_LEASE_TTL_MS.saturating_sub(platform::elapsed_ms(started))).await;
        // What could not be kept is written by the second look, at whatever revision.
        let kept = kept.unwrap_or(Session { revision: 0, ..session });
        let later = keep_later(&background, &person, &workspace_id, &kept).await;
        background.log_background("save_snapshot", later.err());
    });
}

/// Writes what was saved after what is kept; nothing where somebody else has the lease, and so has just written it.
async fn keep_later(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    kept: &Session,
) -> Result<(), Error> {
    let mut looked = redis::run(scope, person, workspace_id, &Edit::SecondLook, None, None).await?;
    if looked.is_cold() {
        let durable = read_durable(scope, person, workspace_id).await?;
        looked = redis::run(scope, person, workspace_id, &Edit::SecondLook, None, Some(&durable)).await?;
    }
    match looked.session {
        Some(session) if session.state == SessionState::Draft && session.revision > kept.revision => {
            let changes = difference(&kept.answers, &session.answers);
            save(scope, person, workspace_id, &session, &changes, Look::Second).await.map(drop)
        }
        _ => Ok(()),
    }
}

/// Whether a snapshot is written right after its save or when the lease is over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    First,
    Second,
}

/// Writes a snapshot of a session, whose last `changes` these are. Where Postgres has gone ahead of Redis, because Redis
/// could not be told of a save or of a finalize, they are made once more on top of it, or are too late; answers what both
/// have. Nothing at the first look at what was submitted: its finalize is probably about to say so, and takes them.
async fn save(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    session: &Session,
    changes: &Changes,
    look: Look,
) -> Result<Option<Session>, Error> {
    if save_snapshot(scope, person, workspace_id, session).await?.saved {
        return Ok(Some(session.clone()));
    }
    let durable = read_durable(scope, person, workspace_id).await?;
    if look == Look::First && durable.session.state == SessionState::Submitted {
        return Ok(None);
    }
    let joined = redis::rejoin(scope, person, workspace_id, changes, &durable, None).await;
    keep_joined(scope, person, workspace_id, joined, &durable.session).await.map(Some)
}
