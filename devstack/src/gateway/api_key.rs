//! API keys: which role they stand for.

use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use serde_json::{Value, json};

use crate::credentials::{PUBLISHABLE_KEY, SECRET_KEY};
use crate::http::request::{bearer_token, header as header_text};
use crate::keys::internal_token;

/// Checks the API key and puts its role in place of a bearer token that is missing or the key itself.
///
/// Fails with the body of a 401.
pub(super) fn apply_key(parts: &mut Parts, key: Option<&str>) -> Result<(), Value> {
    let refuse = |message: &str, hint: &str| Err(json!({"message": message, "hint": hint}));
    let role = match key {
        None => {
            return refuse(
                "No API key found in request",
                "No `apikey` request header or url param was found.",
            );
        }
        Some(PUBLISHABLE_KEY) => "anon",
        Some(SECRET_KEY) => {
            let agent = header_text(&parts.headers, "user-agent").unwrap_or_default();
            if agent.contains("Mozilla/") {
                return refuse(
                    "Forbidden use of secret API key in browser",
                    "Secret API keys can only be used in a protected environment and should never be used in a browser. Delete this secret API key immediately.",
                );
            }
            "service_role"
        }
        Some(_) => {
            return refuse("Invalid API key", "Double check your Supabase `anon` or `service_role` API key.");
        }
    };
    let needs_token =
        header_text(&parts.headers, "authorization").is_none() || bearer_token(&parts.headers) == key;
    if needs_token && let Ok(value) = HeaderValue::from_str(&format!("Bearer {}", internal_token(role))) {
        parts.headers.insert(header::AUTHORIZATION, value);
    }
    Ok(())
}

/// Removes the key from the query, where it may be sent: PostgREST would take it for a column.
pub(super) fn take_query_key(parts: &mut Parts) -> Option<String> {
    let query = parts.uri.query()?;
    let key = query.split('&').find_map(|pair| pair.strip_prefix("apikey="))?.to_owned();
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("apikey=")).collect();
    let path = parts.uri.path();
    let uri = if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) };
    parts.uri = uri.parse().ok()?;
    Some(key)
}
