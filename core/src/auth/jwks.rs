//! A project's public signing keys (RFC 7517).

use serde::Deserialize;

/// One public key. Only ES256 keys are used; others are passed over.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Jwk {
    /// The key's id.
    #[serde(default)]
    pub kid: String,
    /// The algorithm it is for.
    #[serde(default)]
    pub alg: String,
    /// The key type.
    #[serde(default)]
    pub kty: String,
    /// The curve of an EC key.
    #[serde(default)]
    pub crv: String,
    /// The x coordinate, base64url.
    #[serde(default)]
    pub x: String,
    /// The y coordinate, base64url.
    #[serde(default)]
    pub y: String,
}

/// The key set as `/auth/v1/.well-known/jwks.json` answers it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Jwks {
    /// The keys.
    pub keys: Vec<Jwk>,
}

impl Jwks {
    /// The key that must have signed a token with this header. The algorithm is the key's, and the token's
    /// must agree: a token never chooses how it is checked.
    pub fn key_for(&self, kid: &str, alg: &str) -> Option<&Jwk> {
        let key = self.keys.iter().find(|key| !kid.is_empty() && key.kid == kid)?;
        let es256 = key.kty == "EC" && key.crv == "P-256" && key.alg == "ES256";
        (es256 && alg == "ES256").then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_does_not_choose_its_algorithm() {
        let jwks: Jwks = serde_json::from_str(
            r#"{"keys":[{"kid":"a","alg":"ES256","kty":"EC","crv":"P-256","x":"x","y":"y","key_ops":["verify"]},
                        {"kid":"b","alg":"HS256","kty":"oct"}]}"#,
        )
        .unwrap();
        assert!(jwks.key_for("a", "ES256").is_some());
        assert!(jwks.key_for("a", "HS256").is_none());
        assert!(jwks.key_for("a", "none").is_none());
        assert!(jwks.key_for("b", "HS256").is_none());
        assert!(jwks.key_for("", "ES256").is_none());
    }
}
