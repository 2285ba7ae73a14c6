//! The Worker's metrics in Prometheus text format. `docs/METRICS.md` is generated from [`METRICS`].
//!
//! Labels have few values, all from our own tables: no person, no workspace, no raw path.

use std::fmt::Write as _;

use serde::Deserialize;

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// `counter` or `gauge`.
    pub kind: &'static str,
    /// Its labels, separated by commas.
    pub labels: &'static str,
    /// What it counts, with its unit.
    pub help: &'static str,
}

const fn counter(name: &'static str, labels: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: "counter", labels, help }
}

const fn gauge(name: &'static str, labels: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: "gauge", labels, help }
}

/// Every metric, in the order in which they are shown.
pub const METRICS: &[Metric] = &[
    counter("gatehouse_requests_total", "route, status", "Requests answered, by route and class of status."),
    counter("gatehouse_request_milliseconds_total", "route", "Time from request to answer, summed."),
    counter(
        "gatehouse_requests_over_budget_total",
        "route",
        "Requests that took longer than their route's budget.",
    ),
    counter(
        "gatehouse_refusals_total",
        "code",
        "Refusals by error code; rate_limited and too_many_requests are the limits.",
    ),
    counter(
        "gatehouse_calls_total",
        "neighbour, outcome",
        "Calls to upstream services: ok, refused (4xx), failed (5xx) or unanswered.",
    ),
    counter(
        "gatehouse_call_milliseconds_total",
        "neighbour",
        "Time that calls to upstream services took, summed.",
    ),
    counter(
        "gatehouse_webhooks_total",
        "outcome",
        "Webhooks received, duplicate or rejected; of those received, applied or failed.",
    ),
    counter("gatehouse_manifest_reads_total", "tier", "Manifests read, by the tier that answered."),
    counter(
        "gatehouse_tier_total",
        "tier, outcome",
        "What happened at each cache tier: hit, miss, broken, repair or store.",
    ),
    counter("gatehouse_tier_bytes_total", "tier, outcome", "Bytes read or written, as stored."),
    counter(
        "gatehouse_tier_hit_age_seconds_total",
        "tier",
        "Age of the manifests that hits returned, summed.",
    ),
    counter(
        "gatehouse_tier_hit_ttl_seconds_total",
        "tier",
        "Remaining lifetime of the manifests that hits returned, summed.",
    ),
    counter(
        "gatehouse_rebuilds_total",
        "outcome",
        "Workspaces that the cron tried to rebuild: created, unchanged, skipped (cannot be reduced), overtaken or failed.",
    ),
    gauge(
        "gatehouse_queue_rows",
        "queue, kind",
        "Rows in a queue; orders_needing_attention and the given-up rows need a person.",
    ),
    gauge(
        "gatehouse_queue_oldest_seconds",
        "queue, kind",
        "Age of the oldest row of a queue; absent when it is empty.",
    ),
    gauge(
        "gatehouse_invariant_violations",
        "rule",
        "Rows that broke a rule when it was last checked; anything but 0 needs a person.",
    ),
    gauge(
        "gatehouse_invariants_checked_seconds",
        "rule",
        "Seconds since a rule was last checked; the cron does it once an hour.",
    ),
];

/// A row of `read_gauges()`.
#[derive(Clone, Debug, Deserialize)]
pub struct Gauge {
    /// The queue; `invariant_violations` for a rule.
    pub name: String,
    /// The kind of incident, or the rule.
    pub label: Option<String>,
    /// How many rows.
    pub rows: i64,
    /// Age of the oldest in seconds.
    pub age_s: Option<i64>,
}

/// A metric name with its labels, as in a line of the exposition format before the number.
pub fn series(name: &str, labels: &[(&str, &str)]) -> String {
    let labels: Vec<_> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escape_label_value(value))).collect();
    if labels.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", labels.join(",")) }
}

/// Escapes a label value for the exposition format.
fn escape_label_value(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// The metrics as Prometheus text (exposition format 0.0.4). A counter that is not in [`METRICS`], from an older build,
/// is left out.
pub fn render(counters: &[(String, i64)], gauges: &[Gauge]) -> String {
    let mut lines: Vec<(String, i64)> = counters.to_vec();
    for gauge in gauges {
        let label = gauge.label.as_deref().unwrap_or_default();
        let (rows, age, labels) = if gauge.name == "invariant_violations" {
            ("gatehouse_invariant_violations", "gatehouse_invariants_checked_seconds", vec![("rule", label)])
        } else {
            let labels = vec![("queue", gauge.name.as_str()), ("kind", label)];
            ("gatehouse_queue_rows", "gatehouse_queue_oldest_seconds", labels)
        };
        lines.push((series(rows, &labels), gauge.rows));
        lines.extend(gauge.age_s.map(|seconds| (series(age, &labels), seconds)));
    }
    lines.sort();
    let mut out = String::new();
    for Metric { name, kind, help, .. } in METRICS {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        let mine = lines.iter().filter(|(line, _)| line.split('{').next() == Some(name));
        for (line, value) in mine {
            let _ = writeln!(out, "{line} {value}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_gauges_are_shown_under_their_metric_and_strangers_are_not() {
        let counters = [
            (series("gatehouse_requests_total", &[("route", "/health"), ("status", "2xx")]), 3),
            ("gatehouse_of_an_older_build_total".to_owned(), 1),
        ];
        let gauge = |name: &str, label: Option<&str>, age_s| Gauge {
            name: name.to_owned(),
            label: label.map(str::to_owned),
            rows: 2,
            age_s,
        };
        let gauges = [
            gauge("orders_needing_attention", None, Some(61)),
            gauge("incidents_open", Some("a\"b"), None),
            gauge("invariant_violations", Some("audit_chains_cut"), Some(5)),
        ];
        let text = render(&counters, &gauges);
        for line in [
            "gatehouse_requests_total{route=\"/health\",status=\"2xx\"} 3",
            "gatehouse_queue_rows{queue=\"orders_needing_attention\",kind=\"\"} 2",
            "gatehouse_queue_oldest_seconds{queue=\"orders_needing_attention\",kind=\"\"} 61",
            "gatehouse_queue_rows{queue=\"incidents_open\",kind=\"a\\\"b\"} 2",
            "gatehouse_invariant_violations{rule=\"audit_chains_cut\"} 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
        assert!(!text.contains("older_build"));
        assert_eq!(text.matches("# TYPE").count(), METRICS.len());
    }
}
