//! The rules for the claims of a Supabase session (RFC 7519, section 4.1, and Supabase's own).

use serde::Deserialize;
use serde_json::Value;

use super::invalid;
use crate::error::{Error, ErrorCode};
use crate::time::Timestamp;
use crate::uuid::is_uuid;

/// Clocks of issuer and edge may differ by this many seconds.
const SKEW_SECONDS: i64 = 30;

/// The claims that we use. `user_metadata` is not among them, because people can change it themselves.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Claims {
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
    iat: Option<i64>,
    #[serde(default)]
    is_anonymous: bool,
    #[serde(default)]
    app_metadata: Value,
}

/// A person's session with verified claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The auth user's id (a UUID).
    pub user_id: String,
    /// Whether this is an anonymous sign-in.
    pub is_anonymous: bool,
    /// Whether the person works in support: `app_metadata.gatehouse_support`, which only the secret key can write.
    pub support: bool,
}

impl Claims {
    /// As [`super::check_claims`].
    pub(super) fn check(&self, issuer: &str, now: Timestamp) -> Result<Session, Error> {
        let now = now.as_second();
        if self.iss != issuer {
            return Err(invalid("is from another issuer"));
        }
        let for_us = match &self.aud {
            Value::String(audience) => audience == "authenticated",
            Value::Array(audiences) => audiences.iter().any(|audience| audience == "authenticated"),
            _ => false,
        };
        if !for_us || self.role != "authenticated" {
            return Err(invalid("is not a person's session"));
        }
        // Only lower case, as Supabase writes it, so that a person has one spelling in keys and logs.
        if !is_uuid(&self.sub) || self.sub.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(invalid("names nobody"));
        }
        if self.exp.saturating_add(SKEW_SECONDS) <= now {
            return Err(ErrorCode::TokenExpired.into());
        }
        let ahead = |time: Option<i64>| time.is_some_and(|time| time.saturating_sub(SKEW_SECONDS) > now);
        if ahead(self.nbf) || ahead(self.iat) {
            return Err(invalid("is not valid yet"));
        }
        Ok(Session {
            user_id: self.sub.clone(),
            is_anonymous: self.is_anonymous,
            support: self.app_metadata.get("gatehouse_support") == Some(&Value::Bool(true)),
        })
    }
}
