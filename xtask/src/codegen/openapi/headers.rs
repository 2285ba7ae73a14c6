//! The response headers.

use gatehouse_core::route::Route;
use gatehouse_core::vocabulary::CacheTier;
use serde_json::{Map, Value, json};

use super::handlers::handler;
use super::reference;

/// What every answer carries.
pub const ALWAYS: &[&str] = &["X-Request-Id", "Server-Timing"];
/// What an answer carries once a named limit was counted.
pub const LIMIT: &[&str] = &["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy"];

/// `components.headers`
pub fn shared() -> Map<String, Value> {
    let mut headers = Map::new();
    let mut add = |name: &str, schema: Value, example: Value, description: &str| {
        let header = json!({"description": description, "schema": schema, "example": example});
        headers.insert(name.to_owned(), header);
    };
    let text = || json!({"type": "string"});
    let count = || json!({"type": "integer", "minimum": 0});
    let etag = json!({"type": "string", "pattern": "^\"[0-9a-f.]+\"$"});
    add("ETag", etag, json!("\"3\""), "What `If-None-Match` and `If-Match` name.");
    let tiers = json!({"type": "string", "enum": CacheTier::TEXTS});
    add("X-Cache", tiers, json!("tier0"), "The cache tier that answered; `origin` is Postgres.");
    add(
        "Degraded",
        json!({"type": "string", "enum": ["redis", "postgres"]}),
        json!("redis"),
        "The service that was unavailable, where the answer stands without it. `postgres`: the answer may be out of date.",
    );
    add(
        "Warning",
        text(),
        json!("111 gatehouse \"The database is not answering.\""),
        "RFC 7234 section 5.5.2: 111 where Postgres could not confirm the answer. Comes with `Degraded: postgres`.",
    );
    add(
        "Retry-After",
        json!({"type": "integer", "minimum": 1}),
        json!(2),
        "Seconds after which asking again makes sense.",
    );
    add("RateLimit-Limit", count(), json!(20), "The most requests in a window for this person.");
    add("RateLimit-Remaining", count(), json!(19), "How many of them are left.");
    add("RateLimit-Reset", count(), json!(3_600), "Seconds until more are left.");
    add("RateLimit-Policy", text(), json!("20;w=3600"), "The limit, and its window in seconds.");
    add(
        "Idempotent-Replayed",
        json!({"type": "string", "const": "true"}),
        json!("true"),
        "This is the stored answer to the first request with this `Idempotency-Key`. Absent on the first.",
    );
    add(
        "Content-Disposition",
        text(),
        json!("attachment; filename=\"manifest-8e03978e-v3.json\""),
        "The file's name: ASCII, with the workspace and the version.",
    );
    add("Cache-Control", text(), json!("public, max-age=300"), "How long a cache may keep the answer.");
    add("Access-Control-Allow-Origin", text(), json!("*"), "Pages of every origin may read the answer.");
    add(
        "Cross-Origin-Resource-Policy",
        text(),
        json!("cross-origin"),
        "Pages of every origin may load the answer.",
    );
    add("WWW-Authenticate", text(), json!("Bearer"), "Where the session is missing or not valid.");
    add("Allow", text(), json!("GET, HEAD"), "The methods that the path takes.");
    add(
        "X-Request-Id",
        text(),
        json!("0b6f3a52-6a3c-4d0e-9a53-7f3f6f0c2b11"),
        "The id under which the log has this request: the one that was sent, or a new one.",
    );
    add(
        "Server-Timing",
        text(),
        json!("redis;desc=\"read_manifest\";dur=4, total;dur=6, budget;dur=200"),
        "Each network call, the whole and the route's budget, in milliseconds.",
    );
    headers
}

/// References to headers, as a response object holds them.
pub fn references(names: &[&str]) -> Map<String, Value> {
    names.iter().map(|name| ((*name).to_owned(), reference("headers", name))).collect()
}

/// The headers of a route's success.
pub fn success_headers(route: &Route) -> Map<String, Value> {
    let mut names = handler(route.id).headers.to_vec();
    if route.key {
        names.push("Idempotent-Replayed");
    }
    if route.limit.is_some() {
        names.extend(LIMIT);
    }
    names.extend(ALWAYS);
    references(&names)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use gatehouse_core::cors;

    use super::*;
    use crate::codegen::openapi::sources::literals_after;

    fn described() -> BTreeSet<String> {
        shared().keys().map(|name| name.to_ascii_lowercase()).collect()
    }

    #[test]
    fn every_header_that_a_handler_answers_is_described() {
        let answered = literals_after("edge/src", &[".with(\"", "headers.push((\""]);
        assert!(answered.contains("etag") && answered.contains("retry-after"), "{answered:?}");
        let missing: Vec<_> = answered.difference(&described()).cloned().collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn every_header_that_pages_of_other_origins_may_read_is_described() {
        let origin = "https://app.example";
        let headers = cors::answer_headers(Some(origin), &[origin.to_owned()]);
        let (_, exposed) =
            headers.into_iter().find(|(name, _)| *name == "access-control-expose-headers").unwrap();
        let described = described();
        for name in exposed.split(", ") {
            assert!(described.contains(name), "{name}");
        }
    }
}
