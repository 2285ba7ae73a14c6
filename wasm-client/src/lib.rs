//! The core's rules for JavaScript: thin wasm-bindgen bindings, and nothing decided here.
//!
//! Documents come in as JSON text, because parsing text inside wasm costs a fifth of walking a JavaScript
//! object. Every function answers a tagged union, `{ok: true, …}` or `{ok: false, …}`: bad data, even text
//! that is no JSON, never throws.

mod answers;
mod documents;
mod gate;
mod manifest;
mod preview;
mod refusal;

use serde::Serialize;
use wasm_bindgen::prelude::*;

/// Checks the answers of one onboarding step: `{ok: true, answers}` or `{ok: false, errors}`.
#[wasm_bindgen(js_name = validateStep)]
pub fn validate_step(step: &str, answers_json: &str) -> JsValue {
    to_js(&answers::validate_step(step, answers_json))
}

/// Checks all answers of a finished onboarding: `{ok: true, answers}` or `{ok: false, errors}`.
#[wasm_bindgen(js_name = validateAnswers)]
pub fn validate_answers(answers_json: &str) -> JsValue {
    to_js(&answers::validate_answers(answers_json))
}

/// Checks one answer alone, as at a keystroke: `{ok: true, answer}` or `{ok: false, errors}`. An empty answer is no
/// fault here.
#[wasm_bindgen(js_name = validateField)]
pub fn validate_field(field: &str, answer_json: &str) -> JsValue {
    to_js(&documents::validate_field(field, answer_json))
}

/// Holds a JSON text against the schema with this name (a step, `answers`, a field, `business_context`, `manifest`):
/// `{ok, errors}`. Nothing is trimmed or split: a schema describes what is kept.
#[wasm_bindgen(js_name = validateDocument)]
pub fn validate_document(schema: &str, json: &str) -> JsValue {
    to_js(&documents::validate_document(schema, &documents::Document::Text(json)))
}

/// The same for UTF-8 bytes, such as a body.
#[wasm_bindgen(js_name = validateDocumentBytes)]
pub fn validate_document_bytes(schema: &str, bytes: &[u8]) -> JsValue {
    to_js(&documents::validate_document(schema, &documents::Document::Bytes(bytes)))
}

/// Counts a text as the length rules do: Unicode characters without the white space around them.
#[wasm_bindgen(js_name = countCharacters)]
pub fn count_characters(text: &str) -> usize {
    text.trim().chars().count()
}

/// Judges the age of a manifest. `confirmed_at` is RFC 3339, absent when there is no manifest; `now_ms` is
/// milliseconds since 1970. Answers `{ok: true, view}` or `{ok: false, problem}`.
#[wasm_bindgen]
pub fn freshness(confirmed_at: Option<String>, now_ms: f64) -> JsValue {
    to_js(&manifest::judge_freshness(confirmed_at.as_deref(), now_ms))
}

/// Holds a manifest's content against its checksum: `{ok: true, version, checksum}` or `{ok: false, problem}`.
#[wasm_bindgen(js_name = verifyManifest)]
pub fn verify_manifest(manifest_json: &str) -> JsValue {
    to_js(&manifest::verify(manifest_json))
}

/// Shows what the manifest of the answers so far would be. Unanswered questions are no error here; they are
/// listed in `missing`. Answers `{ok: true, canonical, checksum, token_estimate, token_budget, dropped, missing}`,
/// where `canonical` is the content's JSON text, or `{ok: false, problem}`.
#[wasm_bindgen(js_name = reducePreview)]
pub fn reduce_preview(answers_json: &str, now_ms: f64) -> JsValue {
    to_js(&preview::reduce_preview(answers_json, now_ms))
}

/// Decides about a page from facts that `GET /auth/gate` sent: `{ok: true, gate}` or `{ok: false, problem}`. `now` is
/// RFC 3339.
#[wasm_bindgen(js_name = decideGate)]
pub fn decide_gate(facts_json: &str, path: &str, now: &str) -> JsValue {
    to_js(&gate::decide(facts_json, path, now))
}

/// Where a sign-in page sends people afterwards: a page of this site, whatever its `redirect` says.
#[wasm_bindgen]
pub fn landing(redirect: &str) -> String {
    gate::landing(redirect)
}

/// A serialised value, or `null` for what JavaScript cannot hold, which none of our types contain.
fn to_js<T: Serialize>(value: &T) -> JsValue {
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).unwrap_or(JsValue::NULL)
}
