//! The wire types of a workspace's people and invitations.

use serde::{Deserialize, Serialize};

use crate::vocabulary::MemberRole;

/// `GET /members`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Members {
    /// Everybody, in the order of joining.
    pub members: Vec<Member>,
    /// The invitations that wait to be accepted; absent for those who may not see them.
    pub invitations: Option<Vec<OpenInvitation>>,
}

/// One person of a workspace.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Member {
    /// The profile's id, which changes and removals name.
    pub user_id: String,
    /// Their name, where they gave one.
    pub full_name: Option<String>,
    /// Their picture, where they gave one.
    pub avatar_url: Option<String>,
    /// Their address; owner and admins see it.
    pub email: Option<String>,
    /// Their role.
    pub role: MemberRole,
    /// Whether this is the one who asks.
    pub is_you: bool,
    /// RFC 3339 UTC.
    pub joined_at: String,
}

/// An invitation that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OpenInvitation {
    /// Its id, by which it can be withdrawn.
    pub invitation_id: String,
    /// Whom it went to.
    pub email: String,
    /// The role it gives.
    pub role: MemberRole,
    /// RFC 3339 UTC.
    pub expires_at: String,
}

/// The body of `POST /members/invite`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InviteRequest {
    /// The address.
    pub email: String,
    /// `admin` or `member`.
    pub role: String,
}

/// A new invitation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Invitation {
    /// The invitation.
    #[serde(flatten)]
    pub open: OpenInvitation,
    /// What the link in the e-mail carries. Told this once and stored nowhere.
    pub token: String,
}

/// The body of `POST /members/accept`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AcceptRequest {
    /// The token of the link.
    pub token: String,
}

/// What somebody has joined.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Joined {
    /// Send it as `X-Workspace-Id`.
    pub workspace_id: String,
    /// Its name.
    pub workspace_name: String,
    /// The role there.
    pub role: MemberRole,
    /// Whether this call did it; false for a repeat.
    pub joined: bool,
}

/// `DELETE /members/invitations/{invitation_id}`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Revoked {
    /// The invitation.
    pub invitation_id: String,
    /// Whether this call did it; false for a repeat.
    pub revoked: bool,
}

/// The body of `PATCH /members/{user_id}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoleRequest {
    /// `admin` or `member`.
    pub role: String,
}

/// `PATCH /members/{user_id}`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberChanged {
    /// The person.
    pub user_id: String,
    /// The role they have now.
    pub role: MemberRole,
    /// Whether it was another one before.
    pub changed: bool,
}

/// `DELETE /members/{user_id}`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberRemoved {
    /// The person.
    pub user_id: String,
    /// Always true.
    pub removed: bool,
}
