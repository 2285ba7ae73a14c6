//! Parses a compact JSON Web Token (RFC 7515, section 7.1). Strict: a text that two parsers could read differently is
//! refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};

use super::claims::{Claims, Session};
use super::invalid;
use crate::error::Error;
use crate::time::Timestamp;

/// A larger token is refused before it is decoded. Real ones are under 2 KB.
const MAX_TOKEN_BYTES: usize = 8_192;

/// The algorithms that a session may be signed with (RFC 7518, section 3.1). `none` is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256, Supabase's recommendation.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// HMAC with SHA-256: the shared secret of older projects.
    Hs256,
}

/// A parsed token, not verified yet.
#[derive(Clone, Debug)]
pub struct Token<'a> {
    /// The id of the key that signed it; empty when it names none.
    pub kid: String,
    /// The algorithm it says it was signed with.
    pub alg: Algorithm,
    /// The bytes that were signed.
    pub signed: &'a str,
    /// The signature.
    pub signature: Vec<u8>,
    pub(super) claims: Claims,
}

/// The header members that we use. Serde refuses duplicates.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: String,
    /// Extensions that a reader must understand; we know none (RFC 7515, section 4.1.11).
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

/// True for a member that is present with any value, `null` too.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|_| true)
}

impl<'a> Token<'a> {
    /// Parses a compact token.
    ///
    /// # Errors
    /// `token_invalid` when it is over 8 KB, not three parts of canonical base64url, without a readable header and
    /// readable claims, or signed with an algorithm that we do not accept.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(invalid("is too large"));
        }
        let (signed, signature) = text.rsplit_once('.').ok_or_else(|| invalid("is not a JSON Web Token"))?;
        let (header, claims) = signed.split_once('.').ok_or_else(|| invalid("is not a JSON Web Token"))?;
        let header: Header = object(header).ok_or_else(|| invalid("has no readable header"))?;
        let claims = object(claims).ok_or_else(|| invalid("has no readable claims"))?;
        let signature = decode(signature).ok_or_else(|| invalid("has no readable signature"))?;
        if header.crit {
            return Err(invalid("asks for an extension that is not known here"));
        }
        let alg = match header.alg.as_str() {
            "ES256" => Algorithm::Es256,
            "RS256" => Algorithm::Rs256,
            "HS256" => Algorithm::Hs256,
            _ => return Err(invalid("is signed in a way that is not accepted")),
        };
        Ok(Self { kid: header.kid, alg, signed, signature, claims })
    }
}

/// Without padding, and without the spare bits that would give one value two spellings. A fourth part's dot is no
/// base64url either.
fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

/// A part as a JSON object. Serde would also read an array into a struct.
fn object<T: DeserializeOwned>(part: &str) -> Option<T> {
    let bytes = decode(part)?;
    bytes.trim_ascii_start().starts_with(b"{").then(|| serde_json::from_slice(&bytes).ok()).flatten()
}

/// Checks the claims of a token whose signature is valid. `issuer` is `{SUPABASE_URL}/auth/v1`.
///
/// # Errors
/// `token_expired` past its time; `token_invalid` for another issuer or audience, a role that is no person's
/// (API keys are tokens too), a subject that is no UUID, or a time that has not come.
pub fn check_claims(token: &Token<'_>, issuer: &str, now: Timestamp) -> Result<Session, Error> {
    token.claims.check(issuer, now)
}
