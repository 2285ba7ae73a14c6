//! The keys that sign user tokens.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail};
use p256::SecretKey;
use p256::ecdsa::SigningKey;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock;
use crate::jwt;

/// Signs the short tokens into which the gateway turns API keys.
const INTERNAL_SECRET: &[u8; 32] = b"gatehouse-local-internal-secret!";

#[derive(Clone, Serialize, Deserialize)]
struct StoredKey {
    kid: String,
    /// The private scalar in base64url.
    d: String,
}

/// Signing keys, the newest last: the newest signs, all of them verify.
pub(crate) struct Keys {
    file: PathBuf,
    list: Mutex<Vec<(StoredKey, SigningKey)>>,
}

impl Keys {
    /// Reads the keys stored in `data`, or creates the first one there, so that sessions survive a restart.
    pub(crate) fn open(data: &Path) -> Result<Self> {
        let file = data.join("signing-keys.json");
        let stored: Vec<StoredKey> = match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .with_context(|| format!("{} is broken; remove it.", file.display()))?,
            Err(_) => vec![],
        };
        let mut list = Vec::new();
        for key in stored {
            let d = jwt::decode(&key.d).context("A signing key is not base64url.")?;
            list.push((key, SigningKey::from_slice(&d)?));
        }
        let keys = Self { file, list: Mutex::new(list) };
        if keys.lock().is_empty() {
            keys.rotate()?;
        }
        Ok(keys)
    }

    /// Creates a new key that signs from now on; the old ones stay in the JWKS. Returns its kid.
    pub(crate) fn rotate(&self) -> Result<String> {
        let secret = loop {
            // A random value is outside of the curve's order about once in 2^32.
            if let Ok(secret) = SecretKey::from_slice(&rand::random::<[u8; 32]>()) {
                break secret;
            }
        };
        let kid = uuid::Uuid::new_v4().to_string();
        let stored = StoredKey { kid: kid.clone(), d: jwt::encode(secret.to_bytes()) };
        self.lock().push((stored, SigningKey::from(secret)));
        self.save()?;
        Ok(kid)
    }

    /// Removes a key from the JWKS. The key that signs cannot be revoked: rotate first.
    pub(crate) fn revoke(&self, kid: &str) -> Result<()> {
        {
            let mut list = self.lock();
            if list.last().is_some_and(|(key, _)| key.kid == kid) {
                bail!("Key {kid} is in use: rotate before you revoke it.");
            }
            let before = list.len();
            list.retain(|(key, _)| key.kid != kid);
            if list.len() == before {
                bail!("There is no key {kid}.");
            }
        }
        self.save()
    }

    /// The public keys as a JWKS document.
    pub(crate) fn jwks(&self) -> Value {
        let keys: Vec<Value> =
            self.lock().iter().rev().map(|(stored, key)| public_jwk(&stored.kid, key)).collect();
        json!({ "keys": keys })
    }

    /// The JWKS for PostgREST: the public keys and the internal one.
    pub(crate) fn jwks_for_postgrest(&self) -> String {
        let mut jwks = self.jwks();
        if let Some(keys) = jwks["keys"].as_array_mut() {
            keys.push(json!({"kty": "oct", "alg": "HS256", "k": jwt::encode(INTERNAL_SECRET)}));
        }
        jwks.to_string()
    }

    /// Signs claims with the newest key.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.lock().last().map(|(stored, key)| jwt::sign_es256(&stored.kid, key, claims)).unwrap_or_default()
    }

    /// A short-lived token signed by this key, to test whether PostgREST trusts the key.
    pub(crate) fn probe_token(&self, kid: &str) -> Option<String> {
        let claims = json!({"role": "anon", "exp": clock::epoch_seconds() + 300});
        self.lock()
            .iter()
            .find(|(stored, _)| stored.kid == kid)
            .map(|(stored, key)| jwt::sign_es256(&stored.kid, key, &claims))
    }

    /// The claims of a user or internal token whose signature and expiry are valid.
    pub(crate) fn verify(&self, token: &str) -> Result<Value, &'static str> {
        let token = jwt::parse(token).ok_or("token is malformed")?;
        let list = self.lock();
        let known = list.iter().any(|(stored, key)| {
            token.header["kid"] == stored.kid.as_str() && token.is_signed_by_key(key.verifying_key())
        });
        if !known && !token.is_signed_by_secret(INTERNAL_SECRET) {
            return Err("signature is invalid");
        }
        match token.claims["exp"].as_i64() {
            Some(exp) if exp > clock::epoch_seconds() => Ok(token.claims),
            _ => Err("token is expired"),
        }
    }

    fn save(&self) -> Result<()> {
        let stored: Vec<StoredKey> = self.lock().iter().map(|(stored, _)| stored.clone()).collect();
        fs::write(&self.file, serde_json::to_vec(&stored)?)
            .with_context(|| format!("Cannot write {}.", self.file.display()))?;
        fs::set_permissions(&self.file, fs::Permissions::from_mode(0o600))?;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(StoredKey, SigningKey)>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn public_jwk(kid: &str, key: &SigningKey) -> Value {
    let point = key.verifying_key().to_sec1_point(false);
    let coordinate = |bytes: Option<&_>| bytes.map(|b: &p256::FieldBytes| jwt::encode(b)).unwrap_or_default();
    json!({
        "kid": kid, "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "key_ops": ["verify"], "ext": true,
        "x": coordinate(point.x()), "y": coordinate(point.y()),
    })
}

/// The short-lived token that replaces an API key: role `anon` or `service_role`, no subject.
pub(crate) fn internal_token(role: &str) -> String {
    let now = clock::epoch_seconds();
    jwt::sign_hs256(INTERNAL_SECRET, &json!({"iss": "supabase", "role": role, "iat": now, "exp": now + 300}))
}
