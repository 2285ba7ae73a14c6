//! What each page needs, in one table, and how a path is parsed before it is looked up.
//!
//! A path that a browser or a router could read differently from us is never looked up: it is treated as the dashboard,
//! which needs everything. So no spelling can turn a closed page into an open one.

/// What must be met before a page opens. The manifest is not here: it never closes a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Open to everybody.
    Nothing,
    /// Open to every signed-in person, whatever else they lack.
    Session,
    /// Session, profile, workspace, plan and onboarding.
    Everything,
}

/// Where a person goes when nothing is missing; ambiguous paths are treated as this page.
pub const DASHBOARD: &str = "/dashboard";
/// Where a person signs in.
pub const SIGN_IN: &str = "/signin";

/// Longer paths are no page of ours.
const MAX_PATH_BYTES: usize = 2_048;

/// The pages that are always reachable. `/*` stands for what lies below; every page that is not here needs
/// everything, so a new page is closed until somebody opens it.
pub const PAGES: &[(&str, Needs)] = &[
    ("/", Needs::Nothing),
    ("/signin", Needs::Nothing),
    ("/signup", Needs::Nothing),
    ("/signout", Needs::Nothing),
    ("/auth/*", Needs::Nothing),
    ("/plans", Needs::Nothing),
    ("/support", Needs::Nothing),
    ("/privacy", Needs::Nothing),
    ("/terms", Needs::Nothing),
    ("/payment/*", Needs::Session),
    ("/onboarding", Needs::Session),
    ("/onboarding/*", Needs::Session),
    ("/setup", Needs::Session),
    ("/invite/*", Needs::Session),
    ("/settings", Needs::Session),
    ("/settings/*", Needs::Session),
    ("/account", Needs::Session),
    ("/account/*", Needs::Session),
];

/// Pages that signing in never leads to, because they would lead back to signing in or out.
const NO_LANDING: &[&str] = &["/signin", "/signup", "/signout", "/auth"];

/// What a page needs. `path` comes from [`page`].
pub fn needs(path: &str) -> Needs {
    let fits = |pattern: &str| match pattern.strip_suffix("/*") {
        Some(above) => {
            path.strip_prefix(above).is_some_and(|below| below.len() > 1 && below.starts_with('/'))
        }
        None => pattern == path,
    };
    PAGES.iter().find(|(pattern, _)| fits(pattern)).map_or(Needs::Everything, |&(_, needs)| needs)
}

/// The page that an address asks for: without query, fragment and trailing slash; the dashboard when it can be read
/// in more than one way.
pub fn page(address: &str) -> String {
    plain_path(address).unwrap_or(DASHBOARD).to_owned()
}

/// Where to go after signing in: the page that the sign-in's `redirect` names. Never another site, and never a page
/// that would lead back to signing in or out.
pub fn landing(redirect: &str) -> String {
    let page = page(redirect);
    let back =
        |&start: &&str| page.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if page == "/" || NO_LANDING.iter().any(back) { DASHBOARD.to_owned() } else { page }
}

/// The sign-in page that leads back to `page` afterwards.
pub fn sign_in(page: &str) -> String {
    match landing(page).as_str() {
        DASHBOARD => SIGN_IN.to_owned(),
        page => format!("{SIGN_IN}?redirect={}", escape(page)),
    }
}

/// Decodes a query parameter as browsers encode it; returns the text unchanged when it is not encoded correctly.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digits =
                    text.get(at..at + 2).filter(|two| two.bytes().all(|digit| digit.is_ascii_hexdigit()));
                let Some(decoded) = digits.and_then(|two| u8::from_str_radix(two, 16).ok()) else {
                    return text.to_owned();
                };
                out.push(decoded);
                at += 2;
            }
            other => out.push(other),
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// The path of an address of this site; `None` when it could be read in more than one way.
fn plain_path(address: &str) -> Option<&str> {
    let path = address.split(['?', '#']).next()?;
    // `\` is a slash to browsers, and they drop tabs and line breaks.
    if path.len() > MAX_PATH_BYTES || path.chars().any(|c| c == '\\' || c == ' ' || c.is_control()) {
        return None;
    }
    let below = path.strip_prefix('/')?;
    let below = below.strip_suffix('/').unwrap_or(below);
    if below.is_empty() {
        // `//` would be another site.
        return (path == "/").then_some(path);
    }
    if !below.split('/').all(|segment| !matches!(segment, "" | "." | "..") && has_safe_escapes(segment)) {
        return None;
    }
    path.get(..=below.len())
}

/// Whether every escape of a segment is one of a letter beyond ASCII: an escaped dot, slash or percent sign is read
/// differently from one reader to the next.
fn has_safe_escapes(segment: &str) -> bool {
    segment.split('%').skip(1).all(|after| {
        after.as_bytes().get(1).is_some_and(u8::is_ascii_hexdigit)
            && after.as_bytes().first().is_some_and(|high| b"89abcdefABCDEF".contains(high))
    })
}

/// Percent-encodes a path as the value of a query's parameter; a slash may stand there (RFC 3986, 3.4).
fn escape(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_without_query_fragment_and_trailing_slash() {
        for (address, expected) in [
            ("/", "/"),
            ("/plans", "/plans"),
            ("/plans/", "/plans"),
            ("/plans?from=/moves#top", "/plans"),
            ("/moves/%E0%A4%9A", "/moves/%E0%A4%9A"),
            ("/payment/GH1.2", "/payment/GH1.2"),
        ] {
            assert_eq!(page(address), expected, "{address}");
        }
    }

    #[test]
    fn no_spelling_opens_a_closed_page() {
        for address in [
            "",
            "plans",
            "//plans",
            "//",
            "///",
            "/plans//",
            "/plans/../dashboard",
            "/dashboard//../plans",
            "/settings/../dashboard",
            "/settings/..",
            "/settings/./x",
            "/settings/%2e%2e/dashboard",
            "/settings/%2E./dashboard",
            "/settings%2f..%2fdashboard",
            "/settings/%5c../dashboard",
            "/settings/%252e%252e/dashboard",
            "/settings/%",
            "/settings/%4",
            "/settings/%zz",
            "/settings/%c",
            "\\plans",
            "/\\plans",
            "/settings\\..\\dashboard",
            "/settings/\t../dashboard",
            "/plans\n",
            " /plans",
            "https://evil.example/plans",
            "javascript:alert(1)",
            "/settings/%00",
            "/settings/ ../x",
        ] {
            assert_eq!(page(address), DASHBOARD, "{address:?}");
        }
        assert_eq!(page(&format!("/settings/{}", "x".repeat(MAX_PATH_BYTES))), DASHBOARD);
        for address in [
            "/%70lans",
            "/Plans",
            "/plans;x",
            "/plansx",
            "/plans/x",
            "/payment",
            "/auth",
            "/settingsx",
            "/ｐlans",
        ] {
            assert_eq!(needs(&page(address)), Needs::Everything, "{address}");
        }
    }

    #[test]
    fn nobody_is_sent_off_the_site_or_back_to_sign_in() {
        for redirect in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/signin",
            "/signin/",
            "/signin?redirect=/x",
            "/signup",
            "/signout",
            "/auth/callback",
            "/",
            "",
            "/a\r\nLocation: x",
            "\u{9}//evil.example",
        ] {
            assert_eq!(landing(redirect), DASHBOARD, "{redirect:?}");
            assert_eq!(sign_in(redirect), SIGN_IN, "{redirect:?}");
        }
        assert_eq!(landing("/moves/12?tab=2"), "/moves/12");
        assert_eq!(sign_in("/moves/a&b=c+d"), "/signin?redirect=/moves/a%26b%3Dc%2Bd");
        assert_eq!(sign_in("/moves/%E0%A4%9A"), "/signin?redirect=/moves/%25E0%25A4%259A");
    }

    #[test]
    fn what_sign_in_wraps_a_browser_unwraps() {
        let wrapped = sign_in("/moves/%E0%A4%9A&x");
        let parameter = wrapped.split_once("redirect=").unwrap().1;
        assert_eq!(landing(&decode(parameter)), "/moves/%E0%A4%9A&x");
        assert_eq!(decode("a+b%2Fc"), "a b/c");
        for bad in ["%", "%z1", "%ff", "%e0%a4"] {
            assert_eq!(decode(bad), bad);
        }
    }

    #[test]
    fn every_always_open_page_is_in_the_table() {
        for (path, expected) in [
            ("/plans", Needs::Nothing),
            ("/support", Needs::Nothing),
            ("/signin", Needs::Nothing),
            ("/signup", Needs::Nothing),
            ("/signout", Needs::Nothing),
            ("/auth/callback", Needs::Nothing),
            ("/payment/GH1", Needs::Session),
            ("/onboarding", Needs::Session),
            ("/onboarding/voice", Needs::Session),
            ("/settings", Needs::Session),
            ("/settings/members", Needs::Session),
            ("/account", Needs::Session),
            ("/setup", Needs::Session),
            ("/dashboard", Needs::Everything),
            ("/moves", Needs::Everything),
        ] {
            assert_eq!(needs(path), expected, "{path}");
        }
    }
}
