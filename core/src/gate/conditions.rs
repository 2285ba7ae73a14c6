//! The six conditions in order, each with its status and a sentence, and the action that meets an unmet one.

use serde::{Deserialize, Serialize};

use super::facts::{GateFacts, ProfileFacts};
use super::pages;
use crate::api::{ConditionView, NextAction};
use crate::context::{FreshnessView, freshness};
use crate::subscription::GRACE_MS;
use crate::time::{self, Timestamp, day_in_india, plus_ms};
use crate::vocabulary::{
    ControlState, Freshness, GateCondition, OnboardingStatus, SignIn, SubscriptionStatus,
};

/// The status of a condition that could not be checked.
pub const UNKNOWN: &str = "unknown";

/// What the manifest's age does to the controls that use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Controls {
    /// `enabled`, `warn` (stale) or `disabled` (missing, expired or not known).
    pub state: ControlState,
    /// Why, in a sentence.
    pub message: String,
}

/// Every condition, in order.
pub fn evaluate(facts: &GateFacts, now: Timestamp) -> Vec<ConditionView> {
    let session = session(facts.session);
    let signed_in = session.met;
    match &facts.profile {
        Some(profile) if signed_in => vec![
            session,
            self::profile(profile),
            workspace(profile),
            plan(profile, now),
            onboarding(profile),
            manifest(profile, now),
        ],
        _ => {
            let message =
                if signed_in { "We could not check this just now." } else { "Sign in first to check this." };
            let mut conditions = vec![session];
            for &condition in GateCondition::ALL.iter().skip(1) {
                conditions.push(view(condition, false, UNKNOWN, message));
            }
            conditions
        }
    }
}

/// The first unmet condition that blocks; the manifest never does.
pub fn blocking(conditions: &[ConditionView]) -> Option<&ConditionView> {
    conditions.iter().find(|view| !view.met && view.condition != GateCondition::Manifest)
}

/// The action that meets an unmet condition; `page` is the page that the person asked for.
pub fn action(unmet: &ConditionView, page: &str) -> NextAction {
    let (code, path, label) = match (unmet.condition, unmet.status.as_str()) {
        (_, UNKNOWN) => ("retry", page.to_owned(), "Try again"),
        (GateCondition::Session, _) => ("sign_in", pages::sign_in(page), "Sign in"),
        (_, DISABLED) => ("write_to_support", "/support".to_owned(), "Write to support"),
        (GateCondition::Profile | GateCondition::Workspace, _) => {
            ("set_up", "/setup".to_owned(), "Set up your workspace")
        }
        (GateCondition::Plan, _) => ("choose_plan", "/plans".to_owned(), "Choose a plan"),
        (GateCondition::Onboarding | GateCondition::Manifest, _) => {
            ("continue_onboarding", "/onboarding".to_owned(), "Continue onboarding")
        }
    };
    NextAction { condition: unmet.condition, code: code.to_owned(), path, label: label.to_owned() }
}

/// The state of the controls that use the manifest, from its condition.
pub fn controls(conditions: &[ConditionView]) -> Controls {
    let manifest = conditions.iter().find(|view| view.condition == GateCondition::Manifest);
    let age = manifest.and_then(|view| Freshness::parse(&view.status));
    let (state, message) = match age {
        Some(Freshness::Fresh) => (ControlState::Enabled, "Your manifest is fresh."),
        Some(Freshness::Stale) => (ControlState::Warn, "Your manifest is over a week old; rebuild it soon."),
        Some(Freshness::Expired) => {
            (ControlState::Disabled, "Your manifest is over two weeks old; rebuild it first.")
        }
        Some(Freshness::Missing) => {
            (ControlState::Disabled, "There is no manifest yet; finish onboarding first.")
        }
        None => (ControlState::Disabled, "We could not check your manifest."),
    };
    Controls { state, message: message.to_owned() }
}

/// The freshness of the profile's manifest.
pub fn manifest_freshness(profile: &ProfileFacts, now: Timestamp) -> FreshnessView {
    freshness(profile.manifest.as_ref().and_then(|head| time::parse(&head.confirmed_at)), now)
}

/// The status of an account that was switched off.
const DISABLED: &str = "disabled";

fn view(condition: GateCondition, met: bool, status: &str, message: impl Into<String>) -> ConditionView {
    ConditionView {
        condition,
        met,
        status: status.to_owned(),
        message: message.into(),
        since: None,
        until: None,
    }
}

fn session(sign_in: SignIn) -> ConditionView {
    let message = match sign_in {
        SignIn::Valid => "You are signed in.",
        SignIn::Missing => "You are not signed in.",
        SignIn::Expired => "Your session has expired; sign in again.",
        SignIn::Invalid => "Your session is not valid; sign in again.",
        SignIn::Anonymous => "You are a guest; sign in with an account.",
        SignIn::Unknown => "We could not check your session just now.",
    };
    view(GateCondition::Session, sign_in == SignIn::Valid, sign_in.as_str(), message)
}

fn profile(facts: &ProfileFacts) -> ConditionView {
    let (met, status, message) = match (facts.account_disabled, facts.profile_exists) {
        (true, _) => (false, DISABLED, "Your account is disabled; support can tell you why."),
        (false, true) => (true, "present", "Your profile is set up."),
        (false, false) => (false, "missing", "Your profile is not set up yet."),
    };
    view(GateCondition::Profile, met, status, message)
}

fn workspace(facts: &ProfileFacts) -> ConditionView {
    match facts.workspace_exists {
        true => view(GateCondition::Workspace, true, "present", "You have a workspace."),
        false => view(GateCondition::Workspace, false, "missing", "You have no workspace yet."),
    }
}

fn plan(facts: &ProfileFacts, now: Timestamp) -> ConditionView {
    let dates = dates(facts);
    let access = dates.access;
    let met = access.is_some_and(|until| until > now);
    let message = if met { open_plan(facts, &dates, now) } else { closed_plan(facts, &dates) };
    ConditionView {
        since: if met { None } else { access.or(dates.grace).or(dates.paid).map(time::format) },
        until: access.filter(|_| met).map(time::format),
        ..view(GateCondition::Plan, met, facts.plan_status.as_str(), message)
    }
}

/// The known dates of a plan.
pub struct Dates {
    /// When access ends or ended.
    pub access: Option<Timestamp>,
    /// When the paid or trial time ends or ended.
    pub paid: Option<Timestamp>,
    /// When the days of grace end or ended.
    pub grace: Option<Timestamp>,
}

/// Reads a plan's dates and derives the missing ones from the access rule.
pub fn dates(facts: &ProfileFacts) -> Dates {
    let read = |text: &Option<String>| text.as_deref().and_then(time::parse);
    let (access, paid, grace) =
        (read(&facts.access_until), read(&facts.paid_until), read(&facts.grace_until));
    match facts.plan_status {
        SubscriptionStatus::Active | SubscriptionStatus::PastDue => Dates {
            access,
            paid: paid.or_else(|| access.map(|until| plus_ms(until, -GRACE_MS))),
            grace: access.or(grace),
        },
        SubscriptionStatus::Trial | SubscriptionStatus::Cancelled => {
            Dates { access, paid: access.or(paid), grace: None }
        }
        SubscriptionStatus::None | SubscriptionStatus::Expired => Dates { access, paid, grace },
    }
}

fn open_plan(facts: &ProfileFacts, dates: &Dates, now: Timestamp) -> String {
    let until = dates.access.map(day_in_india).unwrap_or_default();
    match (facts.plan_status, dates.paid.map(|paid| (paid <= now, day_in_india(paid)))) {
        (SubscriptionStatus::Trial, _) => format!("Your trial lasts until {until}."),
        (SubscriptionStatus::Cancelled, _) => format!("Your plan is cancelled and lasts until {until}."),
        (_, Some((true, paid))) => format!("Your plan ended on {paid}; pay by {until} to keep access."),
        (_, Some((false, paid))) => format!("Your plan is paid until {paid}."),
        (_, None) => format!("Your plan gives access until {until}."),
    }
}

fn closed_plan(facts: &ProfileFacts, dates: &Dates) -> String {
    let paid = dates.paid.map(day_in_india);
    match (facts.plan_status, paid, dates.grace.map(day_in_india)) {
        (SubscriptionStatus::None, ..) => "Your workspace has no plan yet.".to_owned(),
        (SubscriptionStatus::Trial, Some(end), _) => {
            format!("Your trial ended on {end}; choose a plan to continue.")
        }
        (SubscriptionStatus::Cancelled, Some(end), _) => {
            format!("Your plan was cancelled and ended on {end}; pay to continue.")
        }
        (_, Some(end), Some(grace)) => {
            format!("Your plan ended on {end} and 3 days of grace ended on {grace}; pay to continue.")
        }
        (_, Some(end), None) => format!("Your plan ended on {end}; pay to continue."),
        (_, None, _) => "Your plan has ended; pay to continue.".to_owned(),
    }
}

fn onboarding(facts: &ProfileFacts) -> ConditionView {
    let status = facts.onboarding_status;
    let message = match status {
        OnboardingStatus::Completed => "Onboarding is finished.",
        OnboardingStatus::InProgress => "Onboarding is in progress.",
        OnboardingStatus::Abandoned => "Onboarding is unfinished; you can still complete it.",
        OnboardingStatus::Pending | OnboardingStatus::PaymentConfirmed => "Onboarding has not started.",
    };
    view(GateCondition::Onboarding, status == OnboardingStatus::Completed, status.as_str(), message)
}

fn manifest(facts: &ProfileFacts, now: Timestamp) -> ConditionView {
    let FreshnessView { freshness, reason, changes_at } = manifest_freshness(facts, now);
    let met = matches!(freshness, Freshness::Fresh | Freshness::Stale);
    ConditionView {
        until: changes_at.filter(|_| met),
        ..view(GateCondition::Manifest, met, freshness.as_str(), reason)
    }
}
