//! Who may call, as OpenAPI says it.

use gatehouse_core::route::Caller;
use serde_json::{Value, json};

/// `components.securitySchemes`
pub fn schemes() -> Value {
    let bearer = |description: &str| json!({"type": "http", "scheme": "bearer", "description": description});
    let key = |place: &str, name: &str, description: &str| json!({"type": "apiKey", "in": place, "name": name, "description": description});
    json!({
        "session": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A Supabase access token."},
        "cookie": key(
            "cookie",
            "sb-<project>-auth-token",
            "The session as @supabase/ssr stores it; a change must come from an allowed origin (docs/AUTH.md).",
        ),
        "metrics": bearer("METRICS_TOKEN."),
        "operator": bearer("OPERATOR_TOKEN."),
        "phonepeV2": key(
            "header",
            "Authorization",
            "Lower-case hex SHA-256 of the webhook's `username:password`.",
        ),
        "phonepeV1": key(
            "header",
            "X-VERIFY",
            "Lower-case hex SHA-256 of the body's `response` and the salt key, then `###` and the salt's index.",
        ),
    })
}

/// What one of a caller's schemes must prove; `{}` is nothing at all.
pub fn required(caller: Caller) -> Value {
    match caller {
        Caller::Anybody => json!([]),
        Caller::Visitor => json!([{"session": []}, {"cookie": []}, {}]),
        Caller::Person | Caller::Member => json!([{"session": []}, {"cookie": []}]),
        Caller::PhonePe => json!([{"phonepeV2": []}, {"phonepeV1": []}]),
        Caller::Metrics => json!([{"metrics": []}]),
        Caller::Operator => json!([{"operator": []}]),
    }
}
