//! Keeping Redis and the snapshot in Postgres in step, and working on the snapshot alone while Redis is unavailable.

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::{Changes, Session, difference};
use gatehouse_core::vocabulary::SessionState;

use super::durable::{Durable, read_durable, save_snapshot};
use super::edit::{Edit, Outcome, StoredSession};
use super::redis::{self, ScriptAnswer};
use crate::clients::redis_keys as keys;
use crate::entry::Member;
use crate::platform;
use crate::scope::Scope;

/// As [`super::apply`] while Redis is unavailable: the snapshot is compared and written instead. An edit needs a revision
/// to compare with, because Redis may have newer saves than the snapshot.
///
/// # Errors
/// As [`super::apply`].
pub async fn apply_without_redis(
    scope: &Scope,
    member: &Member,
    edit: &Edit,
    expected: Option<u32>,
) -> Result<Outcome, Error> {
    let durable = read_durable(scope, member).await?;
    let stored = |session| StoredSession { session, ttl_ms: None, degraded: Some("redis") };
    let answers = match edit {
        Edit::Read | Edit::ReadDegraded | Edit::RecheckAfterLease => {
            return Ok(Outcome::Done(stored(durable.session)));
        }
        Edit::Change(changes) | Edit::Merge(changes, _) => durable.session.answers.clone().with(changes),
        Edit::Replace(answers) => answers.clone(),
    };
    durable.membership.require_editor()?;
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
        return Ok(Outcome::Stale(stored(durable.session)));
    }
    let session = Session { revision: expected.saturating_add(1), state: SessionState::Draft, answers };
    if !save_snapshot(scope, member, &session).await? {
        let newer = read_durable(scope, member).await?;
        return Ok(Outcome::Stale(stored(newer.session)));
    }
    sync_redis_after_degraded_save(scope, member, edit, durable, &session);
    Ok(Outcome::Done(stored(session)))
}

/// Redis may have been unavailable for a moment only. Then it must learn what was `saved` on top of `durable`. It may have
/// saves that no snapshot has yet: those stay, and a snapshot of both is written.
fn sync_redis_after_degraded_save(
    scope: &Scope,
    member: &Member,
    edit: &Edit,
    mut durable: Durable,
    saved: &Session,
) {
    let (background, member) = (scope.background(), member.clone());
    let (changes, saved) = (edit.changes().cloned(), saved.clone());
    scope.wait_until(async move {
        let synced = match changes {
            Some(changes) => {
                let revision = Some(saved.revision);
                let answer = redis::reapply_changes(&background, &member, &changes, &durable, revision).await;
                save_reapplied(&background, &member, answer, &saved).await.map(drop)
            }
            None => {
                durable.session = saved;
                redis::run(&background, &member, &Edit::Read, None, Some(&durable)).await.map(drop)
            }
        };
        background.log_background("restore_session", synced.err());
    });
}

/// Writes a snapshot of what Redis has after changes were reapplied, where it is newer than Postgres. Returns what both
/// have now.
async fn save_reapplied(
    scope: &Scope,
    member: &Member,
    answer: Result<ScriptAnswer, Error>,
    durable: &Session,
) -> Result<Session, Error> {
    match answer?.session {
        Some(newer) if newer.state == SessionState::Draft && newer.revision > durable.revision => {
            save_snapshot(scope, member, &newer).await.map(|_| newer)
        }
        _ => Ok(durable.clone()),
    }
}

/// Restores in Redis what Postgres has, where that is newer.
///
/// # Errors
/// As [`read_durable`], `dependency_unavailable`.
pub async fn restore(scope: &Scope, member: &Member) -> Result<(), Error> {
    let durable = read_durable(scope, member).await?;
    redis::run(scope, member, &Edit::Read, None, Some(&durable)).await.map(drop)
}

/// Writes a snapshot after the response, and another when the lease has ended if others saved meanwhile, because perhaps
/// nobody saves again. The second write, or the next save, makes up for one that failed. `changes` are those of the save.
pub fn schedule(scope: &Scope, member: &Member, session: &Session, changes: Option<&Changes>) {
    let (background, member) = (scope.background(), member.clone());
    let (session, changes, started) =
        (session.clone(), changes.cloned().unwrap_or_default(), platform::now_ms());
    scope.wait_until(async move {
        let written = write(&background, &member, &session, &changes, Moment::AfterSave).await;
        let (written, failed) = match written {
            Ok(written) => (written, None),
            Err(error) => (None, Some(error)),
        };
        background.log_background("save_snapshot", failed);
        platform::sleep(keys::SNAPSHOT_LEASE_TTL_MS.saturating_sub(platform::elapsed_ms(started))).await;
        // What could not be written now is written after the lease, at whatever revision.
        let written = written.unwrap_or(Session { revision: 0, ..session });
        let rechecked = write_after_lease(&background, &member, &written).await;
        background.log_background("save_snapshot", rechecked.err());
    });
}

/// Writes what was saved after the snapshot `written`; nothing where somebody else holds the lease, and so has just
/// written it.
async fn write_after_lease(scope: &Scope, member: &Member, written: &Session) -> Result<(), Error> {
    let mut answer = redis::run(scope, member, &Edit::RecheckAfterLease, None, None).await?;
    if answer.is_cold() {
        let durable = read_durable(scope, member).await?;
        answer = redis::run(scope, member, &Edit::RecheckAfterLease, None, Some(&durable)).await?;
    }
    match answer.session {
        Some(session) if session.state == SessionState::Draft && session.revision > written.revision => {
            let changes = difference(&written.answers, &session.answers);
            write(scope, member, &session, &changes, Moment::AfterLease).await.map(drop)
        }
        _ => Ok(()),
    }
}

/// When a snapshot is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    AfterSave,
    AfterLease,
}

/// Writes a snapshot of a session, whose last `changes` these are. Where Postgres has gone ahead of Redis, because Redis
/// missed a save or a finalize, they are reapplied on top of it, or come too late; returns what both have. Returns `None`
/// right after a save when Postgres has a submitted session: the finalize is probably about to publish, and takes the
/// changes along.
async fn write(
    scope: &Scope,
    member: &Member,
    session: &Session,
    changes: &Changes,
    moment: Moment,
) -> Result<Option<Session>, Error> {
    if save_snapshot(scope, member, session).await? {
        return Ok(Some(session.clone()));
    }
    let durable = read_durable(scope, member).await?;
    if moment == Moment::AfterSave && durable.session.state == SessionState::Submitted {
        return Ok(None);
    }
    let answer = redis::reapply_changes(scope, member, changes, &durable, None).await;
    save_reapplied(scope, member, answer, &durable.session).await.map(Some)
}
