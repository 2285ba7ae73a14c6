//! The first shield: the platform's own rate limit, counted beside the Worker without a network call.

use gatehouse_core::error::{Error, ErrorCode};
use js_sys::futures::JsFuture;
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::http::Request;

/// The binding's name in wrangler.toml, where its limit stands.
const BINDING: &str = "SHIELD";

/// Counts the request against its sender's address.
///
/// # Errors
/// `too_many_requests`. A platform that cannot count lets everybody in: the named limits and the database still hold.
pub async fn check(env: &worker::Env, request: &Request<'_>) -> Result<(), Error> {
    // Cloudflare sets it on every request and a client cannot; on this machine there is nobody to count.
    let Some(address) = request.header("cf-connecting-ip") else { return Ok(()) };
    match limited(env, &address).await {
        Ok(true) => Err(ErrorCode::TooManyRequests.into()),
        Ok(false) | Err(_) => Ok(()),
    }
}

/// `env.SHIELD.limit({ key })` answers `{ success }`.
async fn limited(env: &worker::Env, key: &str) -> Result<bool, JsValue> {
    let binding = Reflect::get(env.as_ref(), &BINDING.into())?;
    let limit: Function = Reflect::get(&binding, &"limit".into())?.dyn_into()?;
    let options = Object::new();
    Reflect::set(&options, &"key".into(), &key.into())?;
    let promise: Promise = limit.call1(&binding, &options)?.dyn_into()?;
    let outcome: JsValue = JsFuture::from(promise).await?;
    Ok(Reflect::get(&outcome, &"success".into())? == JsValue::FALSE)
}
