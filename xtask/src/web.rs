//! The Next.js server, for development and for the browser tests.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use anyhow::{Context, Result};
use gatehouse_devstack::Stack;

use crate::child;
use crate::lock;
use crate::repo::Repo;
use crate::stamp;
use crate::step::{run_quietly, step};

/// How to serve the web app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `next dev`, with its output shown.
    Develop,
    /// `next start` of what [`build`] has built, its output kept for when it fails.
    Serve,
}

/// Environment of the web app: the addresses of the Worker and of Auth, and the publishable key.
#[must_use]
pub fn settings(stack: &Stack, worker_url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("GATEHOUSE_URL", worker_url.to_owned()),
        ("NEXT_PUBLIC_SUPABASE_URL", stack.supabase_url().to_owned()),
        ("NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY", stack.publishable_key().to_owned()),
    ]
}

/// Builds the web app when something git would commit in it, or the browser package, has changed.
///
/// # Errors
/// When the build fails; all it printed is part of the error.
pub fn build(repo: &Repo) -> Result<()> {
    let _alone = lock::checkout(repo)?;
    let mut list = Command::new("git");
    list.current_dir(&repo.root).args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        "web",
    ]);
    let output = list.output().context("git cannot be started.")?;
    let files = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut inputs: Vec<&str> = files.lines().collect();
    inputs.extend(["package-lock.json", "wasm-client/npm/wasm", "wasm-client/npm/dist"]);
    let print = stamp::fingerprint(&repo.root, &inputs, "next build")?;
    let next = repo.root.join("web/.next");
    if stamp::is_current(&next, &print, &["BUILD_ID"]) {
        return Ok(());
    }
    step("Building the web app", || {
        let mut command = Command::new(repo.node());
        command.arg(repo.npm_bin("next")?).arg("build").current_dir(repo.root.join("web"));
        run_quietly(command.env("PATH", repo.path_env()).env("NEXT_TELEMETRY_DISABLED", "1"), "next build")?;
        stamp::mark(&next, &print)
    })
}

/// A running server with its children. Dropping it ends them.
pub struct Web {
    child: Child,
    address: String,
    /// None = its output is shown.
    log: Option<PathBuf>,
}

impl Web {
    /// Starts the server; [`Web::wait_until_it_answers`] tells when it is there.
    ///
    /// # Errors
    /// When Next is not installed.
    pub fn start(repo: &Repo, mode: Mode, port: u16, settings: &[(&str, String)]) -> Result<Self> {
        // The kernel ends it when this process is killed; a normal end goes through Drop.
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "TERM", "--"])
            .arg(repo.node())
            .arg(repo.npm_bin("next")?)
            .arg(if mode == Mode::Develop { "dev" } else { "start" })
            .args(["--hostname", "127.0.0.1", "--port", &port.to_string()])
            .current_dir(repo.root.join("web"))
            .env("PATH", repo.path_env())
            .env("NEXT_TELEMETRY_DISABLED", "1")
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .process_group(0);
        let mut log = None;
        if mode == Mode::Serve {
            let path = repo.targets.join(format!("web-{port}.log"));
            let out =
                File::create(&path).with_context(|| format!("{} cannot be written.", path.display()))?;
            command.stdout(out.try_clone()?).stderr(out);
            log = Some(path);
        }
        let child = command.spawn().context("The web app cannot be started (`setpriv` is in util-linux).")?;
        Ok(Self { child, address: format!("http://127.0.0.1:{port}"), log })
    }

    /// Where it listens, without a trailing slash.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Waits for the first page.
    ///
    /// # Errors
    /// When the server ends before it answers, or does not answer in two minutes.
    pub async fn wait_until_it_answers(&mut self) -> Result<()> {
        let words = || match &self.log {
            Some(log) => fs::read_to_string(log).unwrap_or_default(),
            None => "Its messages are above.".to_owned(),
        };
        child::wait_until_it_answers(&mut self.child, "The web app", &self.address, child::START, words).await
    }

    /// How it ended, when it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        child::end_group(&mut self.child, child::GRACE);
        if let Some(log) = &self.log {
            let _ = fs::remove_file(log);
        }
    }
}
