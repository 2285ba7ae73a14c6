//! Who is asking: finding a Supabase session in a request, choosing the key that must have signed it, judging its
//! claims. ES256 and RS256 signatures are checked by the platform's WebCrypto, with the key that
//! the key set has under the token's `kid`; HS256 is checked here. What is accepted and why stands in docs/AUTH.md.

mod claims;
mod cookie;
mod credential;
mod hs256;
mod jwks;
mod refresh;
mod token;
#[cfg(test)]
mod vectors;

pub use claims::{Session, check_claims};
pub use cookie::{cookie_name, cookie_token};
pub use credential::{Credential, Sender, bearer, check_sender, credential, same_secret};
pub use hs256::{signed_with_secret, wrong_signature};
pub use jwks::{Jwk, Jwks, PublicKey};
pub use refresh::{KEYS_MAX_AGE_MS, KeyStep, key_step};
pub use token::{Algorithm, Token};

use crate::error::{Error, ErrorCode};

/// A refused token; `why` ends the sentence "The access token …".
fn invalid(why: &str) -> Error {
    Error::with_detail(ErrorCode::TokenInvalid, format!("The access token {why}."))
}
