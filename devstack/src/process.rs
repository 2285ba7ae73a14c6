//! Child processes that never outlive this one.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, mpsc as std_mpsc};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};

/// Under which user a child runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunAs {
    /// The user of this process.
    Same,
    /// uid and gid 65534, for servers that refuse root.
    Nobody,
    /// This user, seen as uid 1000 by the child: for files that uid 65534 cannot reach.
    UserNamespace,
}

impl RunAs {
    /// The command line that starts `program` as this user and lets it die with the thread that starts it.
    fn wrap(self, program: &Path, death_signal: &str) -> Vec<OsString> {
        let program = program.as_os_str().to_owned();
        if !cfg!(target_os = "linux") {
            return vec![program];
        }
        let mut line: Vec<OsString> = match self {
            RunAs::Same => vec![],
            RunAs::Nobody => {
                ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"].map(Into::into).into()
            }
            RunAs::UserNamespace => {
                ["unshare", "--user", "--map-user=1000", "--map-group=1000"].map(Into::into).into()
            }
        };
        // Entering a user namespace clears the death signal, so a second setpriv comes after it.
        if self != RunAs::Nobody {
            line.push("setpriv".into());
        }
        line.extend(["--pdeathsig".into(), death_signal.into(), "--".into(), program]);
        line
    }
}

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
    /// Sent by the kernel when this process dies: `KILL`, or `INT` for a server that cleans up behind itself.
    pub(crate) death_signal: &'static str,
}

/// A running child.
#[derive(Clone)]
pub(crate) struct Process {
    pub(crate) name: &'static str,
    signals: mpsc::UnboundedSender<Signal>,
    exited: watch::Receiver<Option<String>>,
    wanted: Arc<AtomicBool>,
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
        let line = spec.run_as.wrap(&spec.program, spec.death_signal);
        let Some((program, first)) = line.split_first() else {
            bail!("No program to start for {}.", spec.name)
        };
        let mut command = tokio::process::Command::new(program);
        command.args(first).args(&spec.args).envs(spec.env).current_dir(&spec.dir).kill_on_drop(true);
        // A terminal's Ctrl-C goes to the whole group; the stack stops its children itself, in order.
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
        let (tell, exited) = watch::channel(None);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    status = child.wait() => {
                        let text = status.map_or_else(|e| e.to_string(), |s| s.to_string());
                        tell.send_replace(Some(text));
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
            wanted: Arc::new(AtomicBool::new(true)),
            log: spec.log,
        })
    }

    /// Sends a signal; a child that is gone ignores it.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = self.signals.send(signal);
    }

    /// Ends the child on purpose and waits until it is gone.
    pub(crate) async fn end(&self, signal: Signal) {
        self.wanted.store(false, Ordering::SeqCst);
        self.signal(signal);
        self.wait().await;
    }

    /// Waits until the child is gone and gives its exit status.
    pub(crate) async fn wait(&self) -> String {
        let mut exited = self.exited.clone();
        let status = exited.wait_for(Option::is_some).await;
        status.map(|status| status.clone().unwrap_or_default()).unwrap_or_default()
    }

    /// The exit status, when the child is gone.
    pub(crate) fn exit(&self) -> Option<String> {
        self.exited.borrow().clone()
    }

    /// Fails with the last words when the child is gone.
    pub(crate) fn check(&self) -> Result<()> {
        match self.exit() {
            None => Ok(()),
            Some(status) => bail!("{} ended while it started ({status}):\n{}", self.name, self.last_words()),
        }
    }

    /// True when the child ended without being told to.
    pub(crate) fn died(&self) -> bool {
        self.wanted.load(Ordering::SeqCst) && self.exit().is_some()
    }

    /// The last lines of its log.
    pub(crate) fn last_words(&self) -> String {
        let text =
            std::fs::read(&self.log).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}

/// Runs a program to its end and gives what it printed.
pub(crate) async fn output(program: &Path, args: &[&str], run_as: RunAs) -> Result<String> {
    let line = run_as.wrap(program, "KILL");
    let Some((first, rest)) = line.split_first() else { bail!("No program to run.") };
    let mut command = tokio::process::Command::new(first);
    command
        .args(rest)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .current_dir("/");
    let child = on_spawner_thread(Handle::current(), move || command.spawn()).await?;
    let done =
        child.with_context(|| format!("Cannot run {}.", program.display()))?.wait_with_output().await?;
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    if !done.status.success() {
        bail!(
            "{} failed ({}): {}{}",
            program.display(),
            done.status,
            text,
            String::from_utf8_lossy(&done.stderr)
        );
    }
    Ok(text)
}

type Job = Box<dyn FnOnce() + Send>;

/// The death signal fires when the *thread* that started the child ends; this one lives as long as the process.
async fn on_spawner_thread<T: Send + 'static>(
    handle: Handle,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    static SPAWNER: OnceLock<std_mpsc::Sender<Job>> = OnceLock::new();
    let sender = SPAWNER.get_or_init(|| {
        let (sender, jobs) = std_mpsc::channel::<Job>();
        std::thread::spawn(move || jobs.into_iter().for_each(|job| job()));
        sender
    });
    let (answer, wait) = oneshot::channel();
    let job: Job = Box::new(move || {
        let _entered = handle.enter();
        let _ = answer.send(work());
    });
    sender.send(job).map_err(|_| anyhow::anyhow!("The thread that starts children is gone."))?;
    Ok(wait.await?)
}
