//! Vertex AI: one prompt, one answer. A token is had for the service account's signature and kept until it ends.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_core::env::VertexEnv;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::pem::pkcs8_der;
use gatehouse_core::suggestions::{TokenAnswer, generate_url, signed_part};
use js_sys::futures::JsFuture;
use js_sys::{Array, Object, Reflect, Uint8Array};
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};

use super::unavailable;
use crate::outbound::{Answer, Call};
use crate::scope::Scope;
use crate::{isolate, platform};

const TOKEN_DEADLINE_MS: u32 = 3_000;
/// A model thinks; a person waits no longer.
const DEADLINE_MS: u32 = 15_000;

/// Asks the model and answers its body. A token that is no longer taken is replaced once; nothing else is repeated:
/// every question costs money, and the person can ask again.
///
/// # Errors
/// `dependency_unavailable`, `suggestions_failed`.
pub async fn generate(scope: &Scope, settings: &VertexEnv, prompt: &Value) -> Result<Vec<u8>, Error> {
    let url = generate_url(settings);
    let mut token = match isolate::vertex_token(platform::now()) {
        Some(token) => token,
        None => fetch_token(scope, settings).await?,
    };
    for last in [false, true] {
        let bearer = format!("Bearer {token}");
        let call = Call {
            service: "vertex",
            operation: "generateContent",
            method: "POST",
            url: &url,
            headers: &[("authorization", &bearer)],
            body: Some(prompt.to_string()),
            deadline_ms: DEADLINE_MS,
        };
        let answer = scope.outbound.send(call).await.map_err(|unanswered| unavailable(scope, &unanswered))?;
        match answer.status {
            200 => return Ok(answer.body),
            401 if !last => token = fetch_token(scope, settings).await?,
            _ => return Err(refused(scope, "generateContent", &answer)),
        }
    }
    Err(ErrorCode::Internal.into())
}

async fn fetch_token(scope: &Scope, settings: &VertexEnv) -> Result<String, Error> {
    let assertion = assertion(settings).await.map_err(|_| {
        scope.note_cause("VERTEX_PRIVATE_KEY cannot sign: it is no RSA key in PKCS#8");
        Error::new(ErrorCode::Misconfigured)
    })?;
    let call = Call {
        service: "vertex",
        operation: "token",
        method: "POST",
        url: &settings.token_url,
        headers: &[("content-type", "application/x-www-form-urlencoded")],
        body: Some(format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}"
        )),
        deadline_ms: TOKEN_DEADLINE_MS,
    };
    let answer = scope.outbound.send(call).await.map_err(|unanswered| unavailable(scope, &unanswered))?;
    match (answer.status, serde_json::from_slice::<TokenAnswer>(&answer.body)) {
        (200, Ok(token)) => {
            isolate::keep_vertex_token(&token, platform::now());
            Ok(token.access_token)
        }
        _ => Err(refused(scope, "token", &answer)),
    }
}

/// The service account's assertion, signed with RS256 by the platform's WebCrypto.
async fn assertion(settings: &VertexEnv) -> Result<String, JsValue> {
    let der = pkcs8_der(&settings.private_key).ok_or(JsValue::NULL)?;
    let signed = signed_part(settings, platform::now());
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &"RSASSA-PKCS1-v1_5".into())?;
    Reflect::set(&algorithm, &"hash".into(), &"SHA-256".into())?;
    let usages = Array::of1(&"sign".into());
    let imported = platform::SUBTLE.with(|subtle| {
        let key = Uint8Array::from(der.as_slice());
        subtle.import_key_with_object("pkcs8", &key, &algorithm, false, usages.unchecked_ref())
    })?;
    let key: web_sys::CryptoKey = JsFuture::from(imported).await?.dyn_into()?;
    let promise = platform::SUBTLE.with(|subtle| {
        subtle.sign_with_object_and_js_u8_array(&algorithm, &key, &Uint8Array::from(signed.as_bytes()))
    })?;
    let signature = Uint8Array::new(&JsFuture::from(promise).await?).to_vec();
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// A refusal as the caller sees it. The service's words stay in the log, by their code alone.
fn refused(scope: &Scope, operation: &str, answer: &Answer) -> Error {
    scope.note_cause(format!("vertex answered {operation} with {}", answer.status));
    let detail = match answer.status {
        429 => "The model is overloaded at the moment; nothing was changed.",
        500.. => "The model failed to answer; nothing was changed.",
        _ => "The model refused our settings. Nothing was changed.",
    };
    Error::with_detail(ErrorCode::SuggestionsFailed, detail)
}
