//! Who is asking: reading a Supabase access token and judging its claims. The signature itself is checked by
//! the platform's WebCrypto, with the key that [`Jwks::key_for`] picks.

mod claims;
mod jwks;

pub use claims::{Session, Token, check_claims};
pub use jwks::{Jwk, Jwks};
