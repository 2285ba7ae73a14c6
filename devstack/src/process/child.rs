//! One child process.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use super::run_as::RunAs;
use super::spawner::on_spawner_thread;

/// How to start one child.
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) dir: PathBuf,
    /// Takes both output streams, appended.
    pub(crate) log: PathBuf,
    pub(crate) run_as: RunAs,
    /// Sent by the kernel when this process dies: `KILL`, or `INT` for a server that cleans up before it ends.
    pub(crate) death_signal: &'static str,
}

/// A running child.
#[derive(Clone)]
pub(crate) struct Process {
    name: &'static str,
    signals: mpsc::UnboundedSender<Signal>,
    exited: watch::Receiver<Option<String>>,
    /// False once this process has ended the child on purpose.
    should_run: Arc<AtomicBool>,
    log: PathBuf,
}

impl Process {
    /// Starts a child from the long-lived spawner thread.
    pub(crate) async fn start(spec: Spec) -> Result<Process> {
        let out = File::options()
            .create(true)
            .append(true)
            .open(&spec.log)
            .with_context(|| format!("Cannot write {}.", spec.log.display()))?;
        let line = spec.run_as.command_line(&spec.program, spec.death_signal);
        let Some((program, first)) = line.split_first() else {
            bail!("No program to start for {}.", spec.name)
        };
        let mut command = tokio::process::Command::new(program);
        command.args(first).args(&spec.args).envs(spec.env).current_dir(&spec.dir).kill_on_drop(true);
        // A terminal sends Ctrl-C to the whole process group; the stack stops its children itself, in order.
        command.process_group(0);
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
        let mut child =
            on_spawner_thread(Handle::current(), move || command.spawn()).await?.with_context(|| {
                format!(
                    "Cannot start {} ({}); on Debian `setpriv` is in util-linux.",
                    spec.name,
                    spec.program.display()
                )
            })?;
        let pid = child.id().and_then(|id| Pid::from_raw(id as i32)).context("The child ended at once.")?;
        let (signals, mut queue) = mpsc::unbounded_channel();
        let (exit_sender, exited) = watch::channel(None);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    status = child.wait() => {
                        let text = status.map_or_else(|e| e.to_string(), |s| s.to_string());
                        exit_sender.send_replace(Some(text));
                        return;
                    }
                    // The child is not reaped yet, so the pid is still its own.
                    Some(signal) = queue.recv() => { let _ = kill_process(pid, signal); }
                }
            }
        });
        Ok(Process {
            name: spec.name,
            signals,
            exited,
            should_run: Arc::new(AtomicBool::new(true)),
            log: spec.log,
        })
    }

    /// Sends a signal; a child that is gone ignores it.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = self.signals.send(signal);
    }

    /// Ends the child on purpose and waits until it is gone.
    pub(crate) async fn end(&self, signal: Signal) {
        self.should_run.store(false, Ordering::SeqCst);
        self.signal(signal);
        self.wait().await;
    }

    /// Waits until the child is gone and returns its exit status.
    pub(crate) async fn wait(&self) -> String {
        let mut exited = self.exited.clone();
        let status = exited.wait_for(Option::is_some).await;
        status.map(|status| status.clone().unwrap_or_default()).unwrap_or_default()
    }

    /// The exit status, when the child is gone.
    pub(crate) fn exit(&self) -> Option<String> {
        self.exited.borrow().clone()
    }

    /// Fails with the end of its log when the child is gone.
    pub(crate) fn check(&self) -> Result<()> {
        match self.exit() {
            None => Ok(()),
            Some(status) => {
                bail!("{} ended while it started ({status}):\n{}", self.name, self.last_log_lines())
            }
        }
    }

    /// True when the child ended by itself.
    pub(crate) fn crashed(&self) -> bool {
        self.should_run.load(Ordering::SeqCst) && self.exit().is_some()
    }

    /// The last 15 lines of its log.
    pub(crate) fn last_log_lines(&self) -> String {
        let text =
            std::fs::read(&self.log).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}
