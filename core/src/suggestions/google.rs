//! Google's side: where the model is, and the service account's assertion that is exchanged for a token (RFC 7523).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;

use crate::env::VertexEnv;
use crate::time::Timestamp;

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// The longest lifetime that Google allows for an assertion, in seconds.
const LIFETIME_S: i64 = 3_600;
/// A token is replaced this many seconds before it expires, so that none expires during a request.
const MARGIN_S: i64 = 300;

/// The address of generateContent for the model of the settings.
pub fn generate_url(settings: &VertexEnv) -> String {
    let VertexEnv { url, project, location, model, .. } = settings;
    format!(
        "{url}/v1/projects/{project}/locations/{location}/publishers/google/models/{model}:generateContent"
    )
}

/// Header and claims of the assertion, encoded: what RS256 signs.
pub fn signed_part(settings: &VertexEnv, now: Timestamp) -> String {
    let issued = now.as_second();
    let header = json!({"alg": "RS256", "typ": "JWT"});
    let claims = json!({
        "iss": settings.client_email, "scope": SCOPE, "aud": settings.token_url, "iat": issued, "exp": issued + LIFETIME_S,
    });
    let encode = |part: serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

/// The answer of the token endpoint.
#[derive(Clone, Debug, Deserialize)]
pub struct TokenAnswer {
    /// The token, used as `Authorization: Bearer …`.
    pub access_token: String,
    /// Seconds.
    #[serde(default)]
    pub expires_in: i64,
}

impl TokenAnswer {
    /// Until when to keep the token.
    pub fn keep_until(&self, now: Timestamp) -> Timestamp {
        let life = self.expires_in.clamp(0, LIFETIME_S).saturating_sub(MARGIN_S).max(0);
        Timestamp::from_second(now.as_second().saturating_add(life)).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_assertion_says_who_for_what_and_until_when() {
        let settings = VertexEnv {
            url: "https://aiplatform.googleapis.com".into(),
            token_url: "https://oauth2.googleapis.com/token".into(),
            project: "p".into(),
            location: "global".into(),
            model: "gemini-3.5-flash".into(),
            client_email: "w@p.iam.gserviceaccount.com".into(),
            private_key: String::new(),
        };
        let signed = signed_part(&settings, Timestamp::from_second(1_000).unwrap());
        let (_, claims) = signed.split_once('.').unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        assert_eq!(
            claims,
            json!({"iss": "w@p.iam.gserviceaccount.com", "scope": SCOPE, "aud": "https://oauth2.googleapis.com/token",
                   "iat": 1_000, "exp": 4_600})
        );
        assert_eq!(
            generate_url(&settings),
            "https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/gemini-3.5-flash:generateContent"
        );
    }

    #[test]
    fn a_token_is_replaced_five_minutes_early() {
        let now = Timestamp::from_second(1_000).unwrap();
        let kept =
            |expires_in| TokenAnswer { access_token: "t".into(), expires_in }.keep_until(now).as_second();
        assert_eq!((kept(3_599), kept(10), kept(0), kept(i64::MAX)), (4_299, 1_000, 1_000, 4_300));
    }
}
