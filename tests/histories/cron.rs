//! One cron for all histories, as in life: whoever wants a run waits for one that begins after the wish.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, ensure};
use gatehouse_devstack::worker::Worker;
use tokio::sync::Mutex;

pub struct Cron {
    worker: Arc<Worker>,
    begun: AtomicU64,
    turn: Mutex<()>,
}

impl Cron {
    pub fn new(worker: Arc<Worker>) -> Self {
        Self { worker, begun: AtomicU64::new(0), turn: Mutex::new(()) }
    }

    pub async fn run(&self) -> Result<()> {
        let wanted = self.begun.load(Ordering::SeqCst) + 1;
        let _turn = self.turn.lock().await;
        if self.begun.load(Ordering::SeqCst) >= wanted {
            return Ok(());
        }
        self.begun.fetch_add(1, Ordering::SeqCst);
        let worker = Arc::clone(&self.worker);
        // A thread of its own: all histories are one task, and would stand still while this one waits. Minute 1 of an
        // hour: nothing is swept.
        let run = tokio::task::spawn_blocking(move || worker.run_scheduled("* * * * *", 60_000));
        let outcome = run.await??;
        ensure!(outcome == "ok", "the cron ended with {outcome}");
        Ok(())
    }
}
