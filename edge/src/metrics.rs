//! What this isolate has counted, added to everybody's in Redis every 10 seconds at most. Names: core/src/metrics.rs.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use gatehouse_core::metrics::series;

use crate::app::Scope;
use crate::clients::redis_keys as keys;
use crate::clients::upstash::{self, Script, script};
use crate::platform;

const ADD: Script = script!("add_metrics");
/// The least time between two additions, in milliseconds.
const EVERY_MS: u32 = 10_000;

thread_local! {
    static COUNTS: RefCell<BTreeMap<String, i64>> = const { RefCell::new(BTreeMap::new()) };
    static FLUSHED_MS: Cell<f64> = const { Cell::new(0.0) };
}

/// Counts `n` more of a metric. Labels take few values, and no personal data.
pub fn count(name: &str, labels: &[(&str, &str)], n: i64) {
    COUNTS.with_borrow_mut(|counts| *counts.entry(series(name, labels)).or_default() += n);
}

/// What was counted since the last time, when it is time to add it.
pub fn take_due() -> Option<BTreeMap<String, i64>> {
    if platform::elapsed_ms(FLUSHED_MS.get()) < EVERY_MS || COUNTS.with_borrow(BTreeMap::is_empty) {
        return None;
    }
    FLUSHED_MS.set(platform::now_ms());
    Some(COUNTS.take())
}

/// Adds counts in Redis; what cannot be added is kept for the next time.
pub async fn flush(scope: Scope, counts: BTreeMap<String, i64>) {
    let mut arguments = vec![keys::METRICS_TTL_MS.to_string()];
    arguments.extend(counts.iter().flat_map(|(series, n)| [series.clone(), n.to_string()]));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if upstash::eval(&scope, &ADD, &[keys::metrics()], &arguments).await.is_err() {
        COUNTS.with_borrow_mut(|kept| {
            for (series, n) in counts {
                *kept.entry(series).or_default() += n;
            }
        });
    }
}
