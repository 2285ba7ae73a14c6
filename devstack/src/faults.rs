//! Faults on demand: delays, wrong statuses, lost connections and lost responses.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::part::Part;

/// What goes wrong with a part. The default does nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fault {
    /// Milliseconds to wait before anything else.
    pub delay_ms: u64,
    /// HTTP status to answer instead of the part (not postgres, not redis).
    pub status: Option<u16>,
    /// JSON body of that response; none = the part's own error body for the status.
    pub body: Option<Value>,
    /// Close the connection without a response.
    pub drop: bool,
    /// Let the part do its work first, then drop or replace the response (not postgres, not redis).
    pub after: bool,
    /// How many matching requests pass before the first is hit.
    pub skip: u32,
    /// How many requests are hit; none = until cleared. For Postgres and Redis each read of bytes from a client counts
    /// as one request, also those of the connection pools of PostgREST and of the Auth server.
    pub times: Option<u32>,
    /// Hit only requests whose path contains this (not postgres, not redis).
    pub path: Option<String>,
    /// Hit only requests with this `x-request-id`, so that tests can share a stack.
    pub request_id: Option<String>,
    /// Hit only requests whose body contains this (not postgres, redis, upstash).
    pub body_contains: Option<String>,
}

/// The faults that are set. Clones share their state.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<BTreeMap<Part, Vec<Fault>>>>);

impl Faults {
    /// Adds a fault to a part; faults of one part are tried in the order they were set.
    ///
    /// Fails for a fault that the part cannot have.
    pub fn set(&self, part: Part, fault: Fault) -> Result<()> {
        let http = !matches!(part, Part::Postgres | Part::Redis);
        let needs_http = fault.status.is_some()
            || fault.body.is_some()
            || fault.after
            || fault.path.is_some()
            || fault.request_id.is_some()
            || fault.body_contains.is_some();
        if needs_http && !http {
            bail!("{part} speaks no HTTP: only delay_ms, drop, times and skip work for it.");
        }
        if fault.body_contains.is_some() && part == Part::Upstash {
            bail!("upstash does not support body_contains: use request_id.");
        }
        if fault.status.is_some_and(|s| !(200..=599).contains(&s)) {
            bail!("A fault's status must be from 200 to 599.");
        }
        self.lock().entry(part).or_default().push(fault);
        Ok(())
    }

    /// Removes the faults for which `remove` is true.
    pub fn clear_where(&self, remove: impl Fn(&Fault) -> bool) {
        self.lock().values_mut().for_each(|faults| faults.retain(|fault| !remove(fault)));
    }

    /// Removes every fault of a part.
    pub fn clear(&self, part: Part) {
        self.lock().remove(&part);
    }

    /// Removes every fault.
    pub fn clear_all(&self) {
        self.lock().clear();
    }

    /// The faults that are set, by part; `times` counts down.
    pub fn list(&self) -> BTreeMap<Part, Vec<Fault>> {
        self.lock().clone()
    }

    /// The fault that hits this request, if any, counted down. Only the first match counts, also while it still skips.
    pub(crate) fn take(
        &self,
        part: Part,
        path: &str,
        request_id: Option<&str>,
        body: &[u8],
    ) -> Option<Fault> {
        let mut all = self.lock();
        let faults = all.get_mut(&part)?;
        let index = faults.iter().position(|fault| {
            fault.path.as_deref().is_none_or(|p| path.contains(p))
                && fault.request_id.as_deref().is_none_or(|id| request_id == Some(id))
                && fault.body_contains.as_deref().is_none_or(|text| contains(body, text.as_bytes()))
        })?;
        let fault = faults.get_mut(index)?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        let applied = fault.clone();
        if let Some(left) = fault.times {
            fault.times = Some(left.saturating_sub(1));
            if left <= 1 {
                faults.remove(index);
            }
        }
        if applied.times == Some(0) { None } else { Some(applied) }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Part, Vec<Fault>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    text.is_empty() || body.windows(text.len()).any(|window| window == text)
}
