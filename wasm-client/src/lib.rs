//! The core's rules for JavaScript: thin wasm-bindgen bindings without any rules of their own.
//!
//! Two modules are made from this crate, one for each feature, because a page with a form needs no reducer and a page
//! with a manifest no form. Documents come in and answers go out as JSON text: the browser's own `JSON.parse` costs no
//! bytes. Every answer is a tagged union, `{"ok":true,…}` or `{"ok":false,…}`: bad data, even text that is no JSON,
//! never throws.

mod buffer;
#[cfg(feature = "forms")]
mod forms;
mod json_text;
#[cfg(feature = "manifest")]
mod manifest;
mod response;

/// Rust's default allocator is 1.6 KB larger after gzip.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
