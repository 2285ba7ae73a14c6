//! Which pages of other origins may call the Worker from a browser (the Fetch standard's CORS protocol).

/// The request headers that a page may send.
const HEADERS: &str =
    "authorization, content-type, idempotency-key, if-match, if-none-match, x-request-id, x-workspace-id";
/// The response headers that a page may read, beside those that browsers always expose.
const EXPOSED: &str = "content-disposition, degraded, etag, idempotent-replayed, ratelimit-limit, ratelimit-policy, \
                       ratelimit-remaining, ratelimit-reset, retry-after, server-timing, warning, x-cache, x-request-id";
/// How long a browser may cache a preflight response, in seconds; Chromium's maximum.
const MAX_AGE_S: &str = "7200";

/// The headers that let an allowed origin read the response. `Vary` is always there, so that a cache never serves one
/// origin's response to another.
pub fn answer_headers(origin: Option<&str>, allowed: &[String]) -> Vec<(&'static str, String)> {
    let mut headers = vec![("vary", "Origin".to_owned())];
    if let Some(origin) = origin.filter(|origin| is_allowed(origin, allowed)) {
        headers.extend([
            ("access-control-allow-origin", origin.to_owned()),
            ("access-control-allow-credentials", "true".to_owned()),
            ("access-control-expose-headers", EXPOSED.to_owned()),
        ]);
    }
    headers
}

/// The additional headers of a preflight response for a path with these `methods`.
pub fn preflight_headers(methods: &str) -> Vec<(&'static str, String)> {
    vec![
        ("access-control-allow-methods", methods.to_owned()),
        ("access-control-allow-headers", HEADERS.to_owned()),
        ("access-control-max-age", MAX_AGE_S.to_owned()),
    ]
}

/// Whether an origin is on the list. Compared exactly, because browsers write origins in one form only.
pub fn is_allowed(origin: &str, allowed: &[String]) -> bool {
    allowed.iter().any(|known| known == origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_exactly_listed_origin_is_allowed() {
        let allowed = ["https://app.example".to_owned()];
        let allows = |origin| {
            answer_headers(origin, &allowed).iter().any(|(name, _)| *name == "access-control-allow-origin")
        };
        assert!(allows(Some("https://app.example")));
        for origin in [
            None,
            Some("null"),
            Some("https://app.example.evil.example"),
            Some("https://app.example:8443"),
            Some("http://app.example"),
            Some("https://app.example/"),
            Some("*"),
        ] {
            assert!(!allows(origin), "{origin:?}");
        }
    }

    #[test]
    fn every_response_varies_by_origin() {
        assert!(answer_headers(None, &[]).contains(&("vary", "Origin".to_owned())));
    }
}
