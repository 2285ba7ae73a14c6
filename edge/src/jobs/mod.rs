//! What the cron does, each in a bounded batch: label subscriptions and write reminders, reconcile pending payments and
//! refunds, retry webhooks, send e-mails, rebuild manifests, sweep, and mark abandoned onboardings.

pub mod emails;
pub mod rebuilds;
pub mod reconcile;
pub mod refunds;
pub mod webhooks;

use std::collections::BTreeMap;

use gatehouse_core::api::RefundView;
use gatehouse_core::error::{Error, ErrorCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clients::postgrest::{self, Failure};
use crate::scope::Scope;

/// How many rows a job takes at a time. With four calls each at most it stays far below the platform's limits.
const BATCH: u32 = 20;

/// How many subscriptions a run labels: no call is made for any of them, so it is what SQL does in a moment.
const SUBSCRIPTIONS: u32 = 100;

/// How many onboardings to mark abandoned in one run, which makes no call for each.
const ABANDONED: u32 = 100;

/// What `claim_due_work()` hands out to this run alone, for 60 seconds.
#[derive(Default, Deserialize)]
struct Claimed {
    orders: Vec<reconcile::Due>,
    refunds: Vec<RefundView>,
    webhooks: Vec<webhooks::Stored>,
    emails: Vec<emails::Waiting>,
}

/// Runs every job on what one claim has handed out. A row that fails does not stop the others.
/// `scheduled_ms` is the instant that the run was planned for, in milliseconds since 1970.
pub async fn run(scope: &Scope, scheduled_ms: f64) {
    // First, so that this run's claim hands out its reminders.
    advance_subscriptions(scope).await;
    let work = claim(scope, Batch { orders: BATCH, refunds: BATCH, webhooks: BATCH, emails: BATCH }).await;
    reconcile::run(scope, work.orders).await;
    refunds::run(scope, work.refunds).await;
    webhooks::retry(scope, work.webhooks).await;
    emails::send_all(scope, work.emails).await;
    rebuilds::run(scope, minute_of(scheduled_ms)).await;
    // Once an hour is often enough for what has waited for days.
    if scheduled_ms % 3_600_000.0 < 60_000.0 {
        sweep(scope).await;
        sweep_abandoned(scope).await;
        check_invariants(scope).await;
    }
}

/// The minute of an instant, counted from 1970.
fn minute_of(ms: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cron plans no run before 1970"
    )]
    let minute = (ms.max(0.0) / 60_000.0) as u64;
    minute
}

/// How many rows of each queue to take at most.
#[derive(Default, Serialize)]
struct Batch {
    #[serde(rename = "p_orders")]
    orders: u32,
    #[serde(rename = "p_refunds")]
    refunds: u32,
    #[serde(rename = "p_webhooks")]
    webhooks: u32,
    #[serde(rename = "p_emails")]
    emails: u32,
}

/// Claims what is due; nothing when the database does not answer.
async fn claim(scope: &Scope, batch: Batch) -> Claimed {
    let claimed: Result<Claimed, Failure> =
        postgrest::rpc_as_service(scope, "rpc/claim_due_work", &json!(batch)).await;
    claimed.unwrap_or_else(|failure| {
        note(scope, "claim_due_work", Some(failure.into()));
        Claimed::default()
    })
}

/// Labels subscriptions whose time has come and writes their reminders.
async fn advance_subscriptions(scope: &Scope) {
    let advanced: Result<Value, Failure> =
        postgrest::rpc_as_service(scope, "rpc/advance_subscriptions", &json!({"p_limit": SUBSCRIPTIONS}))
            .await;
    note(scope, "advance_subscriptions", advanced.err().map(Error::from));
}

/// Removes rows that were finished long ago.
async fn sweep(scope: &Scope) {
    let swept: Result<Value, Failure> =
        postgrest::rpc_as_service(scope, "rpc/sweep_queues", &json!({})).await;
    note(scope, "sweep_queues", swept.err().map(Error::from));
}

/// Counts violations of invariants; anything but zero is logged by the rule's name, and shown in `/metrics`.
async fn check_invariants(scope: &Scope) {
    let found: Result<BTreeMap<String, i64>, Failure> =
        postgrest::rpc_as_service(scope, "rpc/check_invariants", &json!({})).await;
    let failed = match found {
        Ok(counts) => {
            let broken: Vec<_> = counts.into_iter().filter(|(_, count)| *count != 0).collect();
            if broken.is_empty() {
                return;
            }
            scope.note_cause(format!("rules broken: {broken:?}"));
            ErrorCode::Internal.into()
        }
        Err(failure) => failure.into(),
    };
    note(scope, "check_invariants", Some(failed));
}

/// Marks onboardings abandoned that nobody has saved to for as long as a session lives.
async fn sweep_abandoned(scope: &Scope) {
    let arguments = json!({"p_limit": ABANDONED, "p_request_id": scope.request_id});
    let swept: Result<u32, Failure> =
        postgrest::rpc_as_service(scope, "rpc/sweep_abandoned_sessions", &arguments).await;
    note(scope, "sweep_abandoned_sessions", swept.err().map(Error::from));
}

/// Logs a job's failure; the rows it had claimed are tried again when their claim expires.
fn note(scope: &Scope, job: &str, failed: Option<Error>) {
    scope.log_background(job, failed);
}
