//! The module of a page with a manifest: a preview from answers, verifying a checksum, comparing two versions.

mod checksum;
mod difference;
mod preview;

use wasm_bindgen::prelude::*;

use crate::buffer::call_texts;

// An argument that is a text is passed as its length, and so is the response: `buffer` says where the texts are.

/// Makes the business context of the answers so far: `{ok: true, context}` or `{ok: false, problem}`.
#[wasm_bindgen(js_name = buildContext)]
pub fn build_context(answers_json: usize, session_id: usize, now_ms: f64) -> usize {
    call_texts([answers_json, session_id, 0], &|[answers, session, _]| {
        preview::build(answers, session, now_ms)
    })
}

/// Shows what the manifest of the answers so far would be. Unanswered questions are no error here; they are
/// listed in `missing`. Answers `{ok: true, content, checksum, token_estimate, token_budget, dropped, missing}` or
/// `{ok: false, problem}`.
#[wasm_bindgen]
pub fn reduce(answers_json: usize, now_ms: f64) -> usize {
    call_texts([answers_json, 0, 0], &|[answers, ..]| preview::reduce_answers(answers, now_ms))
}

/// Holds a manifest's content against its checksum: `{ok: true, version, checksum}` or `{ok: false, problem}`.
#[wasm_bindgen(js_name = verifyManifest)]
pub fn verify_manifest(manifest_json: usize) -> usize {
    call_texts([manifest_json, 0, 0], &|[manifest, ..]| checksum::verify(manifest))
}

/// Compares the contents of two manifests: `{ok: true, changes, patch}` or `{ok: false, problem}`.
#[wasm_bindgen]
pub fn diff(from_json: usize, to_json: usize) -> usize {
    call_texts([from_json, to_json, 0], &|[from, to, _]| difference::compare(from, to))
}
