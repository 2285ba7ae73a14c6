//! The module of a page with a form: answers, the saved session, the gate, a payment's polling, a manifest's age.

mod answers;
mod documents;
mod gate;
mod session;
mod times;

use wasm_bindgen::prelude::*;

use crate::buffer::{call, call_texts};

// An argument that is a text is passed as its length, and so is the response: `buffer` says where the texts are.

/// Checks the answers of one onboarding step: `{ok: true, answers}` or `{ok: false, errors}`.
#[wasm_bindgen(js_name = validateStep)]
pub fn validate_step(step: usize, answers_json: usize) -> usize {
    call_texts([step, answers_json, 0], &|[step, answers, _]| answers::validate_step(step, answers))
}

/// Checks all answers of a finished onboarding: `{ok: true, answers}` or `{ok: false, errors}`.
#[wasm_bindgen(js_name = validateAnswers)]
pub fn validate_answers(answers_json: usize) -> usize {
    call_texts([answers_json, 0, 0], &|[answers, ..]| answers::validate_answers(answers))
}

/// Checks one answer alone, as at a keystroke: `{ok: true, answer}` or `{ok: false, errors}`. An empty answer is no
/// fault here.
#[wasm_bindgen(js_name = validateField)]
pub fn validate_field(field: usize, answer_json: usize) -> usize {
    call_texts([field, answer_json, 0], &|[field, answer, _]| documents::validate_field(field, answer))
}

/// Holds JSON text in UTF-8 against the schema with this name (a step, `answers`, a field, `business_context`,
/// `manifest`): its faults as a JSON list, or nothing at all when there are none. Nothing is trimmed or split: a schema
/// describes what is kept. `is_text` says that the encoder has written it; then `?` asks for it anew without that,
/// halves of characters written as escapes.
#[wasm_bindgen(js_name = validateDocument)]
pub fn validate_document(json: usize, schema: usize, is_text: bool) -> usize {
    call([json, schema, 0], &|[json, schema, _]| documents::validate_document(schema, json, is_text))
}

/// Counts answered required questions: `{ok: true, answered, required, missing}` or `{ok: false, problem}`.
#[wasm_bindgen]
pub fn progress(answers_json: usize) -> usize {
    call_texts([answers_json, 0, 0], &|[answers, ..]| session::progress(answers))
}

/// Merges the answers of this tab into those that another tab saved, both counted against what this tab had loaded:
/// `{ok: true, merged: true, answers, changed}`, `{ok: true, merged: false, conflicts}` or `{ok: false, problem}`.
#[wasm_bindgen(js_name = mergeSession)]
pub fn merge_session(base_json: usize, mine_json: usize, theirs_json: usize) -> usize {
    call_texts([base_json, mine_json, theirs_json], &|[base, mine, theirs]| {
        session::merge(base, mine, theirs)
    })
}

/// Counts a text as the length rules do: Unicode characters without the white space around them, in digits.
#[wasm_bindgen(js_name = countCharacters)]
pub fn count_characters(text: usize) -> usize {
    call_texts([text, 0, 0], &|[text, ..]| text.trim().chars().count().to_string())
}

/// Decides about a page from facts that `GET /auth/gate` sent: `{ok: true, gate}` or `{ok: false, problem}`. `now` is
/// RFC 3339.
#[wasm_bindgen(js_name = decideGate)]
pub fn decide_gate(facts_json: usize, path: usize, now: usize) -> usize {
    call_texts([facts_json, path, now], &|[facts, path, now]| gate::decide(facts, path, now))
}

/// Where a sign-in page sends people afterwards: a page of this site, whatever its `redirect` says.
#[wasm_bindgen]
pub fn landing(redirect: usize) -> usize {
    call_texts([redirect, 0, 0], &|[redirect, ..]| gatehouse_core::gate::pages::landing(redirect))
}

/// When to ask about a pending payment again: `{ok: true, next_at, give_up_at}` or `{ok: false, problem}`. The order's
/// times are RFC 3339; `now_ms` is milliseconds since 1970.
#[wasm_bindgen(js_name = nextPoll)]
pub fn next_poll(created_at: usize, expires_at: usize, now_ms: f64) -> usize {
    call_texts([created_at, expires_at, 0], &|[created, expires, _]| {
        times::next_poll(created, expires, now_ms)
    })
}

/// Judges the age of a manifest. `confirmed_at` is RFC 3339 and counts only where `is_there`; `now_ms` is milliseconds
/// since 1970. Answers `{ok: true, view}` or `{ok: false, problem}`.
#[wasm_bindgen]
pub fn freshness(confirmed_at: usize, is_there: bool, now_ms: f64) -> usize {
    call_texts([confirmed_at, 0, 0], &|[text, ..]| times::freshness(is_there.then_some(text), now_ms))
}

/// An amount for people, grouped as in India; empty for what is no whole number of paise.
#[wasm_bindgen(js_name = formatMoney)]
pub fn format_money(paise: f64) -> usize {
    call([0; 3], &|_| money(paise))
}

fn money(paise: f64) -> String {
    // Up to here every whole number is one of JavaScript's, too.
    let exact = paise.trunc() == paise && paise.abs() < 9_007_199_254_740_992.0;
    if exact { gatehouse_core::money::rupees(paise as i64) } else { String::new() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn money_is_whole_paise_or_nothing() {
        assert_eq!(super::money(123_000_000.0), "₹12,30,000");
        for none in [0.5, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(super::money(none), "", "{none}");
        }
    }
}
