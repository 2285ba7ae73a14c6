//! Finds the session in a request, and checks who sent a request whose session comes from a cookie.

use subtle::ConstantTimeEq;

use super::cookie_token;
use crate::error::{Error, ErrorCode};

/// The session of a request, not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The access token.
    pub token: String,
    /// Whether it comes from a cookie, which browsers add by themselves: then [`check_sender`] must pass too.
    pub from_cookie: bool,
}

/// What a request says about the page that sent it.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The `Origin` header.
    pub origin: Option<&'a str>,
    /// The `Sec-Fetch-Site` header.
    pub fetch_site: Option<&'a str>,
    /// The Worker's own origin, as this request addressed it.
    pub own_origin: &'a str,
}

/// The token of an `Authorization: Bearer …` header; `None` for another scheme, which may be a proxy's.
pub fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.trim().split_once(' ').unwrap_or((authorization.trim(), ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Compares a secret that somebody sent with ours, in constant time. False when ours is empty.
pub fn secrets_match(sent: &str, ours: &str) -> bool {
    !ours.is_empty() && bool::from(sent.as_bytes().ct_eq(ours.as_bytes()))
}

/// Finds the session of a request. A bearer header wins over a cookie, even if it is invalid: a token that a program
/// sends on purpose is never replaced by a cookie that the browser adds.
///
/// # Errors
/// `token_missing`.
pub fn find_credential(
    authorization: Option<&str>,
    cookie: Option<&str>,
    cookie_name: &str,
) -> Result<Credential, Error> {
    let found = match authorization.and_then(bearer) {
        Some(token) => Some(Credential { token: token.to_owned(), from_cookie: false }),
        None => cookie
            .and_then(|header| cookie_token(header, cookie_name))
            .map(|token| Credential { token, from_cookie: true }),
    };
    found.filter(|found| !found.token.is_empty()).ok_or_else(|| ErrorCode::TokenMissing.into())
}

/// Checks a request whose session comes from a cookie. Any site can make a browser send the cookie, so a request that
/// changes something must come from our own pages. Browsers send `Origin` with every method except GET and HEAD.
///
/// # Errors
/// `origin_not_allowed`.
pub fn check_sender(sender: Sender<'_>, allowed: &[String]) -> Result<(), Error> {
    let ours = match sender.origin {
        _ if matches!(sender.method, "GET" | "HEAD") => true,
        Some(origin) => origin == sender.own_origin || allowed.iter().any(|known| known == origin),
        None => sender.fetch_site == Some("same-origin"),
    };
    if ours { Ok(()) } else { Err(ErrorCode::OriginNotAllowed.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: &str = "sb-x-auth-token=%7B%22access_token%22%3A%22fromcookie%22%7D";

    fn found(authorization: Option<&str>, cookie: Option<&str>) -> Option<(String, bool)> {
        let found = find_credential(authorization, cookie, "sb-x-auth-token");
        found.ok().map(|found| (found.token, found.from_cookie))
    }

    #[test]
    fn a_bearer_header_wins_even_when_it_is_empty() {
        assert_eq!(found(Some("Bearer abc"), Some(COOKIE)), Some(("abc".into(), false)));
        assert_eq!(found(Some("bearer   abc "), None), Some(("abc".into(), false)));
        assert_eq!(found(Some("Bearer"), Some(COOKIE)), None);
        assert_eq!(found(Some("Bearer "), Some(COOKIE)), None);
        assert_eq!(found(Some("Basic YTpi"), Some(COOKIE)), Some(("fromcookie".into(), true)));
        assert_eq!(found(Some("Basic YTpi"), None), None);
        assert_eq!(found(None, Some("other=1")), None);
        assert_eq!(found(None, None), None);
    }

    #[test]
    fn only_our_own_pages_change_anything_by_cookie() {
        let check = |method, origin, fetch_site| {
            let sender = Sender { method, origin, fetch_site, own_origin: "https://api.example" };
            check_sender(sender, &["https://app.example".to_owned()]).is_ok()
        };
        assert!(check("GET", Some("https://evil.example"), Some("cross-site")), "reading changes nothing");
        assert!(check("HEAD", None, None));
        for method in ["POST", "PUT", "PATCH", "DELETE", "post", "PROPFIND"] {
            assert!(check(method, Some("https://api.example"), None));
            assert!(check(method, Some("https://app.example"), Some("same-site")));
            assert!(check(method, None, Some("same-origin")));
            for origin in [
                "null",
                "",
                "https://evil.example",
                "http://app.example",
                "https://app.example.evil.example",
                "https://app.example:444",
                "https://sub.app.example",
            ] {
                assert!(!check(method, Some(origin), Some("same-origin")), "{method} {origin}");
            }
            for site in [None, Some("cross-site"), Some("same-site"), Some("none")] {
                assert!(!check(method, None, site), "{method} {site:?}");
            }
        }
    }
}
