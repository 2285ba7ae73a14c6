//! The answer of `GET /auth/verify-profile`, from the gate's own conditions.

use super::conditions;
use super::facts::{GateFacts, ProfileFacts};
use super::pages::DASHBOARD;
use crate::api::{ActionableError, VerifyProfile};
use crate::time::{self, Timestamp};
use crate::vocabulary::{GateCondition, SignIn};

/// What a signed-in person is missing. The first unmet condition decides the next action; the manifest blocks nothing,
/// so it is listed and never the next action.
pub fn verify_profile(facts: &ProfileFacts, now: Timestamp) -> VerifyProfile {
    let all = GateFacts { session: SignIn::Valid, profile: Some(facts.clone()) };
    let conditions = conditions::evaluate(&all, now);
    let next = conditions::blocking(&conditions).map(|unmet| conditions::action(unmet, DASHBOARD));
    let errors = conditions
        .iter()
        .filter(|view| !view.met && view.condition != GateCondition::Manifest)
        .map(|unmet| ActionableError {
            code: format!("{}_unmet", unmet.condition),
            message: unmet.message.clone(),
            action: conditions::action(unmet, DASHBOARD).path,
        })
        .collect();
    let needs_payment = conditions.iter().any(|view| view.condition == GateCondition::Plan && !view.met);
    VerifyProfile {
        ready: next.is_none(),
        conditions,
        workspace_id: facts.workspace_id.clone(),
        role: facts.role,
        plan: facts.plan,
        plan_status: facts.plan_status,
        needs_payment,
        access_until: facts.access_until.as_deref().and_then(time::parse).map(time::format),
        onboarding_status: facts.onboarding_status,
        manifest: facts.manifest.clone(),
        next,
        errors,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::{MemberRole, OnboardingStatus, Plan, SubscriptionStatus};

    fn facts() -> ProfileFacts {
        ProfileFacts {
            profile_exists: true,
            account_disabled: false,
            workspace_exists: true,
            workspace_id: Some("6d0c0b6e-7a3b-4c1f-9a77-1d2f3a4b5c6d".into()),
            role: Some(MemberRole::Owner),
            plan: Some(Plan::Glide),
            plan_status: SubscriptionStatus::PastDue,
            access_until: Some("2026-02-10T00:00:00Z".into()),
            paid_until: None,
            grace_until: None,
            onboarding_status: OnboardingStatus::Completed,
            manifest: None,
        }
    }

    fn next(facts: &ProfileFacts, now: &str) -> Option<GateCondition> {
        verify_profile(facts, time::parse(now).unwrap()).next.map(|next| next.condition)
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
        let view = verify_profile(&facts(), time::parse(now).unwrap());
        assert!(view.ready && !view.needs_payment && view.errors.is_empty());
        assert!(view.conditions.iter().any(|view| view.condition == GateCondition::Manifest && !view.met));
    }

    #[test]
    fn every_unmet_condition_has_a_code_a_sentence_and_a_link() {
        let bare = ProfileFacts { workspace_exists: false, access_until: None, ..facts() };
        let bare = ProfileFacts { onboarding_status: OnboardingStatus::Pending, ..bare };
        let view = verify_profile(&bare, time::parse("2026-02-01T00:00:00Z").unwrap());
        let errors: Vec<_> =
            view.errors.iter().map(|error| (error.code.as_str(), error.action.as_str())).collect();
        assert_eq!(
            errors,
            [("workspace_unmet", "/setup"), ("plan_unmet", "/plans"), ("onboarding_unmet", "/onboarding")]
        );
        assert!(view.errors.iter().all(|error| error.message.ends_with('.')));
        assert!(view.needs_payment && !view.ready);
    }
}
