//! What a signed-in person still lacks, and the one next thing to do about it.

use serde::{Deserialize, Serialize};

use crate::api::{ActionableError, ConditionView, ManifestHead, NextAction, VerifyProfile};
use crate::time::{self, Timestamp};
use crate::vocabulary::{GateCondition, MemberRole, OnboardingStatus, Plan, SubscriptionStatus};

/// What the database knows about a person, as `verify_profile()` answers it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProfileFacts {
    /// Whether there is a profile row.
    pub profile_exists: bool,
    /// Whether there is a workspace that they belong to.
    pub workspace_exists: bool,
    /// Its id.
    pub workspace_id: Option<String>,
    /// Their role in it.
    pub role: Option<MemberRole>,
    /// Its plan.
    pub plan: Option<Plan>,
    /// The label on its subscription.
    pub plan_status: SubscriptionStatus,
    /// Until when it may be used, derived from dates; absent when never.
    pub access_until: Option<String>,
    /// How far onboarding has come.
    pub onboarding_status: OnboardingStatus,
    /// The latest manifest, when there is one.
    pub manifest: Option<ManifestHead>,
}

/// Judges the conditions in their order. The first unmet one decides the next action; the manifest never
/// blocks a page, so it is listed and never next.
pub fn verify(facts: &ProfileFacts, now: Timestamp) -> VerifyProfile {
    let access_until = facts.access_until.as_deref().and_then(time::parse);
    let has_access = access_until.is_some_and(|until| until > now);
    let conditions: Vec<ConditionView> = GateCondition::ALL
        .iter()
        .map(|&condition| {
            let met = match condition {
                GateCondition::Session => true,
                GateCondition::Profile => facts.profile_exists,
                GateCondition::Workspace => facts.workspace_exists,
                GateCondition::Plan => has_access,
                GateCondition::Onboarding => facts.onboarding_status == OnboardingStatus::Completed,
                GateCondition::Manifest => facts.manifest.is_some(),
            };
            ConditionView { condition, met, message: message(condition, met).to_owned() }
        })
        .collect();
    let blocking = conditions.iter().find(|view| !view.met && view.condition != GateCondition::Manifest);
    let next = blocking.map(|view| next_action(view.condition));
    let errors = blocking
        .map(|view| ActionableError {
            code: format!("{}_unmet", view.condition),
            message: view.message.clone(),
            action: next_action(view.condition).path,
        })
        .into_iter()
        .collect();
    VerifyProfile {
        ready: next.is_none(),
        conditions,
        workspace_id: facts.workspace_id.clone(),
        role: facts.role,
        plan: facts.plan,
        plan_status: facts.plan_status,
        needs_payment: !has_access,
        access_until: access_until.map(time::format),
        onboarding_status: facts.onboarding_status,
        manifest: facts.manifest.clone(),
        next,
        errors,
    }
}

fn message(condition: GateCondition, met: bool) -> &'static str {
    match (condition, met) {
        (GateCondition::Session, _) => "You are signed in.",
        (GateCondition::Profile, true) => "Your profile is set up.",
        (GateCondition::Profile, false) => "Your profile is not set up yet.",
        (GateCondition::Workspace, true) => "You have a workspace.",
        (GateCondition::Workspace, false) => "You have no workspace yet.",
        (GateCondition::Plan, true) => "Your plan is paid.",
        (GateCondition::Plan, false) => "Your workspace has no plan that is paid for now.",
        (GateCondition::Onboarding, true) => "Onboarding is finished.",
        (GateCondition::Onboarding, false) => "Onboarding is not finished yet.",
        (GateCondition::Manifest, true) => "Your manifest is ready.",
        (GateCondition::Manifest, false) => "There is no manifest yet; finishing onboarding makes it.",
    }
}

fn next_action(condition: GateCondition) -> NextAction {
    let (path, label) = match condition {
        GateCondition::Session => ("/signin", "Sign in"),
        GateCondition::Profile | GateCondition::Workspace => ("/setup", "Set up your workspace"),
        GateCondition::Plan => ("/plans", "Choose a plan"),
        GateCondition::Onboarding | GateCondition::Manifest => ("/onboarding", "Continue onboarding"),
    };
    NextAction { condition, path: path.to_owned(), label: label.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> ProfileFacts {
        ProfileFacts {
            profile_exists: true,
            workspace_exists: true,
            workspace_id: Some("6d0c0b6e-7a3b-4c1f-9a77-1d2f3a4b5c6d".into()),
            role: Some(MemberRole::Owner),
            plan: Some(Plan::Glide),
            plan_status: SubscriptionStatus::PastDue,
            access_until: Some("2026-02-10T00:00:00Z".into()),
            onboarding_status: OnboardingStatus::Completed,
            manifest: None,
        }
    }

    fn next(facts: &ProfileFacts, now: &str) -> Option<GateCondition> {
        verify(facts, time::parse(now).unwrap()).next.map(|next| next.condition)
    }

    #[test]
    fn access_ends_at_its_instant_whatever_the_label_says() {
        assert_eq!(
            next(&facts(), "2026-02-09T23:59:59.999Z"),
            None,
            "past due within grace still has access"
        );
        assert_eq!(next(&facts(), "2026-02-10T00:00:00Z"), Some(GateCondition::Plan));
        let never = ProfileFacts { access_until: None, plan_status: SubscriptionStatus::Active, ..facts() };
        assert_eq!(next(&never, "2026-02-01T00:00:00Z"), Some(GateCondition::Plan));
        let unreadable = ProfileFacts { access_until: Some("soon".into()), ..facts() };
        assert_eq!(next(&unreadable, "2026-02-01T00:00:00Z"), Some(GateCondition::Plan), "fails closed");
    }

    #[test]
    fn the_first_unmet_condition_is_the_next_action_and_the_manifest_never_is() {
        let now = "2026-02-01T00:00:00Z";
        assert_eq!(
            next(&ProfileFacts { profile_exists: false, ..facts() }, now),
            Some(GateCondition::Profile)
        );
        assert_eq!(
            next(&ProfileFacts { workspace_exists: false, ..facts() }, now),
            Some(GateCondition::Workspace)
        );
        let draft = ProfileFacts { onboarding_status: OnboardingStatus::InProgress, ..facts() };
        assert_eq!(next(&draft, now), Some(GateCondition::Onboarding));
        let view = verify(&facts(), time::parse(now).unwrap());
        assert!(view.ready && !view.needs_payment && view.errors.is_empty());
        assert!(view.conditions.iter().any(|view| view.condition == GateCondition::Manifest && !view.met));
    }
}
