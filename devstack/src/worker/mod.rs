//! The built Worker on workerd, as a child that ends with this process.

mod config;
mod vars;

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use serde::Deserialize;
use serde_json::json;

pub use self::config::WorkerOptions;
use self::config::{node, runner_options};
pub use self::vars::worker_vars;
use crate::cache::cache_dir;

/// How long workerd may take to start, or to run a cron event.
const TIMEOUT: Duration = Duration::from_secs(60);

/// One line that the Worker or workerd wrote to the console.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LogLine {
    /// `log`, `debug`, `info`, `warn` or `error`.
    pub level: String,
    /// The text as written.
    pub message: String,
}

/// A running Worker. Dropping it ends it.
#[derive(Debug)]
pub struct Worker {
    /// Address without a trailing slash, straight to workerd.
    pub url: String,
    child: Mutex<Child>,
    stdin: Mutex<Option<ChildStdin>>,
    shared: Arc<Shared>,
    scheduled: Mutex<Receiver<String>>,
}

#[derive(Debug, Default)]
struct Shared {
    logs: Mutex<Vec<LogLine>>,
    /// Why the runner ended; none while it runs.
    ended: Mutex<Option<String>>,
    changed: Condvar,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Message {
    Ready(String),
    Log(LogLine),
    Scheduled(String),
    Failed(String),
}

impl Worker {
    /// Starts workerd on the built bundle and waits until it listens.
    ///
    /// # Errors
    /// A sentence that names the fix: the bundle is missing, the port is taken, Node is missing.
    pub async fn start(options: WorkerOptions) -> Result<Self> {
        tokio::task::spawn_blocking(move || Self::start_blocking(&options)).await?
    }

    fn start_blocking(options: &WorkerOptions) -> Result<Self> {
        let config = runner_options(options)?;
        let mut child = Command::new(node(&options.repo))
            .arg(options.repo.join("devstack/worker.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A terminal sends Ctrl-C to the whole process group; this process ends its children itself, in order.
            .process_group(0)
            // Miniflare is 6 MB of JavaScript: cached, Node does not compile it again for every Worker.
            .env("NODE_COMPILE_CACHE", cache_dir().join("node"))
            .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
            .env("WRANGLER_SEND_METRICS", "false")
            .spawn()
            .context("Node cannot be started: install Node 20 or newer.")?;
        let mut stdin = child.stdin.take().context("The Worker's runner has no stdin.")?;
        let stdout = child.stdout.take().context("The Worker's runner has no stdout.")?;
        writeln!(stdin, "{config}")?;
        let shared = Arc::new(Shared::default());
        let (ready_tx, ready) = mpsc::channel();
        let (scheduled_tx, scheduled) = mpsc::channel();
        let output = Arc::clone(&shared);
        std::thread::spawn(move || {
            let mut reason = "The Worker's runner ended.".to_owned();
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                match serde_json::from_str(&line) {
                    Ok(Message::Ready(url)) => drop(ready_tx.send(url)),
                    Ok(Message::Log(log)) => output.push(log),
                    Ok(Message::Scheduled(outcome)) => drop(scheduled_tx.send(outcome)),
                    Ok(Message::Failed(text)) => reason = text,
                    Err(_) => output.push(LogLine { level: "info".to_owned(), message: line }),
                }
            }
            *lock(&output.ended) = Some(reason);
            output.changed.notify_all();
        });
        let mut worker = Self {
            url: String::new(),
            child: Mutex::new(child),
            stdin: Mutex::new(Some(stdin)),
            shared,
            scheduled: Mutex::new(scheduled),
        };
        worker.url = ready.recv_timeout(TIMEOUT).map_err(|_| worker.startup_failure(options.port))?;
        Ok(worker)
    }

    fn startup_failure(&self, port: u16) -> anyhow::Error {
        let ended = lock(&self.shared.ended)
            .clone()
            .unwrap_or_else(|| "It did not answer within a minute.".to_owned());
        let lines: Vec<String> = self.logs().into_iter().map(|line| line.message).collect();
        let text = lines.join("\n");
        if text.contains("Address already in use")
            || ended.contains("EADDRINUSE")
            || ended.contains("already in use")
        {
            return anyhow!(
                "Port {port} is taken, so the Worker cannot listen on it: stop what listens there (`ss -ltnp 'sport = :{port}'` names it)."
            );
        }
        anyhow!("The Worker did not start: {ended}\n{text}")
    }

    /// Every console line so far, oldest first.
    #[must_use]
    pub fn logs(&self) -> Vec<LogLine> {
        lock(&self.shared.logs).clone()
    }

    /// Waits until a console line for which `matches` is true has been written, at most `timeout`.
    #[must_use]
    pub fn wait_for_log(&self, timeout: Duration, matches: impl Fn(&LogLine) -> bool) -> Option<LogLine> {
        let logs = lock(&self.shared.logs);
        let (logs, _) = self
            .shared
            .changed
            .wait_timeout_while(logs, timeout, |logs| !logs.iter().any(&matches))
            .unwrap_or_else(PoisonError::into_inner);
        logs.iter().find(|line| matches(line)).cloned()
    }

    /// Why the Worker ended; none while it runs.
    #[must_use]
    pub fn death(&self) -> Option<String> {
        lock(&self.shared.ended).clone()
    }

    /// Waits until the Worker ends by itself, and returns why.
    pub async fn wait_death(&self) -> String {
        let shared = Arc::clone(&self.shared);
        let (sender, reason) = tokio::sync::oneshot::channel();
        // On another thread: a blocking task would delay the end of the caller's runtime.
        std::thread::spawn(move || {
            let ended = lock(&shared.ended);
            let ended = shared
                .changed
                .wait_while(ended, |ended| ended.is_none())
                .unwrap_or_else(PoisonError::into_inner);
            let _ = sender.send(ended.clone().unwrap_or_default());
        });
        reason.await.unwrap_or_default()
    }

    /// Fires a cron event and waits for the handler; `time_ms` is the scheduled time in milliseconds since 1970.
    ///
    /// # Errors
    /// When the runner is gone or the handler does not end within a minute.
    pub fn run_scheduled(&self, cron: &str, time_ms: i64) -> Result<String> {
        let outcomes = lock(&self.scheduled);
        let mut stdin = lock(&self.stdin);
        let pipe = stdin.as_mut().context("The Worker is stopped.")?;
        writeln!(pipe, "{}", json!({"scheduled": {"cron": cron, "time": time_ms}}))?;
        outcomes.recv_timeout(TIMEOUT).context("The cron event did not end within a minute.")
    }

    /// Ends the Worker and waits until workerd is gone.
    ///
    /// # Errors
    /// When the child cannot be waited for.
    pub async fn stop(self) -> Result<()> {
        tokio::task::spawn_blocking(move || self.end()).await?
    }

    fn end(&self) -> Result<()> {
        lock(&self.stdin).take();
        let ended = lock(&self.shared.ended);
        let (_ended, waited) = self
            .shared
            .changed
            .wait_timeout_while(ended, Duration::from_secs(5), |ended| ended.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        let mut child = lock(&self.child);
        if waited.timed_out() {
            child.kill()?;
        }
        child.wait()?;
        Ok(())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The kernel ends workerd with its runner (workerd.sh).
        let mut child = lock(&self.child);
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Shared {
    fn push(&self, line: LogLine) {
        lock(&self.logs).push(line);
        self.changed.notify_all();
    }
}

/// A poisoned lock only means that another test panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
