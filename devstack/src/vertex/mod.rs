//! Vertex AI in memory: Google's token endpoint, which checks the service account's signature, and generateContent,
//! which answers with a sample for the requested schema. A fault can inject any other response: see
//! [`Vertex::response_with`].

mod rs256;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::clock::epoch_seconds;
use crate::http::request::{form_pairs, form_value, header};
use crate::http::response::json_response;
use crate::http::simulator::Simulator;
use crate::jwt;
use crate::part::Part;

const PROJECT: &str = "gatehouse-local";
const LOCATION: &str = "asia-south1";
const MODEL: &str = "gemini-local";
const CLIENT_EMAIL: &str = "worker@gatehouse-local.iam.gserviceaccount.com";
/// Generated for this simulator and worth nothing anywhere else.
const PRIVATE_KEY: &str = include_str!("key.pem");
/// The modulus of that key.
const MODULUS: &str = "C76C97FE6288776F2B565D252F371B0E8B4B9E8573D76FCE2B82C92BDD38184F9D3CB93902005DE4A9E25F0C3253F6171028F542FFB4973C7D95CE0C1B3EAC27650D0EDC0B7145111F7DA517AF0E25BCDA509A687BD274BE1A3D1900C883443D7CC9EB3F303D3219E635090D45B6F03AB07A55F6D5CB3A3E2D2DF67CC773FD0635661E18B8950C0ED5E52524252C99375845E524AB52A3C478377C2D05A784C9F0256FB2DE93FF897D7C27C0F16A7E87C75A58FF9C02B199A926541F8726C00192D629CBB65441C2A19A3404506C14C53A7A0DB6FAB4872C7F3C25D3B5704E3FAB3522DAEB4B7B2B5881B50DA11DA5A2D335AC82C9BC3295F3930B749D285D25";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Longest lifetime of an assertion, in seconds.
const MAX_LIFETIME: i64 = 3_600;
/// Fields that a request may have; the service refuses any other name.
const REQUEST_FIELDS: [&str; 6] =
    ["contents", "systemInstruction", "generationConfig", "safetySettings", "tools", "labels"];

/// The simulator. Clones share it.
#[derive(Clone)]
pub struct Vertex {
    url: Arc<str>,
    tokens: Arc<Mutex<BTreeSet<String>>>,
    requests: Arc<Mutex<Vec<Value>>>,
}

impl Vertex {
    pub(crate) fn new(url: &str) -> Self {
        Self { url: url.into(), tokens: Arc::default(), requests: Arc::default() }
    }

    /// Base address of the models, without a trailing slash; tokens are below `/token`.
    pub fn url(&self) -> &str {
        &self.url
    }
    /// The project that the service account may use.
    pub fn project(&self) -> &str {
        PROJECT
    }
    /// The region of the model.
    pub fn location(&self) -> &str {
        LOCATION
    }
    /// The only model.
    pub fn model(&self) -> &str {
        MODEL
    }
    /// The service account.
    pub fn client_email(&self) -> &str {
        CLIENT_EMAIL
    }
    /// The service account's key, PKCS#8 in PEM.
    pub fn private_key(&self) -> &str {
        PRIVATE_KEY
    }
    /// Every body that generateContent accepted, oldest first.
    pub fn requests(&self) -> Vec<Value> {
        lock(&self.requests).clone()
    }
    /// Revokes every access token: the next call with one gets a 401.
    pub fn revoke_tokens(&self) {
        lock(&self.tokens).clear();
    }

    /// The body of a generateContent response with this text. In a [`crate::Fault`] with status 200 it makes the model
    /// answer anything: nonsense, wrong facts, truncated text.
    pub fn response_with(text: &str, finish_reason: &str) -> Value {
        json!({
            "candidates": [{
                "content": {"role": "model", "parts": [{"text": text}]}, "finishReason": finish_reason, "index": 0,
            }],
            "usageMetadata": {"promptTokenCount": 900, "candidatesTokenCount": 80, "totalTokenCount": 980},
            "modelVersion": MODEL, "responseId": uuid::Uuid::new_v4().to_string(),
        })
    }

    /// Exchanges a signed assertion for a token (RFC 7523).
    fn issue_token(&self, body: &Bytes) -> Result<Value, (&'static str, String)> {
        let form = form_pairs(&String::from_utf8_lossy(body));
        if form_value(&form, "grant_type") != Some(GRANT_TYPE) {
            return Err(("unsupported_grant_type", "Invalid grant_type.".to_owned()));
        }
        let invalid = |reason: &str| ("invalid_grant", reason.to_owned());
        let assertion = form_value(&form, "assertion").unwrap_or_default();
        let (signed, signature) = assertion.rsplit_once('.').ok_or_else(|| invalid("Bad Request"))?;
        let token = jwt::parse(assertion).ok_or_else(|| invalid("Bad Request"))?;
        let signature = jwt::decode(signature).unwrap_or_default();
        if token.header["alg"] != "RS256" || !rs256::verify(MODULUS, signed.as_bytes(), &signature) {
            return Err(invalid("Invalid JWT Signature."));
        }
        let claims = &token.claims;
        if claims["iss"] != CLIENT_EMAIL {
            return Err(invalid("Invalid grant: account not found"));
        }
        if claims["aud"] != format!("{}/token", self.url) || claims["scope"] != SCOPE {
            return Err(("invalid_scope", "Invalid OAuth scope or ID token audience provided.".to_owned()));
        }
        let (issued, expires) =
            (claims["iat"].as_i64().unwrap_or_default(), claims["exp"].as_i64().unwrap_or_default());
        let now = epoch_seconds();
        if expires - issued > MAX_LIFETIME || expires <= now || issued > now + 60 {
            return Err(invalid(
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
            ));
        }
        let token = format!("ya29.local-{}", uuid::Uuid::new_v4());
        lock(&self.tokens).insert(token.clone());
        Ok(json!({"access_token": token, "expires_in": MAX_LIFETIME - 1, "token_type": "Bearer"}))
    }

    fn generate(&self, parts: &Parts, path: &str, body: &Bytes) -> Result<Value, (StatusCode, String)> {
        let bearer = header(&parts.headers, "authorization").and_then(|value| value.strip_prefix("Bearer "));
        if !bearer.is_some_and(|token| lock(&self.tokens).contains(token)) {
            return Err((
                StatusCode::UNAUTHORIZED,
                "Request had invalid authentication credentials.".to_owned(),
            ));
        }
        let models = format!("/v1/projects/{PROJECT}/locations/{LOCATION}/publishers/google/models/");
        let Some(model) = path.strip_prefix(&models) else {
            return Err((StatusCode::FORBIDDEN, format!("Permission denied on resource {path}.")));
        };
        if model != format!("{MODEL}:generateContent") {
            return Err((StatusCode::NOT_FOUND, format!("Publisher Model `{model}` was not found.")));
        }
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let bad_request = |reason: &str| (StatusCode::BAD_REQUEST, reason.to_owned());
        let fields = request.as_object().ok_or_else(|| bad_request("Invalid JSON payload received."))?;
        if let Some(unknown) = fields.keys().find(|name| !REQUEST_FIELDS.contains(&name.as_str())) {
            return Err(bad_request(&format!("Invalid JSON payload received. Unknown name \"{unknown}\".")));
        }
        let message = &request["contents"][0];
        if message["role"] != "user" || !message["parts"][0]["text"].is_string() {
            return Err(bad_request("Please use a valid role: user, model."));
        }
        let config = &request["generationConfig"];
        if !config["responseSchema"].is_object() || config["responseMimeType"] != "application/json" {
            return Err(bad_request(
                "This simulator only gives structured output: send responseMimeType and responseSchema.",
            ));
        }
        let sample = sample(&config["responseSchema"], "answer")
            .ok_or_else(|| bad_request("The responseSchema is not valid."))?;
        lock(&self.requests).push(request.clone());
        Ok(Self::response_with(&sample.to_string(), "STOP"))
    }
}

impl Simulator for Vertex {
    const PART: Part = Part::Vertex;

    fn answer(&self, parts: &Parts, body: &Bytes) -> Response<Body> {
        let path = parts.uri.path();
        if parts.method != Method::POST {
            return error_response(StatusCode::NOT_FOUND, "There is nothing at this address.");
        }
        if path == "/token" {
            return match self.issue_token(body) {
                Ok(answer) => json_response(StatusCode::OK, &answer),
                Err((error, description)) => json_response(
                    StatusCode::BAD_REQUEST,
                    &json!({"error": error, "error_description": description}),
                ),
            };
        }
        match self.generate(parts, path, body) {
            Ok(answer) => json_response(StatusCode::OK, &answer),
            Err((status, message)) => error_response(status, &message),
        }
    }

    fn injected_error(status: StatusCode) -> Response<Body> {
        error_response(status, "Injected fault")
    }
}

/// A value that the schema allows; the schema's types are in upper case.
fn sample(schema: &Value, name: &str) -> Option<Value> {
    Some(match schema["type"].as_str()? {
        "STRING" => json!(format!("A {} to consider.", name.replace('_', " "))),
        "ARRAY" => json!([
            sample(&schema["items"], &format!("first {name}"))?,
            sample(&schema["items"], &format!("second {name}"))?
        ]),
        "OBJECT" => {
            let properties = schema["properties"].as_object()?.iter();
            Value::Object(
                properties
                    .map(|(name, schema)| Some((name.clone(), sample(schema, name)?)))
                    .collect::<Option<Map<_, _>>>()?,
            )
        }
        _ => return None,
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn error_response(status: StatusCode, message: &str) -> Response<Body> {
    let name = match status.as_u16() {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    };
    let error = json!({"code": status.as_u16(), "status": name, "message": message, "details": []});
    json_response(status, &json!({ "error": error }))
}
