//! Users and tokens for tests.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::Platform;
use crate::clock;
use crate::credentials::PUBLISHABLE_KEY;

/// A signed-in user.
#[derive(Debug, Clone)]
pub struct Session {
    /// JWT, ES256, valid for one hour.
    pub access_token: String,
    /// Can be used once.
    pub refresh_token: String,
    /// `sub` of the token.
    pub user_id: String,
    /// The whole response of the Auth server, as clients store it.
    pub body: Value,
}

impl Platform {
    /// Signs up a user; `body` is that of `POST /auth/v1/signup`.
    pub(crate) async fn sign_up(&self, body: &Value) -> Result<Session> {
        let request =
            self.http.post(format!("{}/auth/v1/signup", self.supabase_url)).header("apikey", PUBLISHABLE_KEY);
        let response = request.json(body).send().await?;
        let status = response.status();
        let body: Value = response.json().await?;
        if !status.is_success() {
            bail!("The Auth server refused the sign-up ({status}): {body}");
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(Session {
            access_token: text(&body["access_token"]),
            refresh_token: text(&body["refresh_token"]),
            user_id: text(&body["user"]["id"]),
            body,
        })
    }

    /// A user token: `chosen` claims over the defaults. See [`crate::Stack::mint`].
    pub(crate) fn mint(&self, chosen: &Value) -> String {
        let now = clock::epoch_seconds();
        let lifetime = chosen["expires_in"].as_i64().unwrap_or(3600);
        let mut claims = json!({
            "iss": format!("{}/auth/v1", self.supabase_url), "sub": uuid::Uuid::new_v4().to_string(),
            "aud": "authenticated", "role": "authenticated", "aal": "aal1",
            "amr": [{"method": "password", "timestamp": now}], "session_id": uuid::Uuid::new_v4().to_string(),
            "email": "minted@example.com", "phone": "", "is_anonymous": false, "app_metadata": {}, "user_metadata": {},
            "iat": now.min(now + lifetime), "exp": now + lifetime,
        });
        if let (Some(claims), Some(chosen)) = (claims.as_object_mut(), chosen.as_object()) {
            claims.extend(chosen.clone());
            claims.remove("expires_in");
            claims.retain(|_, value| !value.is_null());
        }
        self.keys.sign(&claims)
    }
}
