//! Supabase sessions: finding one in a request, choosing the key that must have signed it, and checking its claims. The
//! platform's WebCrypto verifies ES256 and RS256 signatures, with the key that the key set has under the token's `kid`;
//! HS256 is verified here. docs/AUTH.md says what is accepted and why.

mod claims;
mod cookie;
mod credential;
mod hs256;
mod jwks;
mod refresh;
mod token;
#[cfg(test)]
mod vectors;

pub use claims::Session;
pub use cookie::{cookie_name, cookie_token};
pub use credential::{Credential, Sender, bearer, check_sender, find_credential, secrets_match};
pub use hs256::{signed_with_secret, wrong_signature};
pub use jwks::{Jwk, Jwks, PublicKey};
pub use refresh::{KEYS_MAX_AGE_MS, KeyStep, key_step};
pub use token::{Algorithm, Token, check_claims};

use crate::error::{Error, ErrorCode};

/// A `token_invalid` error; `why` ends the sentence "The access token …".
fn invalid(why: &str) -> Error {
    Error::with_detail(ErrorCode::TokenInvalid, format!("The access token {why}."))
}
