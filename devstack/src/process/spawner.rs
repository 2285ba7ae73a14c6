//! The thread that starts every child process.

use std::sync::{OnceLock, mpsc};

use anyhow::Result;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// Runs `work` on a thread that lives as long as this process: the kernel sends a child's death signal when the
/// *thread* that started it ends.
pub(super) async fn on_spawner_thread<T: Send + 'static>(
    handle: Handle,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    static SPAWNER: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    let sender = SPAWNER.get_or_init(|| {
        let (sender, jobs) = mpsc::channel::<Job>();
        std::thread::spawn(move || jobs.into_iter().for_each(|job| job()));
        sender
    });
    let (result, finished) = oneshot::channel();
    let job: Job = Box::new(move || {
        let _entered = handle.enter();
        let _ = result.send(work());
    });
    sender.send(job).map_err(|_| anyhow::anyhow!("The thread that starts child processes has ended."))?;
    Ok(finished.await?)
}
