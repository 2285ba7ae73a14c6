//! What must hold for every state a person can be in and every address they can ask for.

use proptest::prelude::*;

use super::pages::{self, DASHBOARD, Needs, PAGES};
use super::{Decision, GateFacts, GateView, ProfileFacts, decide_gate};
use crate::api::ManifestHead;
use crate::time::{self, DAY_MS, Timestamp, plus_ms};
use crate::vocabulary::{GateCondition, OnboardingStatus, SignIn, SubscriptionStatus};

fn now() -> Timestamp {
    time::parse("2026-02-10T00:00:00Z").unwrap()
}

prop_compose! {
    fn any_profile()(
        profile_exists: bool, disabled in 0..4_u8, workspace_exists: bool,
        plan_status in prop::sample::select(SubscriptionStatus::ALL),
        access in prop::option::of(-40..40_i64), paid in prop::option::of(-40..40_i64),
        garbled in 0..8_u8,
        onboarding_status in prop::sample::select(OnboardingStatus::ALL),
        manifest in prop::option::of(-30..2_i64),
    ) -> ProfileFacts {
        let day = |days: i64| time::format(plus_ms(now(), days * DAY_MS));
        ProfileFacts {
            profile_exists, account_disabled: disabled == 0, workspace_exists,
            workspace_id: None, role: None, plan: None, plan_status,
            access_until: if garbled == 0 { Some("soon".into()) } else { access.map(day) },
            paid_until: paid.map(day), grace_until: None, onboarding_status,
            manifest: manifest.map(|days| ManifestHead { version: 1, confirmed_at: day(days) }),
        }
    }
}

prop_compose! {
    fn any_facts()(
        session in prop_oneof![Just(SignIn::Valid), prop::sample::select(SignIn::ALL)],
        profile in prop::option::weighted(0.8, any_profile()),
    ) -> GateFacts {
        GateFacts { session, profile }
    }
}

/// Addresses of ours, below ours, and whatever else somebody may type.
fn any_address() -> impl Strategy<Value = String> {
    let ours = || prop::sample::select(PAGES).prop_map(|(pattern, _)| pattern.replace('*', "x"));
    let piece = prop::sample::select(
        &[
            "/",
            "//",
            "..",
            ".",
            "%2e",
            "%2F",
            "%5c",
            "\\",
            "?",
            "#",
            "%",
            "x",
            "é",
            "\t",
            "dashboard",
            "plans",
            "settings",
        ][..],
    );
    let typed = prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat());
    prop_oneof![ours(), (ours(), typed.clone()).prop_map(|(page, more)| page + &more), typed, any::<String>()]
}

/// What doing the next action changes.
fn done(mut facts: GateFacts, view: &GateView) -> GateFacts {
    let next = view.next.as_ref().unwrap();
    let bare = || ProfileFacts {
        profile_exists: false,
        account_disabled: false,
        workspace_exists: false,
        workspace_id: None,
        role: None,
        plan: None,
        plan_status: SubscriptionStatus::None,
        access_until: None,
        paid_until: None,
        grace_until: None,
        onboarding_status: OnboardingStatus::Pending,
        manifest: None,
    };
    let profile = facts.profile.get_or_insert_with(bare);
    match next.code.as_str() {
        "sign_in" => facts.session = SignIn::Valid,
        "retry" if facts.session == SignIn::Unknown => facts.session = SignIn::Valid,
        "retry" => {}
        "write_to_support" => profile.account_disabled = false,
        "set_up" => (profile.profile_exists, profile.workspace_exists) = (true, true),
        "choose_plan" => {
            profile.plan_status = SubscriptionStatus::Active;
            profile.access_until = Some(time::format(plus_ms(now(), 33 * DAY_MS)));
        }
        "continue_onboarding" => profile.onboarding_status = OnboardingStatus::Completed,
        other => panic!("an action that nobody can take: {other}"),
    }
    facts
}

/// How far a decision lets a person: the larger the better.
fn rank(decision: &Decision) -> usize {
    match decision {
        Decision::Redirect { .. } => 0,
        Decision::Interstitial { condition, .. } => {
            1 + GateCondition::ALL.iter().position(|known| known == condition).unwrap()
        }
        Decision::Allow => usize::MAX,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_redirect_goes_to_a_page_that_is_shown_and_is_not_where_one_is(facts in any_facts(), address in any_address()) {
        let view = decide_gate(&facts, &address, now());
        if let Decision::Redirect { to } = &view.decision {
            prop_assert!(to.starts_with('/') && !to.starts_with("//") && !to.contains(['\\', '\r', '\n', '\t']));
            prop_assert_ne!(pages::page(to), view.path);
            prop_assert_eq!(decide_gate(&facts, to, now()).decision, Decision::Allow);
            prop_assert!(facts.session != SignIn::Valid && facts.session != SignIn::Unknown);
        }
    }

    #[test]
    fn the_pages_in_the_table_are_reachable_in_every_state(facts in any_facts()) {
        for (pattern, needs) in PAGES {
            let decision = decide_gate(&facts, &pattern.replace('*', "x"), now()).decision;
            match (needs, facts.session) {
                (Needs::Nothing, _) | (_, SignIn::Valid) => prop_assert_eq!(decision, Decision::Allow, "{}", pattern),
                (_, SignIn::Unknown) => {
                    let waits = matches!(decision, Decision::Interstitial { retry: true, .. });
                    prop_assert!(waits, "{}", pattern);
                }
                _ => {
                    let redirected = matches!(decision, Decision::Redirect { .. });
                    prop_assert!(redirected, "{}", pattern);
                }
            }
        }
    }

    #[test]
    fn a_closed_page_opens_only_when_everything_is_known_and_met(facts in any_facts(), address in any_address()) {
        let view = decide_gate(&facts, &address, now());
        let open = facts.session == SignIn::Valid && facts.profile.as_ref().is_some_and(|profile| {
            profile.profile_exists && !profile.account_disabled && profile.workspace_exists
                && profile.access_until.as_deref().and_then(time::parse).is_some_and(|until| until > now())
                && profile.onboarding_status == OnboardingStatus::Completed
        });
        if pages::needs(&view.path) == Needs::Everything {
            prop_assert_eq!(view.decision == Decision::Allow, open);
        }
        prop_assert_eq!(view.next.is_none(), open);
    }

    #[test]
    fn next_actions_lead_to_the_dashboard_in_six_steps(facts in any_facts()) {
        let mut facts = facts;
        for step in 0..=6 {
            let view = decide_gate(&facts, DASHBOARD, now());
            if view.decision == Decision::Allow {
                return Ok(());
            }
            prop_assert!(step < 6, "still blocked: {:?}", view.decision);
            let next = view.next.as_ref().unwrap();
            let there = decide_gate(&facts, &next.path, now()).decision;
            prop_assert!(next.code == "retry" || there == Decision::Allow, "{} is closed: {:?}", next.path, there);
            facts = done(facts, &view);
        }
    }

    #[test]
    fn meeting_a_condition_never_makes_it_worse(profile in any_profile(), address in any_address(), which in 0..6) {
        let before = GateFacts { session: SignIn::Valid, profile: Some(profile.clone()) };
        let mut better = profile;
        match which {
            0 => better.profile_exists = true,
            1 => better.account_disabled = false,
            2 => better.workspace_exists = true,
            3 => better.access_until = Some(time::format(plus_ms(now(), DAY_MS))),
            4 => better.onboarding_status = OnboardingStatus::Completed,
            _ => better.manifest = Some(ManifestHead { version: 2, confirmed_at: time::format(now()) }),
        }
        let after = GateFacts { session: SignIn::Valid, profile: Some(better) };
        let (before, after) = (decide_gate(&before, &address, now()), decide_gate(&after, &address, now()));
        prop_assert!(rank(&after.decision) >= rank(&before.decision));
        for (was, is) in before.conditions.iter().zip(&after.conditions) {
            prop_assert!(is.met || !was.met, "{} was lost", is.condition);
        }
    }

    #[test]
    fn every_sentence_is_one_and_dates_are_instants(facts in any_facts(), address in any_address()) {
        let view = decide_gate(&facts, &address, now());
        prop_assert_eq!(view.conditions.iter().map(|one| one.condition).collect::<Vec<_>>(), GateCondition::ALL);
        for view in &view.conditions {
            prop_assert!(view.message.ends_with('.'), "{}", view.message);
            prop_assert!(view.since.iter().chain(&view.until).all(|at| time::parse(at).is_some()));
            prop_assert!(!(view.met && view.since.is_some()) && (view.met || view.until.is_none()));
        }
        prop_assert!(view.explanation.why.ends_with('.') && view.controls.message.ends_with('.'));
        let at: Vec<_> = view.explanation.upcoming.iter().map(|event| time::parse(&event.at).unwrap()).collect();
        prop_assert!(at.is_sorted() && at.iter().all(|at| *at > now()));
    }
}
