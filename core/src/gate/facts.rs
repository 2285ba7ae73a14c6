//! The facts about a person that the gate decides from.

use serde::{Deserialize, Serialize};

use crate::api::ManifestHead;
use crate::json::Json;
use crate::json::member_reader::{MemberReader, optional};
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

impl GateFacts {
    /// Reads the facts as `GET /auth/gate` sends them. The browser uses this instead of serde, whose generated code
    /// would outweigh the gate in the bundle.
    ///
    /// # Errors
    /// What is missing or has the wrong type, as the end of a sentence.
    pub fn read(json: &Json) -> Result<Self, String> {
        let members = MemberReader::default();
        let profile = optional(json, "profile").and_then(|profile| ProfileFacts::read(profile, &members));
        let session = members.required(members.word(json, "session", SignIn::parse), "session");
        members.finish(session.map(|session| Self { session, profile }))
    }
}

impl ProfileFacts {
    /// `None` when a member is missing or has the wrong type; `members` has the problem.
    fn read(json: &Json, members: &MemberReader) -> Option<Self> {
        if !matches!(json, Json::Object(_)) {
            members.record_problem("profile", "is no object");
        }
        // Texts are only borrowed until every member is read: dropping a half-built value would be a lot of code.
        let manifest = optional(json, "manifest").and_then(|head| {
            let version = head.get("version").and_then(Json::as_count);
            let confirmed_at = members.text(head, "confirmed_at");
            let version = members.required(version, "manifest.version");
            version.zip(members.required(confirmed_at, "manifest.confirmed_at"))
        });
        let flag = |name| members.required(members.flag(json, name), name);
        let (profile_exists, workspace_exists) = (flag("profile_exists"), flag("workspace_exists"));
        let account_disabled = members.flag(json, "account_disabled").unwrap_or(false);
        let role = members.word(json, "role", MemberRole::parse);
        let plan = members.word(json, "plan", Plan::parse);
        let plan_status = members.word(json, "plan_status", SubscriptionStatus::parse);
        let plan_status = members.required(plan_status, "plan_status");
        let onboarding_status = members.word(json, "onboarding_status", OnboardingStatus::parse);
        let onboarding_status = members.required(onboarding_status, "onboarding_status");
        let texts = ["workspace_id", "access_until", "paid_until", "grace_until"];
        let texts = texts.map(|name| members.text(json, name));
        if !members.is_ok() {
            return None;
        }
        let [workspace_id, access_until, paid_until, grace_until] = texts.map(|text| text.map(str::to_owned));
        Some(Self {
            profile_exists: profile_exists?,
            account_disabled,
            workspace_exists: workspace_exists?,
            workspace_id,
            role,
            plan,
            plan_status: plan_status?,
            access_until,
            paid_until,
            grace_until,
            onboarding_status: onboarding_status?,
            manifest: manifest.map(|(version, confirmed_at)| ManifestHead {
                version,
                confirmed_at: confirmed_at.to_owned(),
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// serde reads the same facts at the edge.
    fn agree(value: &Value) -> bool {
        let (ours, theirs) =
            (GateFacts::read(&value.into()).ok(), serde_json::from_value(value.clone()).ok());
        assert_eq!(ours, theirs, "{value}");
        ours.is_some()
    }

    #[test]
    fn facts_are_read_as_serde_reads_them_whatever_is_missing_or_of_the_wrong_type() {
        let whole = json!({
            "session": "valid",
            "profile": {
                "profile_exists": true, "account_disabled": false, "workspace_exists": true,
                "workspace_id": "w", "role": "owner", "plan": "soar", "plan_status": "active",
                "access_until": "a", "paid_until": "b", "grace_until": "c", "onboarding_status": "completed",
                "manifest": {"version": 7, "confirmed_at": "d"},
            },
        });
        assert!(agree(&whole));
        let places = ["", "/profile", "/profile/manifest"];
        let others =
            [json!(null), json!(true), json!(-1), json!(1.5), json!("nothing"), json!([]), json!({})];
        for place in places {
            let names: Vec<_> = whole.pointer(place).unwrap().as_object().unwrap().keys().cloned().collect();
            for name in names {
                let mut changed = whole.clone();
                changed.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(&name);
                agree(&changed);
                for other in &others {
                    changed.pointer_mut(place).unwrap()[&name] = other.clone();
                    agree(&changed);
                }
            }
        }
        others.iter().for_each(|other| assert!(!agree(other)));
    }
}
