//! Decides about one page and explains the decision.

use serde::{Deserialize, Serialize};

use super::conditions::{self, Controls, UNKNOWN};
use super::decision::Decision;
use super::explainer::{Explanation, explain};
use super::facts::GateFacts;
use super::pages::{self, Needs};
use crate::api::{ConditionView, NextAction};
use crate::time::Timestamp;
use crate::vocabulary::{GateCondition, SignIn};

/// The gate's answer about one page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GateView {
    /// The page that was judged; the dashboard for a path that can be read in two ways.
    pub path: String,
    /// What happens to it.
    pub decision: Decision,
    /// Every condition, in order.
    pub conditions: Vec<ConditionView>,
    /// The one next action; absent when nothing is missing.
    pub next: Option<NextAction>,
    /// What the manifest's age does to the controls that use it.
    pub controls: Controls,
    /// The same in words: why, since when, what comes next.
    pub explanation: Explanation,
}

/// `GET /auth/gate`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GateAnswer {
    /// The answer.
    #[serde(flatten)]
    pub view: GateView,
    /// What it was judged from; `decideGate` of the package judges further pages from it without a call.
    pub facts: GateFacts,
}

/// Decides about one page. `address` is the requested address, read by [`pages::page`]; dates are compared with `now`.
///
/// Only a missing session redirects, and only from a page that needs one to the sign-in page, which needs none, so
/// there is no redirect loop. A page stays closed when the facts could not be read.
pub fn decide_gate(facts: &GateFacts, address: &str, now: Timestamp) -> GateView {
    let page = pages::page(address);
    let conditions = conditions::evaluate(facts, now);
    let blocking = conditions::blocking(&conditions);
    let decision = match (pages::needs(&page), blocking) {
        (Needs::Nothing, _) | (_, None) => Decision::Allow,
        (_, Some(unmet)) if unmet.condition == GateCondition::Session && facts.session != SignIn::Unknown => {
            Decision::Redirect { to: pages::sign_in(&page) }
        }
        (Needs::Session, Some(unmet)) if unmet.condition != GateCondition::Session => Decision::Allow,
        (_, Some(unmet)) => interstitial(unmet),
    };
    let next = blocking.map(|unmet| conditions::action(unmet, &page));
    let explanation = explain(facts, &decision, blocking, next.as_ref(), now);
    let controls = conditions::controls(&conditions);
    GateView { path: page, decision, conditions, next, controls, explanation }
}

fn interstitial(unmet: &ConditionView) -> Decision {
    let retry = unmet.status == UNKNOWN;
    Decision::Interstitial {
        condition: unmet.condition,
        code: if retry { "not_checked".to_owned() } else { format!("{}_unmet", unmet.condition) },
        message: unmet.message.clone(),
        retry,
    }
}
