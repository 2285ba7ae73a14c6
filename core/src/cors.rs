//! Which pages of other origins may call the Worker from a browser (the Fetch standard's CORS protocol).

/// What a page may send along; everything else a preflight refuses.
const HEADERS: &str =
    "authorization, content-type, idempotency-key, if-match, if-none-match, x-request-id, x-workspace-id";
/// What a page may read of an answer, beside what browsers always show.
const EXPOSED: &str = "content-disposition, degraded, etag, idempotent-replayed, ratelimit-limit, ratelimit-policy, \
                       ratelimit-remaining, ratelimit-reset, retry-after, server-timing, warning, x-cache, x-request-id";
/// How long a browser may keep a preflight's answer, in seconds; Chromium's most.
const MAX_AGE_S: &str = "7200";

/// The headers that let an allowed origin read the answer. `Vary` is there for everybody, so that a cache never
/// shows one origin's answer to another.
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

/// The further headers of a preflight's answer for an address that takes `methods`.
pub fn preflight_headers(methods: &str) -> Vec<(&'static str, String)> {
    vec![
        ("access-control-allow-methods", methods.to_owned()),
        ("access-control-allow-headers", HEADERS.to_owned()),
        ("access-control-max-age", MAX_AGE_S.to_owned()),
    ]
}

/// Whether an origin is on the list, to the letter: browsers write origins in one form only.
pub fn is_allowed(origin: &str, allowed: &[String]) -> bool {
    allowed.iter().any(|known| known == origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_origin_that_is_listed_to_the_letter_is_told_back() {
        let allowed = ["https://app.example".to_owned()];
        let told = |origin| {
            answer_headers(origin, &allowed).iter().any(|(name, _)| *name == "access-control-allow-origin")
        };
        assert!(told(Some("https://app.example")));
        for origin in [
            None,
            Some("null"),
            Some("https://app.example.evil.example"),
            Some("https://app.example:8443"),
            Some("http://app.example"),
            Some("https://app.example/"),
            Some("*"),
        ] {
            assert!(!told(origin), "{origin:?}");
        }
    }

    #[test]
    fn a_cache_is_always_told_that_the_answer_depends_on_the_origin() {
        assert!(answer_headers(None, &[]).contains(&("vary", "Origin".to_owned())));
    }
}
