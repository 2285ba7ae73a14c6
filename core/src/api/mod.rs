//! The wire types of our own routes. OpenAPI and the TypeScript types are generated from them.

mod operations;
mod payments;

pub use operations::*;
pub use payments::*;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::context::{Change, Manifest, PatchStep, SourceTag};
use crate::onboarding::{Answer, Answers, Progress, Session, progress};
use crate::vocabulary::{
    BcmSource, ExportFormat, GateCondition, MemberRole, OnboardingStatus, Plan, SessionState,
    SubscriptionStatus,
};

/// `GET /health`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Health {
    /// Always `ok`: whoever reads this has been answered.
    pub status: String,
    /// The build's version.
    pub version: String,
}

/// `POST /auth/ensure-profile`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnsureProfile {
    /// The profile's id, which is not the auth id.
    pub user_id: String,
    /// The person's own workspace; send it as `X-Workspace-Id`.
    pub workspace_id: String,
    /// Their role in it.
    pub role: MemberRole,
    /// Whether this call made any of it.
    pub created: bool,
}

/// One gate condition of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConditionView {
    /// Which condition.
    pub condition: GateCondition,
    /// Whether it is met. What could not be checked is not met.
    pub met: bool,
    /// The evidence in one word: the sign-in, the subscription's label, the onboarding's, the manifest's age.
    pub status: String,
    /// The sentence that says so.
    pub message: String,
    /// Since when it is unmet, RFC 3339 UTC; absent when met or not known.
    pub since: Option<String>,
    /// Until when it is met, RFC 3339 UTC; absent when unmet or without an end.
    pub until: Option<String>,
}

/// The one thing to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NextAction {
    /// The condition it meets.
    pub condition: GateCondition,
    /// Stable code: `sign_in`, `set_up`, `choose_plan`, `continue_onboarding`, `write_to_support` or `retry`.
    pub code: String,
    /// Where to go in the web app.
    pub path: String,
    /// What the button says.
    pub label: String,
}

/// Why a person cannot go on, with the way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActionableError {
    /// Stable code such as `plan_unmet`.
    pub code: String,
    /// The sentence.
    pub message: String,
    /// Where to go in the web app.
    pub action: String,
}

/// The latest manifest, without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ManifestHead {
    /// Its version.
    pub version: u32,
    /// RFC 3339 UTC; freshness counts from here.
    pub confirmed_at: String,
}

/// `GET /auth/verify-profile`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VerifyProfile {
    /// Whether nothing blocks the dashboard.
    pub ready: bool,
    /// Every condition, in order.
    pub conditions: Vec<ConditionView>,
    /// The person's workspace.
    pub workspace_id: Option<String>,
    /// Their role in it.
    pub role: Option<MemberRole>,
    /// Its plan.
    pub plan: Option<Plan>,
    /// The label on its subscription.
    pub plan_status: SubscriptionStatus,
    /// Whether the plan gives no access now.
    pub needs_payment: bool,
    /// Until when there is access, RFC 3339 UTC.
    pub access_until: Option<String>,
    /// How far onboarding has come.
    pub onboarding_status: OnboardingStatus,
    /// The latest manifest, without its content.
    pub manifest: Option<ManifestHead>,
    /// The one next action; absent when ready.
    pub next: Option<NextAction>,
    /// Why not, one for each unmet condition that blocks, in order; empty when ready.
    pub errors: Vec<ActionableError>,
}

/// `PUT /onboarding/session`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionRequest {
    /// Field id → answer. What is not named is no longer answered.
    pub answers: BTreeMap<String, Answer>,
}

/// `PATCH /onboarding/steps/{step}`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StepRequest {
    /// Field id → the answer that this tab had loaded or saved last; compared only when another tab saved meanwhile.
    /// Without it every field that `answers` names counts as changed by this tab.
    #[serde(default)]
    pub base: BTreeMap<String, Option<Answer>>,
    /// Field id → answer, of this step; null or empty takes the answer back. What is not named stays.
    pub answers: BTreeMap<String, Option<Answer>>,
}

/// An onboarding session, as reads and saves answer it. The ETag is its revision.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OnboardingSession {
    /// Send it in quotes as `If-Match` of the next save; 0 before the first.
    pub revision: u32,
    /// `draft`, or `submitted` after finalize.
    pub state: SessionState,
    /// Field id → answer, as it was normalised.
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, Answer>"))]
    pub answers: Answers,
    /// Required questions answered.
    pub progress: Progress,
    /// Until when the fast copy is kept, RFC 3339 UTC, later after each save; absent with `Degraded`.
    pub expires_at: Option<String>,
}

impl OnboardingSession {
    /// The view of a session.
    pub fn new(session: Session, expires_at: Option<String>) -> Self {
        let Session { revision, state, answers } = session;
        Self { revision, state, progress: progress(&answers), answers, expires_at }
    }
}

/// `POST /onboarding/finalize`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FinalizeRequest {
    /// Field id → answer. Left out, as is the whole body, when the session's answers are meant.
    #[serde(default)]
    pub answers: Option<BTreeMap<String, Answer>>,
}

/// One version in the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VersionHead {
    /// Its number.
    pub version: u32,
    /// The version it came from; absent for the first.
    pub parent_version: Option<u32>,
    /// SHA-256 of its canonical content, lower-case hex.
    pub checksum: String,
    /// What caused it.
    pub source: BcmSource,
    /// Estimated cl100k tokens of its content.
    pub token_estimate: u32,
    /// When it was made, RFC 3339 UTC.
    pub generated_at: String,
}

/// `GET /context/history`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct History {
    /// Versions, the newest first.
    pub versions: Vec<VersionHead>,
    /// Send it as `before` for the next page; absent on the last.
    pub next_before: Option<u32>,
}

/// `GET /context/diff`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VersionDiff {
    /// The version that is compared.
    pub from: VersionHead,
    /// The version that it is compared with.
    pub to: VersionHead,
    /// What differs, one sentence each; empty when the contents are equal.
    pub changes: Vec<Change>,
    /// JSON Patch (RFC 6902) from the one content to the other.
    pub patch: Vec<PatchStep>,
}

/// What the current manifest is made from: `GET /context/source`, and the other copy for an edit that was refused. The
/// ETag is its version, and after a dot its edits where there are any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ContextSource {
    /// The manifest's version.
    pub version: u32,
    /// How often the answers were edited since without changing the manifest.
    pub edits: u32,
    /// Field id → answer.
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, Answer>"))]
    pub answers: Answers,
}

impl ContextSource {
    /// What an edit names in `If-Match`.
    pub fn tag(&self) -> SourceTag {
        SourceTag { version: self.version, edits: self.edits }
    }
}

/// `PUT /context/source`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SourceRequest {
    /// Field id → answer, all of them: what is not named is no longer answered.
    pub answers: BTreeMap<String, Answer>,
}

/// `POST /context/restore`
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RestoreRequest {
    /// The version to make current again, from 1.
    pub version: u32,
}

/// `POST /context/rebuild`. The body may be left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RebuildRequest {
    /// Whether to rebuild within an hour of the last time.
    #[serde(default)]
    pub force: bool,
}

/// The answer to a write of the manifest after the first.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Written {
    /// False when the content equals the current version's: no new version was made.
    pub created: bool,
    /// The sentence that says what happened.
    pub message: String,
    /// The manifest as it now is.
    pub manifest: Manifest,
}

/// The answer to a finalize.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finalized {
    /// False when the content equals the latest version's: nothing new was made, and it is confirmed anew.
    pub created: bool,
    /// The manifest.
    pub manifest: Manifest,
}

/// `POST /context/export`
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExportRequest {
    /// `json` or `markdown`.
    pub format: ExportFormat,
}
