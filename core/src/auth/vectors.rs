//! The golden vectors of tests/contract/tokens: every rule by the one case that it alone would catch.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde::Deserialize;
use serde_json::Value;

use super::*;
use crate::time::Timestamp;

#[derive(Deserialize)]
struct Tokens {
    issuer: String,
    now: i64,
    secret: String,
    jwks: Value,
    cases: Vec<TokenCase>,
}

#[derive(Deserialize)]
struct TokenCase {
    name: String,
    catches: String,
    token: String,
    /// WebCrypto's verdict under the listed key that the token names.
    signature: bool,
    expect: String,
    legacy: String,
    session: Option<Value>,
}

#[derive(Deserialize)]
struct Cookies {
    name: String,
    cases: Vec<CookieCase>,
}

#[derive(Deserialize)]
struct CookieCase {
    name: String,
    catches: String,
    header: String,
    token: Option<String>,
}

fn tokens() -> Tokens {
    serde_json::from_str(include_str!("../../../tests/contract/tokens/tokens.json")).unwrap()
}

/// The Worker's own order, with the vector's verdict in the place of WebCrypto.
fn judge(tokens: &Tokens, case: &TokenCase, secret: Option<&str>) -> Result<Session, Error> {
    let token = Token::parse(&case.token)?;
    if !signed_with_secret(&token, secret)? {
        let jwks = Jwks::parse(tokens.jwks.to_string().as_bytes()).unwrap();
        let jwk = jwks.key(&token.kid).ok_or(ErrorCode::SigningKeyUnknown)?;
        jwk.check_algorithm(&token)?;
        if let PublicKey::Ec { x, y } = &jwk.key {
            assert_eq!(signed_by(x, y, &token), case.signature, "{}", case.name);
        }
        if !case.signature {
            return Err(wrong_signature());
        }
    }
    check_claims(&token, &tokens.issuer, Timestamp::from_second(tokens.now).unwrap())
}

/// A second opinion on ES256.
fn signed_by(x: &str, y: &str, token: &Token<'_>) -> bool {
    let mut point = vec![4];
    point.extend(URL_SAFE_NO_PAD.decode(x).unwrap());
    point.extend(URL_SAFE_NO_PAD.decode(y).unwrap());
    let key = VerifyingKey::from_sec1_bytes(&point).unwrap();
    Signature::from_slice(&token.signature)
        .is_ok_and(|signature| key.verify(token.signed.as_bytes(), &signature).is_ok())
}

#[test]
fn every_token_gets_its_verdict_with_and_without_the_legacy_secret() {
    let tokens = tokens();
    let word = |result: &Result<Session, Error>| match result {
        Ok(_) => "ok",
        Err(error) => error.code.as_str(),
    };
    let mut wrong = Vec::new();
    for case in &tokens.cases {
        let (result, legacy) = (judge(&tokens, case, None), judge(&tokens, case, Some(&tokens.secret)));
        let expected = case.session.as_ref().is_none_or(|expected| {
            let of = |name: &str| expected[name].as_bool().unwrap_or_default();
            let session = result.as_ref().ok().map(|session| (session.is_anonymous, session.support));
            session == Some((of("is_anonymous"), of("support")))
        });
        if !expected || (word(&result), word(&legacy)) != (&case.expect, &case.legacy) {
            wrong.push(format!("{}: {}: {result:?}, with the secret {legacy:?}", case.name, case.catches));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let mut names: Vec<_> = tokens.cases.iter().map(|case| &case.name).collect();
    names.sort();
    names.dedup();
    assert!(names.len() == tokens.cases.len() && names.len() >= 40, "{} names", names.len());
}

#[test]
fn every_cookie_gives_its_token_or_none() {
    let cookies: Cookies =
        serde_json::from_str(include_str!("../../../tests/contract/tokens/cookies.json")).unwrap();
    let wrong: Vec<_> = cookies
        .cases
        .iter()
        .filter(|case| cookie_token(&case.header, &cookies.name) != case.token)
        .map(|case| format!("{}: {}", case.name, case.catches))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_cookie_header_is_read_up_to_64_kb() {
    let header = |bytes: usize| {
        let cookie = "; sb-x-auth-token={\"access_token\":\"t\"}";
        format!("pad={}{cookie}", "x".repeat(bytes - cookie.len() - 4))
    };
    assert_eq!(cookie_token(&header(65_536), "sb-x-auth-token").as_deref(), Some("t"));
    assert_eq!(cookie_token(&header(65_537), "sb-x-auth-token"), None);
}

#[test]
fn a_cookie_is_named_after_the_first_label_of_the_host() {
    for (url, name) in [
        ("https://abcdefghij.supabase.co", "sb-abcdefghij-auth-token"),
        ("https://auth.example.in", "sb-auth-auth-token"),
        ("http://127.0.0.1:54321", "sb-127-auth-token"),
        ("http://localhost:54321", "sb-localhost-auth-token"),
    ] {
        assert_eq!(cookie_name(url), name);
    }
}
