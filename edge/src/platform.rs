//! What the runtime gives us: the clock, ids, timers, fetch and WebCrypto.

use gatehouse_core::time::Timestamp;
use js_sys::futures::JsFuture;
use js_sys::{Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The runtime's fetch. Bound directly: the wrapper types copy every header.
    #[wasm_bindgen(js_name = fetch)]
    pub fn fetch_with_init(url: &str, init: &web_sys::RequestInit) -> Promise;

    #[wasm_bindgen(js_name = setTimeout)]
    pub fn set_timeout(callback: &js_sys::Function, ms: u32) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    pub fn clear_timeout(timer: &JsValue);

    #[wasm_bindgen(js_namespace = crypto, js_name = randomUUID)]
    pub fn random_uuid() -> String;

    #[wasm_bindgen(js_namespace = crypto, js_name = subtle, thread_local_v2)]
    pub static SUBTLE: web_sys::SubtleCrypto;

    #[wasm_bindgen(js_namespace = console, js_name = log)]
    pub fn console_log(line: &str);
}

/// Milliseconds since 1970. On Workers the clock moves only when IO does, so it is right after each call.
pub fn now_ms() -> f64 {
    js_sys::Date::now()
}

/// The present instant.
pub fn now() -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "Date.now() is a whole number far below 2^53")]
    Timestamp::from_millisecond(now_ms() as i64).unwrap_or_default()
}

/// Whole milliseconds since `started_ms`.
pub fn elapsed_ms(started_ms: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the range of u32"
    )]
    let ms = (now_ms() - started_ms).clamp(0.0, f64::from(u32::MAX)) as u32;
    ms
}

/// Lets `ms` milliseconds pass while other requests go on.
pub async fn sleep(ms: u32) {
    let promise = Promise::new(&mut |resolve, _| {
        set_timeout(&resolve, ms);
    });
    // A timer has nothing to fail with.
    let _ = JsFuture::from(promise).await;
}

/// Reads a static asset through the binding ASSETS (`[assets]` in wrangler.toml).
///
/// # Errors
/// The platform's error, or the status when it is not 200.
pub async fn fetch_asset(env: &worker::Env, name: &str) -> Result<Vec<u8>, JsValue> {
    let assets = Reflect::get(env.as_ref(), &"ASSETS".into())?;
    let fetch: Function = Reflect::get(&assets, &"fetch".into())?.dyn_into()?;
    // The binding looks at the path alone.
    let promise: Promise =
        fetch.call1(&assets, &format!("https://assets.invalid/{name}").into())?.dyn_into()?;
    let response: web_sys::Response = JsFuture::<JsValue>::from(promise).await?.dyn_into()?;
    let body = Uint8Array::new(&JsFuture::from(response.array_buffer()?).await?).to_vec();
    if response.status() == 200 { Ok(body) } else { Err(response.status().into()) }
}
