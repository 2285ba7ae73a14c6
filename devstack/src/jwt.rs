//! Compact JWTs: ES256 for users, HS256 between the gateway and the other parts.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use serde_json::{Value, json};
use sha2::Sha256;

/// base64url without padding.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of base64url without padding.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// The pieces of a token, none of them verified.
pub(crate) struct UnverifiedToken<'a> {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    signed: &'a str,
    signature: Vec<u8>,
}

/// Splits a compact JWT into its pieces.
pub(crate) fn parse(token: &str) -> Option<UnverifiedToken<'_>> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    Some(UnverifiedToken {
        header: serde_json::from_slice(&decode(header)?).ok()?,
        claims: serde_json::from_slice(&decode(claims)?).ok()?,
        signed,
        signature: decode(signature)?,
    })
}

impl UnverifiedToken<'_> {
    /// True when `key` verifies the ES256 signature.
    pub(crate) fn is_signed_by_key(&self, key: &VerifyingKey) -> bool {
        self.header["alg"] == "ES256"
            && Signature::from_slice(&self.signature)
                .is_ok_and(|s| key.verify(self.signed.as_bytes(), &s).is_ok())
    }

    /// True when `secret` verifies the HS256 signature.
    pub(crate) fn is_signed_by_secret(&self, secret: &[u8]) -> bool {
        self.header["alg"] == "HS256"
            && mac(secret, self.signed).is_some_and(|mac| mac.verify_slice(&self.signature).is_ok())
    }
}

fn mac(secret: &[u8], text: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

fn signing_input(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header.to_string()), encode(claims.to_string()))
}

/// Signs with ES256.
pub(crate) fn sign_es256(kid: &str, key: &SigningKey, claims: &Value) -> String {
    let text = signing_input(&json!({"alg": "ES256", "kid": kid, "typ": "JWT"}), claims);
    let signature: Signature = key.sign(text.as_bytes());
    format!("{text}.{}", encode(signature.to_bytes()))
}

/// Signs with HS256.
pub(crate) fn sign_hs256(secret: &[u8], claims: &Value) -> String {
    let text = signing_input(&json!({"alg": "HS256", "typ": "JWT"}), claims);
    let signature = mac(secret, &text).map(|m| m.finalize().into_bytes().to_vec()).unwrap_or_default();
    format!("{text}.{}", encode(signature))
}
