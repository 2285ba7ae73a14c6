//! Servers that run as child processes: started and waited for, killed, started again.

use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;
use tokio::sync::Mutex;

use super::child::{Process, Spec};

/// Time between two looks at a server that is starting.
const POLL: Duration = Duration::from_millis(5);

/// Starts a server and waits until `is_ready`. Fails with the end of its log when it ends before.
pub(crate) async fn launch<F>(spec: Spec, is_ready: impl Fn() -> F) -> Result<Process>
where
    F: Future<Output = bool>,
{
    let process = Process::start(spec).await?;
    loop {
        process.check()?;
        if is_ready().await {
            return Ok(process);
        }
        tokio::time::sleep(POLL).await;
    }
}

/// A server that can be started again; at most one process of it runs.
#[derive(Default)]
pub(crate) struct ChildServer(Mutex<Option<Process>>);

impl ChildServer {
    /// Awaits `launch`, which starts the server, unless it runs.
    pub(crate) async fn start(&self, launch: impl Future<Output = Result<Process>>) -> Result<()> {
        let mut slot = self.0.lock().await;
        if slot.as_ref().is_none_or(|process| process.exit().is_some()) {
            *slot = Some(launch.await?);
        }
        Ok(())
    }

    /// Ends the server on purpose and waits until it is gone: `KILL` as a crash, another signal as an orderly stop.
    pub(crate) async fn end(&self, signal: Signal) {
        if let Some(process) = self.0.lock().await.as_ref() {
            process.end(signal).await;
        }
    }

    /// The process that was started last.
    pub(crate) async fn process(&self) -> Option<Process> {
        self.0.lock().await.clone()
    }
}
