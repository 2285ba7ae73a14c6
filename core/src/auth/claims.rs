//! A JSON Web Token's parts (RFC 7515, RFC 7519) and the rules for a Supabase session's claims.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, ErrorCode};
use crate::time::Timestamp;

/// Clocks of issuer and edge may differ by this many seconds.
const SKEW_SECONDS: i64 = 30;
/// A larger token is refused before it is decoded. Real ones are under 2 KB.
const MAX_TOKEN_BYTES: usize = 16_384;

/// A token taken apart, nothing about it checked yet.
#[derive(Clone, Debug)]
pub struct Token<'a> {
    /// The id of the key that signed it.
    pub kid: String,
    /// The algorithm it says it was signed with.
    pub alg: String,
    /// The bytes that were signed.
    pub signed: &'a str,
    /// The signature.
    pub signature: Vec<u8>,
    claims: Claims,
}

#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    alg: String,
    #[serde(default)]
    kid: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Claims {
    #[serde(default)]
    iss: String,
    #[serde(default)]
    aud: Value,
    #[serde(default)]
    sub: String,
    #[serde(default)]
    role: String,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    is_anonymous: bool,
    #[serde(default)]
    app_metadata: Value,
}

/// A person's session, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The auth user's id (a UUID).
    pub user_id: String,
    /// Whether this is an anonymous sign-in.
    pub is_anonymous: bool,
    /// Whether they belong to support. From `app_metadata`, which only an operator writes, never `user_metadata`.
    pub support: bool,
}

fn invalid(why: &str) -> Error {
    Error::with_detail(ErrorCode::TokenInvalid, format!("The access token {why}."))
}

impl<'a> Token<'a> {
    /// Takes a compact token apart.
    ///
    /// # Errors
    /// `token_invalid` when it is not three base64url parts with a JSON header and JSON claims.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(invalid("is too large"));
        }
        let (signed, signature) = text.rsplit_once('.').ok_or_else(|| invalid("is not a JSON Web Token"))?;
        let (header, claims) = signed.split_once('.').ok_or_else(|| invalid("is not a JSON Web Token"))?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| invalid("is not base64url"));
        let header: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_| invalid("has no readable header"))?;
        let claims: Claims =
            serde_json::from_slice(&decode(claims)?).map_err(|_| invalid("has no readable claims"))?;
        Ok(Self { kid: header.kid, alg: header.alg, signed, signature: decode(signature)?, claims })
    }
}

/// Judges the claims of a token whose signature was found good. `issuer` is `{SUPABASE_URL}/auth/v1`.
///
/// # Errors
/// `token_expired` past its time; `token_invalid` for another issuer or audience, a role that is no person's
/// (API keys are tokens too), or no subject.
pub fn check_claims(token: &Token<'_>, issuer: &str, now: Timestamp) -> Result<Session, Error> {
    let claims = &token.claims;
    let now = now.as_second();
    if claims.iss != issuer {
        return Err(invalid("is from another issuer"));
    }
    let for_us = match &claims.aud {
        Value::String(audience) => audience == "authenticated",
        Value::Array(audiences) => audiences.iter().any(|audience| audience == "authenticated"),
        _ => false,
    };
    if !for_us || claims.role != "authenticated" {
        return Err(invalid("is not a person's session"));
    }
    if claims.sub.is_empty() {
        return Err(invalid("names nobody"));
    }
    if claims.exp.saturating_add(SKEW_SECONDS) <= now {
        return Err(ErrorCode::TokenExpired.into());
    }
    if claims.nbf.is_some_and(|nbf| nbf.saturating_sub(SKEW_SECONDS) > now) {
        return Err(invalid("is not valid yet"));
    }
    let support = claims.app_metadata.get("gatehouse_support") == Some(&Value::Bool(true));
    Ok(Session { user_id: claims.sub.clone(), is_anonymous: claims.is_anonymous, support })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ISSUER: &str = "http://127.0.0.1:54321/auth/v1";

    fn text(claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!(
            "{}.{}.{}",
            part(&json!({"alg": "ES256", "kid": "k"})),
            part(claims),
            URL_SAFE_NO_PAD.encode("sig")
        )
    }

    fn check(change: impl FnOnce(&mut Value)) -> Result<Session, ErrorCode> {
        let mut claims =
            json!({"iss": ISSUER, "aud": "authenticated", "sub": "u", "role": "authenticated", "exp": 1_000});
        change(&mut claims);
        let text = text(&claims);
        let token = Token::parse(&text).map_err(|error| error.code)?;
        check_claims(&token, ISSUER, Timestamp::from_second(1_000).unwrap()).map_err(|error| error.code)
    }

    #[test]
    fn a_good_session_is_the_subject() {
        assert_eq!(check(|_| {}).unwrap().user_id, "u");
        assert!(check(|c| c["aud"] = json!(["authenticated", "x"])).is_ok());
    }

    #[test]
    fn support_is_what_app_metadata_says_and_nothing_else() {
        let support = |change: fn(&mut Value)| check(change).unwrap().support;
        assert!(support(|c| c["app_metadata"] = json!({"gatehouse_support": true})));
        assert!(!support(|_| {}));
        assert!(!support(|c| c["user_metadata"] = json!({"gatehouse_support": true})));
        for other in [json!("true"), json!(1), json!(null), json!({})] {
            let session = check(|c| c["app_metadata"] = json!({"gatehouse_support": other})).unwrap();
            assert!(!session.support, "{session:?}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        assert_eq!(check(|c| c["exp"] = json!(970)), Err(ErrorCode::TokenExpired));
        assert!(check(|c| c["exp"] = json!(971)).is_ok(), "within the skew");
        assert_eq!(
            check(|c| c["iss"] = json!("https://other.example/auth/v1")),
            Err(ErrorCode::TokenInvalid)
        );
        assert_eq!(check(|c| c["aud"] = json!("anon")), Err(ErrorCode::TokenInvalid));
        assert_eq!(check(|c| c["role"] = json!("service_role")), Err(ErrorCode::TokenInvalid));
        assert_eq!(check(|c| c["sub"] = json!("")), Err(ErrorCode::TokenInvalid));
        assert_eq!(check(|c| c["nbf"] = json!(1_031)), Err(ErrorCode::TokenInvalid));
        assert_eq!(
            check(|c| {
                c.as_object_mut().unwrap().remove("exp");
            }),
            Err(ErrorCode::TokenInvalid)
        );
        for garbage in ["", "a.b", "a.b.c", "....", "e30.e30.e30"] {
            assert_eq!(
                Token::parse(garbage).err().map(|error| error.code),
                Some(ErrorCode::TokenInvalid),
                "{garbage}"
            );
        }
    }
}
