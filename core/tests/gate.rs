//! The gate's and the plans' golden vectors of `tests/contract`, run against native core. The package runs the gate's
//! too, and the database those of the plans.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a vector that cannot be read must fail its test"
)]

use std::fs;
use std::path::Path;

use gatehouse_core::gate::{Decision, GateFacts, GateView, decide_gate};
use gatehouse_core::subscription::{Subscription, access_until, add_interval};
use gatehouse_core::time::{self, Timestamp, parse};
use gatehouse_core::vocabulary::{Interval, SubscriptionStatus};
use serde_json::{Map, Value, from_value, json, to_value};

fn read(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/contract").join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn list(value: &Value) -> &[Value] {
    let list = value.as_array().unwrap();
    assert!(!list.is_empty());
    list
}

/// Every state of the combinations' axes, in the order of their numbers.
fn states(axes: &Value) -> Vec<GateFacts> {
    let mut states = Vec::new();
    for session in list(&axes["session"]) {
        for profile in list(&axes["profile"]) {
            for plan in list(&axes["plan"]) {
                for onboarding in list(&axes["onboarding"]) {
                    for manifest in list(&axes["manifest"]) {
                        let parts = [profile, plan, onboarding, manifest];
                        let whole: Map<String, Value> =
                            parts.iter().filter_map(|part| part.as_object().cloned()).flatten().collect();
                        let profile = if profile.is_null() { Value::Null } else { Value::Object(whole) };
                        states.push(from_value(json!({"session": session, "profile": profile})).unwrap());
                    }
                }
            }
        }
    }
    states
}

/// The values of runs: value, count, value, count.
fn values(runs: &Value) -> Vec<&str> {
    let pairs = list(runs).chunks(2);
    pairs
        .flat_map(|pair| vec![pair[0].as_str().unwrap(); usize::try_from(pair[1].as_u64().unwrap()).unwrap()])
        .collect()
}

/// The letter of a decision, as `generate.mjs` explains it.
fn letter(view: &GateView) -> &'static str {
    match &view.decision {
        Decision::Allow => "A",
        Decision::Redirect { .. } => "R",
        Decision::Interstitial { condition, retry, .. } => match (condition.as_str(), retry) {
            ("session", true) => "U",
            ("profile", true) => "Q",
            ("profile", false) if view.next.as_ref().is_some_and(|next| next.code == "write_to_support") => {
                "D"
            }
            ("profile", false) => "P",
            ("workspace", false) => "W",
            ("plan", false) => "L",
            ("onboarding", false) => "O",
            _ => "?",
        },
    }
}

#[test]
fn every_combination_is_decided_as_written() {
    let file = read("gate/combinations.json");
    let now = parse(file["now"].as_str().unwrap()).unwrap();
    let states = states(&file["states"]);
    let (next, controls) = (values(&file["next"]), values(&file["controls"]));
    for (page, runs) in file["decisions"].as_object().unwrap() {
        let expected = values(runs);
        assert_eq!((states.len(), states.len(), states.len()), (expected.len(), next.len(), controls.len()));
        for (at, facts) in states.iter().enumerate() {
            let view = decide_gate(facts, page, now);
            let action = view.next.as_ref().map_or("none", |next| next.code.as_str());
            let control = &view.controls.state.as_str()[..1].to_ascii_uppercase();
            assert_eq!(
                (letter(&view), action, control.as_str()),
                (expected[at], next[at], controls[at]),
                "{page}, state {at}: {facts:?}"
            );
        }
    }
}

/// Whether `found` has everything that `expected` names.
fn holds(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            expected.iter().all(|(key, value)| holds(found.get(key).unwrap_or(&Value::Null), value))
        }
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len()
                && found.iter().zip(expected).all(|(found, value)| holds(found, value))
        }
        _ => found == expected,
    }
}

#[test]
fn single_cases_are_decided_as_written() {
    let file = read("gate/cases.json");
    let common = file["profile"].as_object().unwrap();
    for case in list(&file["cases"]) {
        let mut facts = case["facts"].clone();
        if let Some(own) = facts["profile"].as_object() {
            let whole: Map<String, Value> = common.clone().into_iter().chain(own.clone()).collect();
            facts["profile"] = Value::Object(whole);
        }
        let now = parse(case["now"].as_str().unwrap_or("2026-02-10T00:00:00Z")).unwrap();
        let facts: GateFacts = from_value(facts).unwrap();
        let view = to_value(decide_gate(&facts, case["path"].as_str().unwrap(), now)).unwrap();
        assert!(holds(&view, &case["gate"]), "{}\n{view:#}\nis not\n{:#}", case["rule"], case["gate"]);
    }
}

fn instant(value: &Value) -> Option<Timestamp> {
    value.as_str().map(|text| parse(text).unwrap())
}

#[test]
fn access_ends_as_written() {
    for case in list(&read("entitlements.json")["access_until"]) {
        let row = &case["subscription"];
        let subscription = Subscription {
            status: SubscriptionStatus::parse(row["status"].as_str().unwrap()).unwrap(),
            current_period_end: instant(&row["current_period_end"]),
            next_period_end: instant(&row["next_period_end"]),
            trial_end: instant(&row["trial_end"]),
            grace_period_end: instant(&row["grace_period_end"]),
        };
        let until = access_until(&subscription).map(time::format);
        assert_eq!(until.as_deref(), case["until"].as_str(), "{}", case["name"]);
    }
}

#[test]
fn periods_end_as_written() {
    for case in list(&read("entitlements.json")["periods"]) {
        let interval = Interval::parse(case["interval"].as_str().unwrap()).unwrap();
        let day = case["billing_day"].as_i64().map(|day| i8::try_from(day).unwrap());
        let mut at = parse(case["from"].as_str().unwrap()).unwrap();
        for end in list(&case["ends"]) {
            at = add_interval(at, interval, day).unwrap();
            assert_eq!(Some(time::format(at).as_str()), end.as_str(), "{}", case["name"]);
        }
    }
}
