//! The gate's decision for a page.

use gatehouse_core::gate::{GateFacts, GateView, decide_gate};
use gatehouse_core::json::Json;
use gatehouse_core::time;
use serde::Serialize;

use crate::response::{Problem, to_response};

#[derive(Serialize)]
struct GateResponse {
    gate: GateView,
}

/// Decides about a page from facts that `GET /auth/gate` sent.
pub fn decide(facts_json: &str, path: &str, now: &str) -> String {
    to_response(decide_or_refuse(facts_json, path, now))
}

fn decide_or_refuse(facts_json: &str, path: &str, now: &str) -> Result<GateResponse, Problem> {
    let facts = Json::read(facts_json).and_then(|json| GateFacts::read(&json)).map_err(|cause| {
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
    Ok(GateResponse { gate: decide_gate(&facts, path, now) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_core::gate::Decision;

    const NOW: &str = "2026-02-10T00:00:00Z";

    #[test]
    fn what_is_not_the_facts_is_refused_and_opens_nothing() {
        let code = |facts: &str, now: &str| {
            decide_or_refuse(facts, "/dashboard", now).err().map(|problem| problem.code)
        };
        for garbage in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"session":"yes"}"#,
            r#"{"session":"valid","profile":{}}"#,
            r#"{"session":true}"#,
        ] {
            assert_eq!(code(garbage, NOW).as_deref(), Some("facts_invalid"), "{garbage}");
        }
        for now in ["", "now", "1770681600000"] {
            assert_eq!(code(r#"{"session":"valid"}"#, now).as_deref(), Some("time_invalid"), "{now}");
        }
    }

    #[test]
    fn facts_without_a_profile_are_not_known() {
        let decided = decide_or_refuse(r#"{"session":"valid"}"#, "/dashboard", NOW);
        let decision = decided.ok().map(|decided| decided.gate.decision);
        assert!(matches!(decision, Some(Decision::Interstitial { retry: true, .. })));
    }
}
