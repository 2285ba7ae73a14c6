//! What can be done with a session, and how it ends.

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::{Answers, Changes, Session};
use gatehouse_core::vocabulary::MemberRole;
use serde::Deserialize;

/// What is to be done with a session.
pub enum Edit {
    /// Nothing: it is read.
    Read,
    /// It is read while Postgres is unavailable, so an older membership is enough.
    ReadDegraded,
    /// It is read when the snapshot's lease has ended, unless somebody else holds the lease by now.
    RecheckAfterLease,
    /// Some answers change.
    Change(Changes),
    /// Some answers change from the values that the caller saw. It is written at a later revision too, as long as these
    /// fields still have those values: so any number of people who save different fields succeed at the first attempt.
    Merge(Changes, Answers),
    /// These replace all answers.
    Replace(Answers),
}

impl Edit {
    /// The fields that it names, where it does not mean all of them.
    pub fn changes(&self) -> Option<&Changes> {
        match self {
            Self::Change(changes) | Self::Merge(changes, _) => Some(changes),
            Self::Read | Self::ReadDegraded | Self::RecheckAfterLease | Self::Replace(_) => None,
        }
    }
}

/// A session as it is stored now.
pub struct StoredSession {
    /// The session.
    pub session: Session,
    /// How long Redis will keep it, in milliseconds; absent when Redis is unavailable.
    pub ttl_ms: Option<i64>,
    /// The upstream service that was unavailable, if one was: without Redis the snapshot is read and written, without
    /// Postgres a membership confirmed in the last 15 minutes may still read.
    pub degraded: Option<&'static str>,
}

/// How an edit ended.
pub enum Outcome {
    /// It was done.
    Done(StoredSession),
    /// The session is not at the expected revision, and nothing was written.
    Stale(StoredSession),
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

/// Refuses an edit by who may only read.
pub fn role_not_allowed() -> Error {
    Error::with_detail(ErrorCode::RoleNotAllowed, "Only an owner or an admin may edit the onboarding.")
}
