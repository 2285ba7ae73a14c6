//! HS256 (RFC 7518, section 3.2), for projects that still sign with their legacy secret.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{Algorithm, Token, invalid};
use crate::error::Error;

/// Verifies a signature that needs no key set: true when it was made with the legacy secret, false when a public key
/// must verify it. HS256 is verified with the secret only, so that a public key's bytes are never used as a secret; it
/// has no id in Supabase's key set, so the token's `kid` means nothing here.
///
/// # Errors
/// `token_invalid` for HS256 without a `secret` to check it or with another signature, and for a public key that
/// is not named.
pub fn signed_with_secret(token: &Token<'_>, secret: Option<&str>) -> Result<bool, Error> {
    match (token.alg, secret) {
        (Algorithm::Es256 | Algorithm::Rs256, _) if token.kid.is_empty() => {
            Err(invalid("names no signing key"))
        }
        (Algorithm::Es256 | Algorithm::Rs256, _) => Ok(false),
        (Algorithm::Hs256, None) => {
            Err(invalid("is signed with a shared secret, which is not accepted here"))
        }
        (Algorithm::Hs256, Some(secret)) => {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| wrong_signature())?;
            mac.update(token.signed.as_bytes());
            // Constant time.
            mac.verify_slice(&token.signature).map_err(|_| wrong_signature())?;
            Ok(true)
        }
    }
}

/// The error for a signature that does not match the key.
pub fn wrong_signature() -> Error {
    invalid("has a wrong signature")
}
