//! The snapshot of a session in Postgres.

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::{Session, valid_answers};
use gatehouse_core::vocabulary::SessionState;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::edit::Membership;
use crate::clients::postgrest;
use crate::entry::Member;
use crate::scope::Scope;

/// What Postgres has, as `read_snapshot()` answers it.
pub struct Durable {
    /// The membership as Redis keeps it.
    pub record: Value,
    /// The caller's membership.
    pub membership: Membership,
    /// The session; a new one when none was ever saved.
    pub session: Session,
}

/// Reads membership and snapshot from Postgres with the person's own token.
///
/// # Errors
/// `workspace_not_found` for outsiders, `dependency_unavailable`.
pub async fn read_durable(scope: &Scope, member: &Member) -> Result<Durable, Error> {
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
    let arguments = json!({"p_workspace_id": member.workspace_id});
    let row: Row = postgrest::rpc(scope, &member.person, "rpc/read_snapshot", &arguments).await?;
    let membership = Membership::deserialize(&row.membership).map_err(|error| {
        scope.note_cause(format!("rpc/read_snapshot answered another membership: {error}"));
        Error::new(ErrorCode::Internal)
    })?;
    let session = row.snapshot.map_or_else(Session::new, |Snapshot { revision, state, answers }| Session {
        revision,
        state,
        answers: valid_answers(&answers),
    });
    Ok(Durable { record: row.membership, membership, session })
}

/// `save_snapshot()` of the database.
#[derive(Deserialize)]
struct Saved {
    saved: bool,
}

/// Writes a snapshot; false when Postgres has a newer one.
///
/// # Errors
/// As [`read_durable`].
pub async fn save_snapshot(scope: &Scope, member: &Member, session: &Session) -> Result<bool, Error> {
    let arguments = json!({
        "p_workspace_id": member.workspace_id, "p_revision": session.revision, "p_state": session.state,
        "p_answers": session.answers,
    });
    let answer: Saved = postgrest::rpc(scope, &member.person, "rpc/save_snapshot", &arguments).await?;
    Ok(answer.saved)
}
