//! Reading and checking requests of version 2.

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde_json::Value;

use super::error::ApiError;
use crate::http::request::header;

/// Smallest payment and smallest refund, in paise. The service's documentation disagrees about refunds (100 or 1): the
/// stricter rule is the safer one to build against.
const MIN_AMOUNT: i64 = 100;

/// True when the body has this content type.
pub(super) fn has_content_type(parts: &Parts, content_type: &str) -> bool {
    header(&parts.headers, "content-type").is_some_and(|value| value.starts_with(content_type))
}

/// The JSON body of a request.
pub(super) fn json_body(parts: &Parts, body: &Bytes) -> Result<Value, ApiError> {
    if !has_content_type(parts, "application/json") {
        let message = "Content-Type must be application/json";
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", message));
    }
    serde_json::from_slice(body).map_err(|_| ApiError::bad_request("The body is not JSON"))
}

/// An id of 1 to 63 letters, digits, `_` and `-`.
pub(super) fn identifier(body: &Value, name: &str) -> Result<String, ApiError> {
    let id = body[name].as_str().unwrap_or_default();
    let valid = (1..=63).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if !valid {
        return Err(ApiError::bad_request(&format!(
            "{name} must be 1 to 63 letters, digits, underscores or hyphens"
        )));
    }
    Ok(id.to_owned())
}

/// The amount in paise.
pub(super) fn amount(body: &Value) -> Result<i64, ApiError> {
    body["amount"]
        .as_i64()
        .filter(|paise| *paise >= MIN_AMOUNT)
        .ok_or_else(|| ApiError::bad_request("amount must be a whole number of paise, 100 or more"))
}

/// `udf1` to `udf10` have up to 256 characters, `udf11` to `udf15` up to 50 of a small set.
pub(super) fn check_meta_info(meta: &Value) -> Result<(), ApiError> {
    for (name, value) in meta.as_object().into_iter().flatten() {
        let (Some(number), Some(text)) =
            (name.strip_prefix("udf").and_then(|n| n.parse::<u8>().ok()), value.as_str())
        else {
            return Err(ApiError::bad_request(&format!("metaInfo.{name} is not a text field udf1 to udf15")));
        };
        let fits = match number {
            1..=10 => text.chars().count() <= 256,
            11..=15 => {
                text.len() <= 50 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_- @.+".contains(&b))
            }
            _ => false,
        };
        if !fits {
            return Err(ApiError::bad_request(&format!("metaInfo.{name} does not fit")));
        }
    }
    Ok(())
}
