//! What this isolate has counted since it last added its counts to those in Redis. Names: core/src/metrics.rs.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use gatehouse_core::metrics::series;

use crate::platform;

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

/// What was counted since the last time, when it is due to be added.
pub fn take_due() -> Option<BTreeMap<String, i64>> {
    if platform::elapsed_ms(FLUSHED_MS.get()) < EVERY_MS || COUNTS.with_borrow(BTreeMap::is_empty) {
        return None;
    }
    FLUSHED_MS.set(platform::now_ms());
    Some(COUNTS.take())
}

/// Takes back counts that could not be added, for the next time.
pub fn keep(counts: BTreeMap<String, i64>) {
    COUNTS.with_borrow_mut(|kept| {
        for (series, n) in counts {
            *kept.entry(series).or_default() += n;
        }
    });
}
