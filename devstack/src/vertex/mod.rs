//! Vertex AI in memory: Google's token endpoint, which checks the service account's signature, and generateContent,
//! which answers what the asked-for schema allows. Faults give it any other answer: see [`Vertex::answer`].

mod rs256;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::auth::json_response;
use crate::clock::epoch_seconds;
use crate::front::{Front, header, pairs, value};
use crate::jwt;

const PROJECT: &str = "gatehouse-local";
const LOCATION: &str = "asia-south1";
const MODEL: &str = "gemini-local";
const CLIENT_EMAIL: &str = "worker@gatehouse-local.iam.gserviceaccount.com";
/// Made for this simulator and worth nothing anywhere else.
const PRIVATE_KEY: &str = include_str!("key.pem");
/// Of that key.
const MODULUS: &str = "C76C97FE6288776F2B565D252F371B0E8B4B9E8573D76FCE2B82C92BDD38184F9D3CB93902005DE4A9E25F0C3253F6171028F542FFB4973C7D95CE0C1B3EAC27650D0EDC0B7145111F7DA517AF0E25BCDA509A687BD274BE1A3D1900C883443D7CC9EB3F303D3219E635090D45B6F03AB07A55F6D5CB3A3E2D2DF67CC773FD0635661E18B8950C0ED5E52524252C99375845E524AB52A3C478377C2D05A784C9F0256FB2DE93FF897D7C27C0F16A7E87C75A58FF9C02B199A926541F8726C00192D629CBB65441C2A19A3404506C14C53A7A0DB6FAB4872C7F3C25D3B5704E3FAB3522DAEB4B7B2B5881B50DA11DA5A2D335AC82C9BC3295F3930B749D285D25";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// An assertion may live for an hour, in seconds.
const LIFE: i64 = 3_600;
/// What the request may have; the service refuses any other name.
const MEMBERS: [&str; 6] =
    ["contents", "systemInstruction", "generationConfig", "safetySettings", "tools", "labels"];

/// The simulator. Clones share it.
#[derive(Clone)]
pub struct Vertex {
    url: Arc<str>,
    tokens: Arc<Mutex<BTreeSet<String>>>,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Vertex {
    pub(crate) fn new(url: &str) -> Self {
        Self { url: url.into(), tokens: Arc::default(), asked: Arc::default() }
    }

    /// Base address of the models, without a trailing slash; tokens are below `/token`.
    pub fn url(&self) -> &str {
        &self.url
    }
    /// The project that the service account may use.
    pub fn project(&self) -> &str {
        PROJECT
    }
    /// Where the model is.
    pub fn location(&self) -> &str {
        LOCATION
    }
    /// The one model there is.
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
    pub fn asked(&self) -> Vec<Value> {
        lock(&self.asked).clone()
    }
    /// Makes every access token invalid: the next call with one is answered 401.
    pub fn revoke_tokens(&self) {
        lock(&self.tokens).clear();
    }

    /// An answer of generateContent with this text, for a [`crate::Fault`] with status 200: nonsense, lies, half a text.
    pub fn answer(text: &str, finish_reason: &str) -> Value {
        json!({
            "candidates": [{
                "content": {"role": "model", "parts": [{"text": text}]}, "finishReason": finish_reason, "index": 0,
            }],
            "usageMetadata": {"promptTokenCount": 900, "candidatesTokenCount": 80, "totalTokenCount": 980},
            "modelVersion": MODEL, "responseId": uuid::Uuid::new_v4().to_string(),
        })
    }

    fn call(&self, parts: &Parts, body: &Bytes) -> Response<Body> {
        let path = parts.uri.path();
        if parts.method != Method::POST {
            return refusal(StatusCode::NOT_FOUND, "There is nothing at this address.");
        }
        if path == "/token" {
            return match self.token(body) {
                Ok(answer) => json_response(StatusCode::OK, &answer),
                Err((error, description)) => json_response(
                    StatusCode::BAD_REQUEST,
                    &json!({"error": error, "error_description": description}),
                ),
            };
        }
        match self.generate(parts, path, body) {
            Ok(answer) => json_response(StatusCode::OK, &answer),
            Err((status, message)) => refusal(status, &message),
        }
    }

    /// The exchange of a signed assertion for a token (RFC 7523).
    fn token(&self, body: &Bytes) -> Result<Value, (&'static str, String)> {
        let form = pairs(&String::from_utf8_lossy(body));
        if value(&form, "grant_type") != Some(GRANT) {
            return Err(("unsupported_grant_type", "Invalid grant_type.".to_owned()));
        }
        let invalid = |why: &str| ("invalid_grant", why.to_owned());
        let assertion = value(&form, "assertion").unwrap_or_default();
        let (signed, signature) = assertion.rsplit_once('.').ok_or_else(|| invalid("Bad Request"))?;
        let parsed = jwt::parse(assertion).ok_or_else(|| invalid("Bad Request"))?;
        let signature = jwt::decode(signature).unwrap_or_default();
        if parsed.header["alg"] != "RS256" || !rs256::verify(MODULUS, signed.as_bytes(), &signature) {
            return Err(invalid("Invalid JWT Signature."));
        }
        let claims = &parsed.claims;
        if claims["iss"] != CLIENT_EMAIL {
            return Err(invalid("Invalid grant: account not found"));
        }
        if claims["aud"] != format!("{}/token", self.url) || claims["scope"] != SCOPE {
            return Err(("invalid_scope", "Invalid OAuth scope or ID token audience provided.".to_owned()));
        }
        let (issued, expires) =
            (claims["iat"].as_i64().unwrap_or_default(), claims["exp"].as_i64().unwrap_or_default());
        let now = epoch_seconds();
        if expires - issued > LIFE || expires <= now || issued > now + 60 {
            return Err(invalid(
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
            ));
        }
        let token = format!("ya29.local-{}", uuid::Uuid::new_v4());
        lock(&self.tokens).insert(token.clone());
        Ok(json!({"access_token": token, "expires_in": LIFE - 1, "token_type": "Bearer"}))
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
        let wrong = |why: &str| (StatusCode::BAD_REQUEST, why.to_owned());
        let members = request.as_object().ok_or_else(|| wrong("Invalid JSON payload received."))?;
        if let Some(unknown) = members.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(wrong(&format!("Invalid JSON payload received. Unknown name \"{unknown}\".")));
        }
        let said = &request["contents"][0];
        if said["role"] != "user" || !said["parts"][0]["text"].is_string() {
            return Err(wrong("Please use a valid role: user, model."));
        }
        let config = &request["generationConfig"];
        if !config["responseSchema"].is_object() || config["responseMimeType"] != "application/json" {
            return Err(wrong(
                "This simulator answers structured output alone: send responseMimeType and responseSchema.",
            ));
        }
        let made = made(&config["responseSchema"], "answer")
            .ok_or_else(|| wrong("The responseSchema is not valid."))?;
        lock(&self.asked).push(request.clone());
        Ok(Self::answer(&made.to_string(), "STOP"))
    }
}

/// Something that the schema allows (its types are written in capitals).
fn made(schema: &Value, name: &str) -> Option<Value> {
    Some(match schema["type"].as_str()? {
        "STRING" => json!(format!("A {} to consider.", name.replace('_', " "))),
        "ARRAY" => json!([
            made(&schema["items"], &format!("first {name}"))?,
            made(&schema["items"], &format!("second {name}"))?
        ]),
        "OBJECT" => {
            let members = schema["properties"].as_object()?.iter();
            Value::Object(
                members
                    .map(|(name, of)| Some((name.clone(), made(of, name)?)))
                    .collect::<Option<Map<_, _>>>()?,
            )
        }
        _ => return None,
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refusal(status: StatusCode, message: &str) -> Response<Body> {
    let word = match status.as_u16() {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    };
    let error = json!({"code": status.as_u16(), "status": word, "message": message, "details": []});
    json_response(status, &json!({ "error": error }))
}

fn usual(status: StatusCode) -> Response<Body> {
    refusal(status, "Injected fault")
}

struct Service {
    front: Front,
    simulator: Vertex,
}

/// The service as a router.
pub(crate) fn router(simulator: Vertex, front: Front) -> Router {
    Router::new().fallback(handle).with_state(Arc::new(Service { front, simulator }))
}

async fn handle(State(service): State<Arc<Service>>, request: Request) -> Response<Body> {
    let work = |parts: &Parts, body: &Bytes| service.simulator.call(parts, body);
    service.front.answer(request, usual, work).await
}
