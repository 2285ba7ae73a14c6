//! The core's rules for JavaScript: thin wasm-bindgen bindings, and nothing decided here.
//!
//! Two modules are made from this crate, one for each feature, because a page with a form needs no reducer and a page
//! with a manifest no form. Documents come in and answers go out as JSON text: the browser's own `JSON.parse` costs no
//! bytes. Every answer is a tagged union, `{"ok":true,…}` or `{"ok":false,…}`: bad data, even text that is no JSON,
//! never throws.

mod answer;
mod crossing;
#[cfg(feature = "forms")]
mod forms;
#[cfg(feature = "manifest")]
mod manifest;
mod text;

/// The standard one weighs 1.6 KB more after gzip.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
