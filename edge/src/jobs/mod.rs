//! What the cron does, each in a bounded batch: reconcile pending payments and refunds, retry webhooks, send e-mails.

pub mod emails;
pub mod reconcile;
pub mod refunds;
pub mod webhooks;

use gatehouse_core::error::Error;

use crate::app::Scope;

/// How many rows a job takes at a time. With four calls each at most it stays far below the platform's limits.
const BATCH: u32 = 20;

/// Runs every job. One that fails does not keep the others from running.
pub async fn run(scope: &Scope) {
    reconcile::run(scope).await;
    refunds::run(scope).await;
    webhooks::retry(scope).await;
    emails::drain(scope).await;
}

/// Logs a job's failure; the rows it had claimed come up again when their claim runs out.
fn note(scope: &Scope, job: &str, failed: Option<Error>) {
    scope.log_background(job, failed);
}
