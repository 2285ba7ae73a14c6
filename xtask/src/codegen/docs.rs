//! The docs that are tables of what core holds.

use std::fmt::Write as _;

use gatehouse_core::env::{Format, Need, SETTINGS};
use gatehouse_core::error::ErrorCode;
use gatehouse_core::log;
use gatehouse_core::metrics::METRICS;
use gatehouse_core::rate_limit::Outage;
use gatehouse_core::route::{self, Role};
use gatehouse_core::vocabulary::VOCABULARY;

const NOTE: &str = "<!-- Generated from core by `npm run codegen`; do not edit. -->\n\n";

/// `docs/API.md`
pub fn api() -> String {
    let mut out = format!(
        "{NOTE}# API\n\nThe machine-readable form is [openapi.json](openapi.json), which the Worker serves as \
         `GET /openapi.json`. Every error is `application/problem+json` with a stable `code` ([ERRORS.md](ERRORS.md)); \
         every answer carries `X-Request-Id` and `Server-Timing`. A route of GET answers HEAD too, without a body.\n\n\
         A session is `Authorization: Bearer <Supabase access token>`, or the cookie that `@supabase/ssr` writes; the \
         header wins. With the cookie, a request that changes something must come from an allowed origin \
         ([AUTH.md](AUTH.md)).\n\n\
         Columns: *session*: required. *workspace*: `X-Workspace-Id` is required, and the role that its member needs. \
         *plan*: the workspace needs a plan, and the caller a seat in it. *key*: an `Idempotency-Key` is required, 8 to \
         64 letters, digits, `-` or `_`, with or without double quotes. *calls*: network calls before the answer with \
         signing keys and script hashes cached; `+n` without a cached membership record.\n\n\
         | route | does | session | workspace | plan | key | body at most | calls | budget |\n\
         |---|---|---|---|---|---|---|---|---|\n"
    );
    for route in route::routes() {
        let yes = |flag| if flag { "yes" } else { "" };
        let body = if route.max_body == 0 { String::new() } else { format!("{} bytes", route.max_body) };
        let cold = if route.calls.cold_extra == 0 {
            String::new()
        } else {
            format!(" (+{})", route.calls.cold_extra)
        };
        let workspace = match (route.needs_workspace(), route.role) {
            (false, _) => "",
            (true, Role::Any) => "yes",
            (true, Role::Editor) => "owner, admin",
            (true, Role::Owner) => "owner",
        };
        let _ = writeln!(
            out,
            "| `{} {}` | {} | {} | {workspace} | {} | {} | {body} | {}{cold} | {} ms |",
            route.method.as_str(),
            route.path,
            route.summary,
            yes(route.needs_session()),
            yes(route.plan),
            yes(route.key),
            route.calls.warm,
            route.budget_ms
        );
    }
    out.push_str("\n## Refusals\n\n| route | codes |\n|---|---|\n");
    for route in route::routes() {
        let codes: Vec<_> = route
            .all_errors()
            .iter()
            .map(|code| format!("{} [{}](ERRORS.md#{})", code.status(), code.as_str(), code.as_str()))
            .collect();
        let _ = writeln!(out, "| `{} {}` | {} |", route.method.as_str(), route.path, codes.join(", "));
    }
    out.push_str(&limits());
    out
}

fn limits() -> String {
    let mut out = "\n## Limits\n\nEvery route has the platform's limit for one address, in wrangler.toml (`too_many_requests`). \
                   These routes also have a limit for one person in one workspace (`rate_limited`); the response carries `RateLimit-Limit`, \
                   `RateLimit-Remaining`, `RateLimit-Reset` and `RateLimit-Policy`.\n\n\
                   | limit | route | no plan · ascent · glide · soar | within | while Redis is unavailable | why |\n\
                   |---|---|---|---|---|---|\n"
        .to_owned();
    for (route, policy) in route::routes().filter_map(|route| Some((route, route.limit?))) {
        let [none, ascent, glide, soar] = policy.most;
        let _ = writeln!(
            out,
            "| {} | `{} {}` | {none} · {ascent} · {glide} · {soar} | {} s | {} | {} |",
            policy.name,
            route.method.as_str(),
            route.path,
            policy.window_s,
            match policy.outage {
                Outage::Open => "allows",
                Outage::Closed => "refuses",
            },
            policy.reason
        );
    }
    out
}

/// `docs/ERRORS.md`
pub fn errors() -> String {
    let mut out =
        format!("{NOTE}# Errors\n\nThe `code` of a problem is stable; branch on it, never on a sentence.\n");
    for code in ErrorCode::ALL {
        let _ = write!(
            out,
            "\n## {}\n\n{} {}\n\n**{}** {}\n",
            code.as_str(),
            code.status(),
            code.title(),
            code.meaning().trim(),
            code.fix()
        );
    }
    out
}

fn format_words(format: Format) -> String {
    match format {
        Format::Url => {
            "web address, https, no trailing slash (http for this machine in development)".to_owned()
        }
        Format::Secret(least) => format!("text of at least {least} characters"),
        Format::OneOf(words) => words.join(", "),
        Format::Origins => "web addresses without a path, separated by commas".to_owned(),
        Format::Name => "letters, digits, `.`, `_` and `-`".to_owned(),
        Format::PrivateKey => "a private key in PEM (PKCS#8)".to_owned(),
        Format::Pair(sign) => format!("two texts with `{sign}` between them"),
    }
}

fn need_words(need: Need) -> &'static str {
    match need {
        Need::Always => "yes",
        Need::V2 => "V2",
        Need::V1 => "V1",
        Need::Vertex => "Vertex",
        Need::Optional => "",
    }
}

/// `docs/ENVIRONMENT.md`
pub fn environment() -> String {
    let mut out = format!(
        "{NOTE}# Environment\n\nThe Worker checks all of these when it starts and reports every problem at once, \
         by name and never by value, in the log line `config`. Secrets are set with `wrangler secret put NAME`, the \
         rest in `wrangler.toml`. `npm run stack` writes `.dev.vars` with the local platform's values. \
         V1 and V2 are PhonePe's generations: only the settings of the chosen one are needed. \
         Vertex: all of these or none.\n\n\
         | name | needed | secret | format | purpose | example |\n|---|---|---|---|---|---|\n"
    );
    for setting in SETTINGS {
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | {} | `{}` |",
            setting.name,
            need_words(setting.need),
            if setting.secret { "yes" } else { "" },
            format_words(setting.format),
            setting.purpose,
            setting.example
        );
    }
    out
}

/// `.dev.vars.example`
pub fn dev_vars() -> String {
    let mut out = String::from(
        "# Generated from core by `npm run codegen`; do not edit. Copy to .dev.vars, or let `npm run stack` write it.\n",
    );
    for setting in SETTINGS {
        // Settings that the local platform does not need are listed as comments.
        let mark = if matches!(setting.need, Need::Always | Need::V2) { "" } else { "# " };
        let _ = writeln!(out, "\n# {}\n{mark}{}={}", setting.purpose, setting.name, setting.example);
    }
    out
}

/// `docs/LOGGING.md`
pub fn logging() -> String {
    let mut out = format!(
        "{NOTE}# Logging\n\nOne JSON line for each request, with these fields and no personal data: no e-mail, no \
         name, no token, no answer.\n\n| field | meaning |\n|---|---|\n"
    );
    for (name, meaning) in log::FIELDS {
        let _ = writeln!(out, "| `{name}` | {meaning} |");
    }
    out.push_str(
        "\nThere are two more kinds of line. `config`: the settings that need attention (`problems`: name and message). \
         `background`: work after a response that failed or wrote a cache tier (`work`, `code`, `cause`, `calls`, `tiers`, `request_id`).\n",
    );
    out
}

/// `docs/METRICS.md`
pub fn metrics() -> String {
    let mut out = format!(
        "{NOTE}# Metrics\n\n`GET /metrics` with `Authorization: Bearer <METRICS_TOKEN>`, in Prometheus' text format. \
         Isolates add their counters to Redis at most every 10 seconds; queues and rules are read from the database.\n\n\
         | metric | kind | labels | meaning |\n|---|---|---|---|\n"
    );
    for metric in METRICS {
        let _ =
            writeln!(out, "| `{}` | {} | {} | {} |", metric.name, metric.kind, metric.labels, metric.help);
    }
    out
}

/// `docs/VOCABULARY.md`
pub fn vocabulary() -> String {
    let mut out = format!(
        "{NOTE}# Vocabulary\n\nThe fixed words in JSON, SQL and TypeScript. SQL CHECK constraints are tested equal to these; \
         TypeScript is generated from them.\n\n| name | words |\n|---|---|\n"
    );
    for (name, words) in VOCABULARY {
        let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
        let _ = writeln!(out, "| {name} | {} |", words.join(", "));
    }
    out
}
