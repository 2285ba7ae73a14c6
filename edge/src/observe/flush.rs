//! Adds this isolate's counts to everybody's in Redis.

use std::collections::BTreeMap;

use super::counters;
use crate::clients::redis_keys as keys;
use crate::clients::upstash::{self, Script, script};
use crate::scope::Scope;

static ADD: Script = script!("add_metrics");

/// Adds counts in Redis; what cannot be added is kept for the next time.
pub async fn flush(scope: Scope, counts: BTreeMap<String, i64>) {
    let mut arguments = vec![keys::METRICS_TTL_MS.to_string()];
    arguments.extend(counts.iter().flat_map(|(series, n)| [series.clone(), n.to_string()]));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if upstash::eval(&scope, &ADD, &[keys::metrics()], &arguments).await.is_err() {
        counters::keep(counts);
    }
}
