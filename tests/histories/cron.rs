//! One cron for all histories, as in life: whoever wants a run waits for one that begins after the wish.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, ensure};
use gatehouse_devstack::worker::Worker;
use tokio::sync::Mutex;

pub struct Cron<'a> {
    worker: &'a Worker,
    begun: AtomicU64,
    turn: Mutex<()>,
}

impl<'a> Cron<'a> {
    pub fn new(worker: &'a Worker) -> Self {
        Self { worker, begun: AtomicU64::new(0), turn: Mutex::new(()) }
    }

    pub async fn run(&self) -> Result<()> {
        let wanted = self.begun.load(Ordering::SeqCst) + 1;
        let _turn = self.turn.lock().await;
        if self.begun.load(Ordering::SeqCst) >= wanted {
            return Ok(());
        }
        self.begun.fetch_add(1, Ordering::SeqCst);
        // Minute 1 of an hour: nothing is swept.
        let outcome = tokio::task::block_in_place(|| self.worker.run_scheduled("* * * * *", 60_000))?;
        ensure!(outcome == "ok", "the cron ended with {outcome}");
        Ok(())
    }
}
