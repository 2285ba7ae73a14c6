//! The one line that each request logs, and the list of its fields.
//!
//! No field may hold personal data: no e-mail, no name, no token, no answer. `docs/LOGGING.md` is generated
//! from [`FIELDS`], and a test holds the struct equal to it.

use serde::Serialize;

/// The fields of [`RequestLine`] with their meanings and units.
pub const FIELDS: &[(&str, &str)] = &[
    ("event", "Always `request`."),
    ("level", "`info`; `warn` for a 503; `error` for a 500."),
    ("request_id", "The id sent back in `X-Request-Id`."),
    ("method", "HTTP method."),
    ("route", "The route's path as the table has it, `unmatched` otherwise; never the raw path."),
    ("status", "HTTP status of the response."),
    ("duration_ms", "Wall time from request to response, in milliseconds."),
    ("budget_ms", "The route's budget in milliseconds; 0 when unmatched."),
    ("over_budget", "Whether duration_ms exceeded budget_ms."),
    (
        "calls",
        "Network calls made before the response, each with `neighbour` (the upstream service), operation, status and milliseconds.",
    ),
    ("code", "The error code of a refusal."),
    ("cause", "Why, for a 5xx: the technical cause, which the caller never sees."),
    ("workspace_id", "The workspace named by the request, when it named one."),
    ("user_id", "The session's subject (a UUID), when there was a session."),
    ("cache", "Which tier answered a manifest read."),
    (
        "tiers",
        "What happened at each cache tier: tier, outcome (hit, miss, broken, repair, store), bytes, age_ms, ttl_ms.",
    ),
    ("deployment", "`development`, `staging` or `production`."),
];

/// One network call of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallLine {
    /// The upstream service: `postgrest`, `upstash`, `auth`, `phonepe` or `resend`.
    #[serde(rename = "neighbour")]
    pub service: &'static str,
    /// The operation, such as `rpc/ensure_profile` or `EVALSHA manifest`.
    pub operation: &'static str,
    /// HTTP status; 0 when there was no answer.
    pub status: u16,
    /// Milliseconds until the body was read or the call given up.
    pub ms: u32,
}

/// A read from or write to a cache tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TierLine {
    /// `tier0`, `tier1`, `tier2`, or `none` for a cached "there is no manifest".
    pub tier: &'static str,
    /// See [`TierOutcome`].
    pub outcome: TierOutcome,
    /// Stored size.
    pub bytes: usize,
    /// Milliseconds since it was stored, where known.
    pub age_ms: Option<u64>,
    /// Milliseconds until it expires, where known.
    pub ttl_ms: Option<u64>,
}

/// What happened at a tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TierOutcome {
    /// It had the manifest, with a valid checksum.
    Hit,
    /// It had nothing.
    Miss,
    /// Its bytes failed their checksum; treated as a miss.
    Broken,
    /// It was written again from a lower tier.
    Repair,
    /// It was written from Postgres.
    Store,
}

impl TierOutcome {
    /// As in log lines and labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Broken => "broken",
            Self::Repair => "repair",
            Self::Store => "store",
        }
    }
}

/// The log line of one request.
#[derive(Clone, Debug, Serialize)]
pub struct RequestLine<'a> {
    /// Always `request`.
    pub event: &'static str,
    /// See [`FIELDS`].
    pub level: &'static str,
    /// See [`FIELDS`].
    pub request_id: &'a str,
    /// See [`FIELDS`].
    pub method: &'a str,
    /// See [`FIELDS`].
    pub route: &'a str,
    /// See [`FIELDS`].
    pub status: u16,
    /// See [`FIELDS`].
    pub duration_ms: u32,
    /// See [`FIELDS`].
    pub budget_ms: u32,
    /// See [`FIELDS`].
    pub over_budget: bool,
    /// See [`FIELDS`].
    pub calls: &'a [CallLine],
    /// See [`FIELDS`].
    pub code: Option<&'a str>,
    /// See [`FIELDS`].
    pub cause: Option<&'a str>,
    /// See [`FIELDS`].
    pub workspace_id: Option<&'a str>,
    /// See [`FIELDS`].
    pub user_id: Option<&'a str>,
    /// See [`FIELDS`].
    pub cache: Option<&'a str>,
    /// See [`FIELDS`].
    pub tiers: &'a [TierLine],
    /// See [`FIELDS`].
    pub deployment: &'a str,
}

/// The level of a request that answered `status`.
pub fn level(status: u16) -> &'static str {
    match status {
        503 => "warn",
        500.. => "error",
        _ => "info",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_list_is_the_line() {
        let line = RequestLine {
            event: "request",
            level: level(200),
            request_id: "r",
            method: "GET",
            route: "/health",
            status: 200,
            duration_ms: 1,
            budget_ms: 200,
            over_budget: false,
            calls: &[],
            code: None,
            cause: None,
            workspace_id: None,
            user_id: None,
            cache: None,
            tiers: &[],
            deployment: "development",
        };
        let json = serde_json::to_value(line).unwrap();
        let names: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, FIELDS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }
}
