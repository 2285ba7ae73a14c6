//! Records every request to the gateway, the Upstash proxy and the simulators.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::part::Part;

/// Calls that are kept; older ones are forgotten.
const CAPACITY: usize = 10_000;

/// One request to a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// Counts up from 1 in the order in which responses were ready.
    pub sequence: u64,
    /// Who was called: auth, postgrest, upstash, phonepe, resend or vertex.
    pub part: Part,
    /// HTTP method.
    pub method: String,
    /// Path without query, e.g. `/rest/v1/rpc/ensure_profile`.
    pub path: String,
    /// Query string without `?`, empty when there is none.
    pub query: String,
    /// Redis command names in upper case, in order; empty for other parts.
    pub commands: Vec<String>,
    /// HTTP status; 0 when the connection was dropped by a fault.
    pub status: u16,
    /// Microseconds until the response was ready.
    pub micros: u64,
    /// Header `x-request-id`.
    pub request_id: Option<String>,
}

/// A bounded list of calls. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Ring>>);

#[derive(Default)]
struct Ring {
    calls: VecDeque<Call>,
    next: u64,
}

impl Recorder {
    /// Adds a call and numbers it.
    pub(crate) fn push(&self, mut call: Call) {
        let mut ring = self.lock();
        ring.next += 1;
        call.sequence = ring.next;
        if ring.calls.len() == CAPACITY {
            ring.calls.pop_front();
        }
        ring.calls.push_back(call);
    }

    /// The calls with this request id, or all, oldest first.
    pub(crate) fn list(&self, request_id: Option<&str>) -> Vec<Call> {
        let ring = self.lock();
        ring.calls
            .iter()
            .filter(|c| request_id.is_none() || c.request_id.as_deref() == request_id)
            .cloned()
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
