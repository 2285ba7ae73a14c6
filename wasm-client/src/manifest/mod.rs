//! The module of a page with a manifest: what answers would make, whether a checksum holds, what two versions differ in.

mod checksum;
mod difference;
mod preview;

use wasm_bindgen::prelude::*;

/// Makes the business context of the answers so far: `{ok: true, context}` or `{ok: false, problem}`.
#[wasm_bindgen(js_name = buildContext)]
pub fn build_context(answers_json: &str, session_id: &str, now_ms: f64) -> String {
    preview::build(answers_json, session_id, now_ms)
}

/// Shows what the manifest of the answers so far would be. Unanswered questions are no error here; they are
/// listed in `missing`. Answers `{ok: true, content, checksum, token_estimate, token_budget, dropped, missing}` or
/// `{ok: false, problem}`.
#[wasm_bindgen]
pub fn reduce(answers_json: &str, now_ms: f64) -> String {
    preview::reduce_answers(answers_json, now_ms)
}

/// Holds a manifest's content against its checksum: `{ok: true, version, checksum}` or `{ok: false, problem}`.
#[wasm_bindgen(js_name = verifyManifest)]
pub fn verify_manifest(manifest_json: &str) -> String {
    checksum::verify(manifest_json)
}

/// Compares the contents of two manifests: `{ok: true, changes, patch}` or `{ok: false, problem}`.
#[wasm_bindgen]
pub fn diff(from_json: &str, to_json: &str) -> String {
    difference::between(from_json, to_json)
}
