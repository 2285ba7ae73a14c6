//! The module of a page with a form: answers, the saved session, the gate, a payment's polling, a manifest's age.

mod answers;
mod documents;
mod gate;
mod session;
mod times;

use wasm_bindgen::prelude::*;

/// Checks the answers of one onboarding step: `{ok: true, answers}` or `{ok: false, errors}`.
#[wasm_bindgen(js_name = validateStep)]
pub fn validate_step(step: &str, answers_json: &str) -> String {
    answers::validate_step(step, answers_json)
}

/// Checks all answers of a finished onboarding: `{ok: true, answers}` or `{ok: false, errors}`.
#[wasm_bindgen(js_name = validateAnswers)]
pub fn validate_answers(answers_json: &str) -> String {
    answers::validate_answers(answers_json)
}

/// Checks one answer alone, as at a keystroke: `{ok: true, answer}` or `{ok: false, errors}`. An empty answer is no
/// fault here.
#[wasm_bindgen(js_name = validateField)]
pub fn validate_field(field: &str, answer_json: &str) -> String {
    documents::validate_field(field, answer_json)
}

/// Holds JSON text in UTF-8 against the schema with this name (a step, `answers`, a field, `business_context`,
/// `manifest`): its faults as a JSON list, or nothing at all when there are none. Nothing is trimmed or split: a schema
/// describes what is kept.
#[wasm_bindgen(js_name = validateDocument)]
pub fn validate_document(schema: &str, json: &[u8]) -> String {
    documents::validate_document(schema, json)
}

/// Counts answered required questions: `{ok: true, answered, required, missing}` or `{ok: false, problem}`.
#[wasm_bindgen]
pub fn progress(answers_json: &str) -> String {
    session::progress(answers_json)
}

/// Merges the answers of this tab into those that another tab saved, both counted against what this tab had loaded:
/// `{ok: true, merged: true, answers, changed}`, `{ok: true, merged: false, conflicts}` or `{ok: false, problem}`.
#[wasm_bindgen(js_name = mergeSession)]
pub fn merge_session(base_json: &str, mine_json: &str, theirs_json: &str) -> String {
    session::merge(base_json, mine_json, theirs_json)
}

/// Counts a text as the length rules do: Unicode characters without the white space around them.
#[wasm_bindgen(js_name = countCharacters)]
pub fn count_characters(text: &str) -> usize {
    text.trim().chars().count()
}

/// Decides about a page from facts that `GET /auth/gate` sent: `{ok: true, gate}` or `{ok: false, problem}`. `now` is
/// RFC 3339.
#[wasm_bindgen(js_name = decideGate)]
pub fn decide_gate(facts_json: &str, path: &str, now: &str) -> String {
    gate::decide(facts_json, path, now)
}

/// Where a sign-in page sends people afterwards: a page of this site, whatever its `redirect` says.
#[wasm_bindgen]
pub fn landing(redirect: &str) -> String {
    gatehouse_core::gate::pages::landing(redirect)
}

/// When to ask about a pending payment again: `{ok: true, next_at, give_up_at}` or `{ok: false, problem}`. The order's
/// times are RFC 3339; `now_ms` is milliseconds since 1970.
#[wasm_bindgen(js_name = nextPoll)]
pub fn next_poll(created_at: &str, expires_at: &str, now_ms: f64) -> String {
    times::next_poll(created_at, expires_at, now_ms)
}

/// Judges the age of a manifest. `confirmed_at` is RFC 3339, absent when there is no manifest; `now_ms` is
/// milliseconds since 1970. Answers `{ok: true, view}` or `{ok: false, problem}`.
#[wasm_bindgen]
pub fn freshness(confirmed_at: Option<String>, now_ms: f64) -> String {
    times::freshness(confirmed_at.as_deref(), now_ms)
}

/// An amount for people, grouped as in India; empty for what is no whole number of paise.
#[wasm_bindgen(js_name = formatMoney)]
pub fn format_money(paise: f64) -> String {
    // Up to here every whole number is one of JavaScript's, too.
    let exact = paise.trunc() == paise && paise.abs() < 9_007_199_254_740_992.0;
    if exact { gatehouse_core::money::rupees(paise as i64) } else { String::new() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn money_is_whole_paise_or_nothing() {
        assert_eq!(super::format_money(123_000_000.0), "₹12,30,000");
        for none in [0.5, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(super::format_money(none), "", "{none}");
        }
    }
}
