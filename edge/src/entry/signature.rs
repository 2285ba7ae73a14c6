//! Signatures of sessions by the platform's WebCrypto: native, and no big-number code in the binary.

use gatehouse_core::auth::{Jwk, PublicKey, Token};
use js_sys::futures::JsFuture;
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use crate::isolate::KeySet;
use crate::platform;

/// Whether `jwk`, a key of `keys`, made the token's signature. The algorithm is the key's.
pub async fn verify(keys: &KeySet, jwk: &Jwk, token: &Token<'_>) -> bool {
    let verified = async {
        let key = imported(keys, jwk).await?;
        let algorithm = algorithm(&jwk.key)?;
        let signature = Uint8Array::from(token.signature.as_slice());
        let signed = Uint8Array::from(token.signed.as_bytes());
        let promise = platform::SUBTLE.with(|subtle| {
            subtle.verify_with_object_and_js_u8_array_and_js_u8_array(&algorithm, &key, &signature, &signed)
        })?;
        JsFuture::from(promise).await
    };
    verified.await.is_ok_and(|value: JsValue| value.is_truthy())
}

/// The key as WebCrypto takes it; importing costs more than verifying, so it is kept with its set.
async fn imported(keys: &KeySet, jwk: &Jwk) -> Result<web_sys::CryptoKey, JsValue> {
    let known = keys.imported.borrow().iter().find(|(kid, _)| *kid == jwk.kid).map(|(_, key)| key.clone());
    if let Some(key) = known {
        return Ok(key);
    }
    let data = match &jwk.key {
        PublicKey::Ec { x, y } => object(&[("kty", "EC"), ("crv", "P-256"), ("x", x), ("y", y)])?,
        PublicKey::Rsa { n, e } => object(&[("kty", "RSA"), ("n", n), ("e", e)])?,
    };
    let algorithm = algorithm(&jwk.key)?;
    let usages = Array::of1(&"verify".into());
    let promise = platform::SUBTLE.with(|subtle| {
        subtle.import_key_with_object("jwk", &data, &algorithm, false, usages.unchecked_ref())
    })?;
    let key: web_sys::CryptoKey = JsFuture::from(promise).await?.dyn_into()?;
    let mut kept = keys.imported.borrow_mut();
    // Two first requests import the same key at once; it is kept once.
    if !kept.iter().any(|(kid, _)| *kid == jwk.kid) {
        kept.push((jwk.kid.clone(), key.clone()));
    }
    Ok(key)
}

/// Names the algorithm, both for importing and for verifying: each of the two reads what it needs.
fn algorithm(key: &PublicKey) -> Result<Object, JsValue> {
    match key {
        PublicKey::Ec { .. } => object(&[("name", "ECDSA"), ("namedCurve", "P-256"), ("hash", "SHA-256")]),
        PublicKey::Rsa { .. } => object(&[("name", "RSASSA-PKCS1-v1_5"), ("hash", "SHA-256")]),
    }
}

fn object(entries: &[(&str, &str)]) -> Result<Object, JsValue> {
    let object = Object::new();
    for (name, value) in entries {
        Reflect::set(&object, &(*name).into(), &(*value).into())?;
    }
    Ok(object)
}
