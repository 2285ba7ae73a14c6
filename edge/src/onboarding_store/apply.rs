//! One edit or read of a session.

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::Answers;

use super::durable::read_durable;
use super::edit::{Edit, Outcome, StoredSession};
use super::{redis, snapshot};
use crate::entry::{Member, UnverifiedMember};
use crate::scope::Scope;

/// Reads or edits the session, on condition that it is at the `expected` revision, where one is given. One call
/// when Redis knows the membership and the session; two more when it does not.
///
/// # Errors
/// `workspace_not_found`, `role_not_allowed`, `session_submitted`, `dependency_unavailable`.
pub async fn apply(
    scope: &Scope,
    member: &UnverifiedMember,
    edit: &Edit,
    expected: Option<u32>,
) -> Result<Outcome, Error> {
    let (member, _) = member.checked_in_script();
    let Ok(first) = redis::run(scope, member, edit, expected, None).await else {
        return snapshot::apply_without_redis(scope, member, edit, expected).await;
    };
    let answer = if first.is_cold() {
        match read_durable(scope, member).await {
            Ok(durable) => match redis::run(scope, member, edit, expected, Some(&durable)).await {
                Ok(answer) => answer,
                Err(_) => return snapshot::apply_without_redis(scope, member, edit, expected).await,
            },
            Err(error) => return read_without_postgres(scope, member, edit, error).await,
        }
    } else {
        first
    };
    // A reset is written at once: losing it would bring back answers that somebody has deleted.
    let due = answer.due || matches!(edit, Edit::Replace(answers) if *answers == Answers::default());
    let outcome = answer.judge(scope)?;
    if let (Outcome::Done(stored), true) = (&outcome, due) {
        snapshot::schedule(scope, member, &stored.session, edit.changes());
    }
    Ok(outcome)
}

/// While Postgres is unavailable, a person whose membership was confirmed lately may still read what Redis has.
async fn read_without_postgres(
    scope: &Scope,
    member: &Member,
    edit: &Edit,
    error: Error,
) -> Result<Outcome, Error> {
    if error.code != ErrorCode::DependencyUnavailable || !matches!(edit, Edit::Read) {
        return Err(error);
    }
    let answer = redis::run(scope, member, &Edit::ReadDegraded, None, None).await;
    let Some(answer) = answer.ok().filter(|answer| !answer.is_cold()) else { return Err(error) };
    Ok(match answer.judge(scope)? {
        Outcome::Done(stored) => Outcome::Done(StoredSession { degraded: Some("postgres"), ..stored }),
        stale => stale,
    })
}
