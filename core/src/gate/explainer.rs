//! Explains a decision to a person: why, since when, and what happens next and when.

use serde::{Deserialize, Serialize};

use super::conditions;
use super::decision::Decision;
use super::facts::{GateFacts, ProfileFacts};
use crate::api::{ConditionView, NextAction};
use crate::time::{self, Timestamp, day_in_india};
use crate::vocabulary::{Freshness, SignIn, SubscriptionStatus};

/// Something that happens by itself if nobody does anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Upcoming {
    /// When, RFC 3339 UTC.
    pub at: String,
    /// What, in a sentence.
    pub message: String,
}

/// The decision in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Explanation {
    /// Why the page is open or closed.
    pub why: String,
    /// Since when something is missing, RFC 3339 UTC, where that is known.
    pub since: Option<String>,
    /// What the next action leads to; absent when there is none.
    pub next: Option<String>,
    /// What happens by itself, the soonest first.
    pub upcoming: Vec<Upcoming>,
}

/// Explains a decision. `blocking` is the first unmet condition and `next` the action that meets it.
pub fn explain(
    facts: &GateFacts,
    decision: &Decision,
    blocking: Option<&ConditionView>,
    next: Option<&NextAction>,
    now: Timestamp,
) -> Explanation {
    let why = match (decision, blocking) {
        (_, None) => "Nothing is missing: every page is open to you.".to_owned(),
        (Decision::Allow, Some(unmet)) => {
            format!("This page is open. Other pages are closed: {}", unmet.message)
        }
        (Decision::Redirect { .. } | Decision::Interstitial { .. }, Some(unmet)) => unmet.message.clone(),
    };
    // Without a valid session nothing about a workspace is shown, even if the facts contain it.
    let profile = facts.profile.as_ref().filter(|_| facts.session == SignIn::Valid);
    Explanation {
        why,
        since: blocking.and_then(|unmet| unmet.since.clone()),
        next: next.map(|next| consequence(next).to_owned()),
        upcoming: profile.map(|profile| upcoming(profile, now)).unwrap_or_default(),
    }
}

/// The sentence about what the next action leads to.
fn consequence(next: &NextAction) -> &'static str {
    match next.code.as_str() {
        "sign_in" => "After signing in you return to this page.",
        "set_up" => "Setup takes a moment; none of your data is lost.",
        "choose_plan" => "Choose a plan; every page opens as soon as the payment is confirmed.",
        "continue_onboarding" => "Finish the questions; all pages open and your manifest is made.",
        "write_to_support" => "Support can enable the account again.",
        _ => "Try again in a few seconds; nothing has changed.",
    }
}

/// What happens after `now` by itself, the soonest first.
fn upcoming(profile: &ProfileFacts, now: Timestamp) -> Vec<Upcoming> {
    let mut events: Vec<(Timestamp, String)> = Vec::new();
    let mut add = |at: Timestamp, message: String| {
        if at > now {
            let place = events.partition_point(|(earlier, _)| *earlier <= at);
            events.insert(place, (at, message));
        }
    };
    let dates = conditions::dates(profile);
    if let Some(end) = dates.access {
        let day = day_in_india(end);
        add(
            end,
            match profile.plan_status {
                SubscriptionStatus::Trial => {
                    format!("The trial ends on {day}; choose a plan to keep access.")
                }
                SubscriptionStatus::Cancelled => {
                    format!("The cancelled plan and access end on {day}.")
                }
                _ => format!("Access ends on {day} unless the plan is renewed."),
            },
        );
        if let (Some(paid), Some(_)) = (dates.paid, dates.grace) {
            add(paid, format!("The paid period ends on {}; 3 days of grace follow.", day_in_india(paid)));
        }
    }
    let freshness = conditions::manifest_freshness(profile, now);
    if let Some(at) = freshness.changes_at.as_deref().and_then(time::parse) {
        let day = day_in_india(at);
        add(
            at,
            match freshness.freshness {
                Freshness::Fresh => {
                    format!("The manifest becomes stale on {day}; pages that use it show a warning.")
                }
                _ => format!("The manifest expires on {day}; to keep using it, rebuild it first."),
            },
        );
    }
    events.into_iter().map(|(at, message)| Upcoming { at: time::format(at), message }).collect()
}
