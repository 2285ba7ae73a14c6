//! Where a workspace's onboarding session is read from and saved to: Redis, where one script compares, writes and
//! checks the membership in one call; behind it a snapshot in Postgres, for when Redis is away or has lost it.

mod redis;
mod snapshot;

pub use redis::{fields, parse};
pub use snapshot::{Durable, read_durable, restore};

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::{Answers, Changes, Session};
use gatehouse_core::vocabulary::MemberRole;
use serde::Deserialize;

use crate::app::Scope;
use crate::session::SignedIn;

/// What is to be done with a session.
pub enum Edit {
    /// Nothing: it is read.
    Read,
    /// The same while Postgres is away.
    ReadDegraded,
    /// The same for whoever had the lease, unless somebody else has it now.
    SecondLook,
    /// Some answers become others.
    Change(Changes),
    /// The same from answers that were seen: it counts too when the revision has moved on and these fields have not, so
    /// that however many save different fields at once, each is written at the first try.
    Merge(Changes, Answers),
    /// All answers become these.
    Replace(Answers),
}

impl Edit {
    /// The fields that it names, where it does not mean all of them.
    fn changes(&self) -> Option<&Changes> {
        match self {
            Self::Change(changes) | Self::Merge(changes, _) => Some(changes),
            Self::Read | Self::ReadDegraded | Self::SecondLook | Self::Replace(_) => None,
        }
    }
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
    let Ok(first) = redis::run(scope, person, workspace_id, edit, expected, None).await else {
        return snapshot::apply(scope, person, workspace_id, edit, expected).await;
    };
    let answer = if first.is_cold() {
        match read_durable(scope, person, workspace_id).await {
            Ok(durable) => {
                match redis::run(scope, person, workspace_id, edit, expected, Some(&durable)).await {
                    Ok(answer) => answer,
                    Err(_) => return snapshot::apply(scope, person, workspace_id, edit, expected).await,
                }
            }
            Err(error) => return read_without_postgres(scope, person, workspace_id, edit, error).await,
        }
    } else {
        first
    };
    // A fresh start is written at once: losing it would bring back what somebody has thrown away.
    let due = answer.due || matches!(edit, Edit::Replace(answers) if *answers == Answers::default());
    let outcome = answer.judge(scope)?;
    if let (Outcome::Done(held), true) = (&outcome, due) {
        snapshot::keep(scope, person, workspace_id, &held.session, edit.changes());
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
    let answer = redis::run(scope, person, workspace_id, &Edit::ReadDegraded, None, None).await;
    let Some(answer) = answer.ok().filter(|answer| !answer.is_cold()) else { return Err(error) };
    Ok(match answer.judge(scope)? {
        Outcome::Done(held) => Outcome::Done(Held { degraded: Some("postgres"), ..held }),
        stale => stale,
    })
}

fn role_not_allowed() -> Error {
    Error::with_detail(ErrorCode::RoleNotAllowed, "Only an owner or an admin may edit the onboarding.")
}
