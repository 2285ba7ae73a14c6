//! The gate's decision for a page.

use gatehouse_core::gate::{GateFacts, GateView, decide_gate, pages};
use gatehouse_core::time;
use serde::Serialize;

use crate::manifest::Outcome;
use crate::refusal::Problem;

/// A decided page.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// The decision with its reasons.
    pub gate: GateView,
}

/// Decides about a page from facts that were read before.
pub fn decide(facts_json: &str, path: &str, now: &str) -> Outcome<Decided> {
    judge(facts_json, path, now).into()
}

/// Where a sign-in page sends people afterwards.
pub fn landing(redirect: &str) -> String {
    pages::landing(redirect)
}

fn judge(facts_json: &str, path: &str, now: &str) -> Result<Decided, Problem> {
    let facts: GateFacts = serde_json::from_str(facts_json).map_err(|cause| {
        Problem::input(
            "facts_invalid",
            format!("These are not the gate's facts ({cause})."),
            "Pass `facts` as `GET /auth/gate` sent them; keep the page closed.",
        )
    })?;
    let now = time::parse(now).ok_or_else(|| {
        Problem::input(
            "time_invalid",
            "The current time is not RFC 3339.",
            "Pass `new Date().toISOString()`.",
        )
    })?;
    Ok(Decided { gate: decide_gate(&facts, path, now) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_core::gate::Decision;

    const NOW: &str = "2026-02-10T00:00:00Z";

    #[test]
    fn what_is_not_the_facts_is_refused_and_opens_nothing() {
        for garbage in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"session":"yes"}"#,
            r#"{"session":"valid","profile":{}}"#,
            r#"{"session":true}"#,
        ] {
            let Outcome::Refused { problem, .. } = decide(garbage, "/dashboard", NOW) else {
                panic!("{garbage}")
            };
            assert_eq!(problem.code, "facts_invalid", "{garbage}");
        }
        for now in ["", "now", "1770681600000"] {
            let Outcome::Refused { problem, .. } = decide(r#"{"session":"valid"}"#, "/dashboard", now) else {
                panic!("{now}")
            };
            assert_eq!(problem.code, "time_invalid", "{now}");
        }
    }

    #[test]
    fn facts_without_a_profile_are_not_known() {
        let Outcome::Done { value, .. } = decide(r#"{"session":"valid"}"#, "/dashboard", NOW) else {
            panic!()
        };
        assert!(matches!(value.gate.decision, Decision::Interstitial { retry: true, .. }));
    }
}
