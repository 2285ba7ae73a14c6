//! Settings of the upstream services that need several.

use super::GENERATION;
use crate::payment::phonepe_v1::Salt;

/// PhonePe's settings.
#[derive(Clone, Debug)]
pub struct PhonePeEnv {
    /// The payment host.
    pub pg_url: String,
    /// The generation that the merchant is on, with its keys.
    pub keys: PhonePeKeys,
}

/// The keys of PhonePe's gateway, which has two generations.
#[derive(Clone, Debug)]
pub enum PhonePeKeys {
    /// Salt key and `X-VERIFY`.
    V1(SaltKeys),
    /// OAuth client and a webhook user.
    V2(ClientKeys),
}

/// What V1 needs.
#[derive(Clone, Debug)]
pub struct SaltKeys {
    /// The merchant id.
    pub merchant_id: String,
    /// Signs our requests and verifies callbacks.
    pub salt: Salt,
    /// The previous salt, which verifies callbacks too during a key rotation.
    pub previous: Option<Salt>,
    /// Where PhonePe calls us back.
    pub callback_url: String,
}

/// What V2 needs.
#[derive(Clone, Debug)]
pub struct ClientKeys {
    /// The token host.
    pub oauth_url: String,
    /// OAuth client id.
    pub client_id: String,
    /// OAuth client version.
    pub client_version: String,
    /// OAuth client secret.
    pub client_secret: String,
    /// The webhook's user name and password.
    pub webhook: (String, String),
    /// The previous ones, during a rotation.
    pub previous_webhook: Option<(String, String)>,
}

impl PhonePeEnv {
    pub(super) fn read(get: &impl Fn(&str) -> String) -> Self {
        let pair = |name: &str, sign: &str| {
            get(name).split_once(sign).map(|(left, right)| (left.to_owned(), right.to_owned()))
        };
        let keys = if get(GENERATION) == "v1" {
            PhonePeKeys::V1(SaltKeys {
                merchant_id: get("PHONEPE_MERCHANT_ID"),
                salt: Salt { key: get("PHONEPE_SALT_KEY"), index: get("PHONEPE_SALT_INDEX") },
                previous: pair("PHONEPE_SALT_PREVIOUS", "###").map(|(key, index)| Salt { key, index }),
                callback_url: get("PHONEPE_CALLBACK_URL"),
            })
        } else {
            PhonePeKeys::V2(ClientKeys {
                oauth_url: get("PHONEPE_OAUTH_URL"),
                client_id: get("PHONEPE_CLIENT_ID"),
                client_version: get("PHONEPE_CLIENT_VERSION"),
                client_secret: get("PHONEPE_CLIENT_SECRET"),
                webhook: (get("PHONEPE_WEBHOOK_USERNAME"), get("PHONEPE_WEBHOOK_PASSWORD")),
                previous_webhook: pair("PHONEPE_WEBHOOK_PREVIOUS", ":"),
            })
        };
        Self { pg_url: get("PHONEPE_PG_URL"), keys }
    }
}

/// Vertex AI's settings.
#[derive(Clone, Debug)]
pub struct VertexEnv {
    /// The models' address without a trailing slash.
    pub url: String,
    /// Where tokens come from; also the audience of what we sign for one.
    pub token_url: String,
    /// The Google Cloud project.
    pub project: String,
    /// The region, or `global`.
    pub location: String,
    /// The model's id.
    pub model: String,
    /// The service account.
    pub client_email: String,
    /// Its key, PKCS#8 in PEM.
    pub private_key: String,
}

impl VertexEnv {
    /// `None` where nothing is set.
    pub(super) fn read(get: &impl Fn(&str) -> String) -> Option<Self> {
        let location = get("VERTEX_LOCATION");
        let or = |name: &str, default: String| {
            Some(get(name)).filter(|value| !value.is_empty()).unwrap_or(default)
        };
        let host = match location.as_str() {
            "" => return None,
            "global" => "aiplatform.googleapis.com".to_owned(),
            "us" | "eu" => format!("aiplatform.{location}.rep.googleapis.com"),
            region => format!("{region}-aiplatform.googleapis.com"),
        };
        Some(Self {
            url: or("VERTEX_URL", format!("https://{host}")),
            token_url: or("VERTEX_TOKEN_URL", "https://oauth2.googleapis.com/token".to_owned()),
            project: get("VERTEX_PROJECT"),
            model: get("VERTEX_MODEL"),
            client_email: get("VERTEX_CLIENT_EMAIL"),
            private_key: get("VERTEX_PRIVATE_KEY"),
            location,
        })
    }
}
