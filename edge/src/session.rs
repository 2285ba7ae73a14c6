//! Who is asking: the bearer token, its signature by WebCrypto, its claims by core. No call when keys are warm.

use std::rc::Rc;

use gatehouse_core::auth::{Jwk, Session, Token, check_claims};
use gatehouse_core::error::{Error, ErrorCode};
use js_sys::futures::JsFuture;
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use crate::app::Scope;
use crate::clients::jwks;
use crate::http::Request;
use crate::isolate::{self, KeySet};
use crate::platform;

/// Keys older than this are fetched again, as Supabase's own clients do (10 minutes).
const KEYS_TTL_MS: f64 = 600_000.0;
/// With Auth away, keys serve on until this age.
const KEYS_MAX_AGE_MS: f64 = 3_600_000.0;
/// An unknown key id asks again at most this often, so that forged ids cost nobody a call.
const UNKNOWN_KEY_PAUSE_MS: f64 = 30_000.0;

/// A session with the token that proves it; the token is what row-level security judges.
#[derive(Clone)]
pub struct SignedIn {
    /// The checked session.
    pub session: Session,
    /// The access token.
    pub token: String,
}

/// Reads and checks the session.
///
/// # Errors
/// `token_missing`, `token_invalid`, `token_expired`; `dependency_unavailable` when the keys cannot be had.
pub async fn require(scope: &Scope, request: &Request<'_>) -> Result<SignedIn, Error> {
    let header = request.header("authorization").ok_or(ErrorCode::TokenMissing)?;
    let text = header
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty())
        .ok_or(ErrorCode::TokenMissing)?;
    let token = Token::parse(text)?;
    let (keys, jwk) = signing_key(scope, &token).await?;
    if !verify(&keys, &jwk, &token).await {
        return Err(Error::with_detail(ErrorCode::TokenInvalid, "The access token's signature is wrong."));
    }
    let issuer = format!("{}/auth/v1", scope.settings.supabase_url);
    let session = check_claims(&token, &issuer, platform::now())?;
    scope.note_user(&session.user_id);
    Ok(SignedIn { session, token: text.to_owned() })
}

/// The key that the token names, fetched when our copy is old or does not know it.
async fn signing_key(scope: &Scope, token: &Token<'_>) -> Result<(Rc<KeySet>, Jwk), Error> {
    let find =
        |keys: &Rc<KeySet>| Some((Rc::clone(keys), keys.jwks.key_for(&token.kid, &token.alg).cloned()?));
    let cached = isolate::keys();
    let age_ms = cached.as_ref().map_or(f64::INFINITY, |keys| platform::now_ms() - keys.fetched_ms);
    let known = cached.as_ref().and_then(find);
    if age_ms < KEYS_TTL_MS {
        if let Some(found) = known {
            return Ok(found);
        }
        // Only a fetch that has come back counts: a request beside ours may still be fetching the very key.
        if age_ms < UNKNOWN_KEY_PAUSE_MS {
            return Err(unknown_key());
        }
    }
    match jwks::fetch(scope).await {
        Ok(jwks) => find(&isolate::keep_keys(jwks)).ok_or_else(unknown_key),
        // Keys that were good lately beat locking everybody out while Auth is away; a revoked one dies with them.
        Err(error) => known.filter(|_| age_ms < KEYS_MAX_AGE_MS).ok_or(error),
    }
}

fn unknown_key() -> Error {
    Error::with_detail(
        ErrorCode::TokenInvalid,
        "The access token is signed with a key that this project does not have.",
    )
}

async fn verify(keys: &KeySet, jwk: &Jwk, token: &Token<'_>) -> bool {
    let Ok(key) = imported(keys, jwk).await else { return false };
    let verified = async {
        let algorithm = object(&[("name", "ECDSA".into()), ("hash", "SHA-256".into())])?;
        let signature = Uint8Array::from(token.signature.as_slice());
        let signed = Uint8Array::from(token.signed.as_bytes());
        let promise = platform::SUBTLE.with(|subtle| {
            subtle.verify_with_object_and_js_u8_array_and_js_u8_array(&algorithm, &key, &signature, &signed)
        })?;
        JsFuture::from(promise).await
    };
    verified.await.is_ok_and(|value: JsValue| value.is_truthy())
}

async fn imported(keys: &KeySet, jwk: &Jwk) -> Result<web_sys::CryptoKey, JsValue> {
    let known = keys.imported.borrow().iter().find(|(kid, _)| *kid == jwk.kid).map(|(_, key)| key.clone());
    if let Some(key) = known {
        return Ok(key);
    }
    let data = object(&[
        ("kty", jwk.kty.as_str().into()),
        ("crv", jwk.crv.as_str().into()),
        ("x", jwk.x.as_str().into()),
        ("y", jwk.y.as_str().into()),
    ])?;
    let algorithm = object(&[("name", "ECDSA".into()), ("namedCurve", "P-256".into())])?;
    let usages = Array::of1(&"verify".into());
    let promise = platform::SUBTLE.with(|subtle| {
        subtle.import_key_with_object("jwk", &data, &algorithm, false, usages.unchecked_ref())
    })?;
    let key: web_sys::CryptoKey = JsFuture::from(promise).await?.dyn_into()?;
    keys.imported.borrow_mut().push((jwk.kid.clone(), key.clone()));
    Ok(key)
}

fn object(entries: &[(&str, JsValue)]) -> Result<Object, JsValue> {
    let object = Object::new();
    for (name, value) in entries {
        Reflect::set(&object, &(*name).into(), value)?;
    }
    Ok(object)
}
