//! Redis replies as JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use redis::Value as Redis;
use serde_json::{Value, json};

/// The JSON of a reply, or the server's error message.
pub(super) fn to_json(reply: Redis, base64: bool) -> Result<Value, String> {
    Ok(match reply {
        Redis::Nil => Value::Null,
        Redis::Int(number) => json!(number),
        Redis::Double(number) => text(number.to_string().into_bytes(), base64),
        Redis::Boolean(value) => json!(i64::from(value)),
        Redis::BulkString(bytes) => text(bytes, base64),
        // "OK" is never encoded.
        Redis::Okay => json!("OK"),
        Redis::SimpleString(word) => text(word.into_bytes(), base64),
        Redis::VerbatimString { text: words, .. } => text(words.into_bytes(), base64),
        Redis::Array(items) | Redis::Set(items) => {
            items.into_iter().map(|item| nested_to_json(item, base64)).collect()
        }
        Redis::Map(pairs) => pairs
            .into_iter()
            .flat_map(|(k, v)| [nested_to_json(k, base64), nested_to_json(v, base64)])
            .collect(),
        Redis::ServerError(error) => {
            return Err(match error.details() {
                Some(details) => format!("{} {details}", error.code()),
                None => error.code().to_owned(),
            });
        }
        other => return Err(format!("ERR this reply has no JSON form: {other:?}")),
    })
}

/// A reply as `{result}` or `{error}`.
pub(super) fn to_result(reply: Redis, base64: bool) -> Value {
    match to_json(reply, base64) {
        Ok(result) => json!({"result": result}),
        Err(error) => json!({"error": error}),
    }
}

fn nested_to_json(reply: Redis, base64: bool) -> Value {
    to_json(reply, base64).unwrap_or_else(|error| json!({"error": error}))
}

fn text(bytes: Vec<u8>, base64: bool) -> Value {
    match base64 {
        true => json!(STANDARD.encode(bytes)),
        false => json!(String::from_utf8_lossy(&bytes)),
    }
}
