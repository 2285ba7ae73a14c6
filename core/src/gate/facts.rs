//! What is known about a person at the gate, before anything is judged.

use serde::{Deserialize, Serialize};

use crate::api::ManifestHead;
use crate::vocabulary::{MemberRole, OnboardingStatus, Plan, SignIn, SubscriptionStatus};

/// All that the gate judges. `GET /auth/gate` sends it along, so that a page can ask again without a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GateFacts {
    /// Who is asking.
    pub session: SignIn,
    /// What the database knows of them; absent when nobody is signed in, or when it could not be read.
    #[serde(default)]
    pub profile: Option<ProfileFacts>,
}

/// What the database knows about a person and the workspace that stands for them, as `verify_profile()` and
/// `read_gate()` answer it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProfileFacts {
    /// Whether there is a profile row.
    pub profile_exists: bool,
    /// Whether an operator switched the account off.
    #[serde(default)]
    pub account_disabled: bool,
    /// Whether there is a workspace that they belong to.
    pub workspace_exists: bool,
    /// Its id.
    #[serde(default)]
    pub workspace_id: Option<String>,
    /// Their role in it; absent for support, who read what its owner reads.
    #[serde(default)]
    pub role: Option<MemberRole>,
    /// Its plan.
    #[serde(default)]
    pub plan: Option<Plan>,
    /// The label on its subscription.
    pub plan_status: SubscriptionStatus,
    /// Until when it may be used, derived from dates; absent when never.
    #[serde(default)]
    pub access_until: Option<String>,
    /// The end of what was paid for or tried, where it is known.
    #[serde(default)]
    pub paid_until: Option<String>,
    /// The end of the days of grace, where there are any.
    #[serde(default)]
    pub grace_until: Option<String>,
    /// How far onboarding has come.
    pub onboarding_status: OnboardingStatus,
    /// The latest manifest, when there is one.
    #[serde(default)]
    pub manifest: Option<ManifestHead>,
}
