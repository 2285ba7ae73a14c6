//! A project's public signing keys (RFC 7517), and which of them must have signed a token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::{Algorithm, Token, invalid};
use crate::error::Error;

/// A longer document is refused: a project has a few keys of under 1 KB each.
const MAX_BYTES: usize = 65_536;
/// Keys beyond these are not kept.
const MAX_KEYS: usize = 20;
/// The accepted sizes of an RSA modulus in bytes: 2048 to 8192 bits. Smaller ones are weak, larger ones slow.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
/// 65537, the one public exponent that is in use.
const RSA_EXPONENT: &str = "AQAB";

/// One public key that can verify sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    /// The key's id, never empty.
    pub kid: String,
    /// The key itself.
    pub key: PublicKey,
}

/// A public key; its type decides the one algorithm that it is used with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// On the curve P-256, for ES256. The coordinates, base64url.
    Ec {
        /// The x coordinate.
        x: String,
        /// The y coordinate.
        y: String,
    },
    /// For RS256. Modulus and exponent, base64url.
    Rsa {
        /// The modulus.
        n: String,
        /// The exponent.
        e: String,
    },
}

/// The keys of a project that can verify sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jwks {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct JwkEntry {
    kid: String,
    kty: String,
    alg: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
}

impl Jwks {
    /// Parses the response of `/auth/v1/.well-known/jwks.json`. Keys that cannot verify a session are ignored, because
    /// a project may list kinds of keys that we do not support. `None` when it is not a key set.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_BYTES {
            return None;
        }
        let document: Document = serde_json::from_slice(bytes).ok()?;
        Some(Self { keys: document.keys.into_iter().filter_map(parse_key).take(MAX_KEYS).collect() })
    }

    /// The key with this id.
    pub fn key(&self, kid: &str) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.kid == kid)
    }
}

impl Jwk {
    /// Checks that the token uses its key's algorithm: a token never chooses how it is verified.
    ///
    /// # Errors
    /// `token_invalid`.
    pub fn check_algorithm(&self, token: &Token<'_>) -> Result<(), Error> {
        if self.key.algorithm() == token.alg {
            return Ok(());
        }
        Err(invalid("is not signed in the way of its key"))
    }
}

impl PublicKey {
    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ec { .. } => Algorithm::Es256,
            Self::Rsa { .. } => Algorithm::Rs256,
        }
    }
}

fn parse_key(entry: Value) -> Option<Jwk> {
    let JwkEntry { kid, kty, alg, purpose, key_ops, crv, x, y, n, e } = serde_json::from_value(entry).ok()?;
    let verifies = purpose.is_none_or(|purpose| purpose == "sig")
        && key_ops.is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
    if kid.is_empty() || !verifies {
        return None;
    }
    let length = |number: &str| URL_SAFE_NO_PAD.decode(number).ok().map(|bytes| bytes.len());
    let key = match (kty.as_str(), alg.as_str()) {
        ("EC", "ES256") if crv == "P-256" && length(&x) == Some(32) && length(&y) == Some(32) => {
            PublicKey::Ec { x, y }
        }
        // Written without leading zeros (RFC 7518, section 6.3.1.1), so the length is the size.
        ("RSA", "RS256")
            if e == RSA_EXPONENT && length(&n).is_some_and(|bytes| RSA_BYTES.contains(&bytes)) =>
        {
            PublicKey::Rsa { n, e }
        }
        _ => return None,
    };
    Some(Jwk { kid, key })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ec(kid: &str) -> Value {
        let coordinate = URL_SAFE_NO_PAD.encode([7; 32]);
        json!({"kid": kid, "kty": "EC", "alg": "ES256", "crv": "P-256", "x": coordinate, "y": coordinate,
               "use": "sig", "key_ops": ["verify"]})
    }

    fn rsa(bytes: usize) -> Value {
        json!({"kid": "r", "kty": "RSA", "alg": "RS256", "n": URL_SAFE_NO_PAD.encode(vec![0xc1; bytes]), "e": "AQAB"})
    }

    fn set(keys: &[Value]) -> Option<Jwks> {
        Jwks::parse(json!({"keys": keys}).to_string().as_bytes())
    }

    fn changed(mut key: Value, name: &str, value: Value) -> usize {
        key[name] = value;
        set(&[key]).unwrap().keys.len()
    }

    #[test]
    fn only_keys_that_are_whole_and_for_verifying_are_kept() {
        assert_eq!(changed(ec("a"), "ext", json!(true)), 1);
        for (name, value) in [
            ("kid", json!("")),
            ("kid", json!(7)),
            ("kty", json!("oct")),
            ("alg", json!("RS256")),
            ("alg", json!("HS256")),
            ("alg", Value::Null),
            ("crv", json!("P-384")),
            ("use", json!("enc")),
            ("key_ops", json!(["sign"])),
            ("x", json!("")),
            ("y", json!("not base64url!")),
            ("x", json!(URL_SAFE_NO_PAD.encode([7; 31]))),
        ] {
            assert_eq!(changed(ec("a"), name, value.clone()), 0, "{name} {value}");
        }
        assert_eq!(changed(rsa(256), "e", json!("Aw")), 0, "an exponent of 3");
        let sizes: Vec<_> =
            [128, 255, 256, 1024, 1025].map(|bytes| set(&[rsa(bytes)]).unwrap().keys.len()).into();
        assert_eq!(sizes, [0, 0, 1, 1, 0]);
        assert_eq!(set(&[json!(null), json!("key"), json!([]), ec("a")]).unwrap().keys.len(), 1);
    }

    #[test]
    fn a_key_set_is_bounded() {
        let many: Vec<_> = (0..40).map(|n| ec(&n.to_string())).collect();
        assert_eq!(set(&many).unwrap().keys.len(), 20);
        let mut long = json!({"keys": [ec("a")]}).to_string();
        long.push_str(&" ".repeat(MAX_BYTES - long.len()));
        assert!(Jwks::parse(long.as_bytes()).is_some());
        long.push(' ');
        assert!(Jwks::parse(long.as_bytes()).is_none());
        for garbage in ["", "[]", "{}", "{\"keys\":{}}", "<html>"] {
            assert!(Jwks::parse(garbage.as_bytes()).is_none(), "{garbage}");
        }
        assert_eq!(
            Jwks::parse(b"{\"keys\":[]}"),
            Some(Jwks::default()),
            "a project with a shared secret only"
        );
    }
}
