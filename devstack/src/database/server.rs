//! The database server: the platform's own, or an existing one.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use rustix::process::Signal;
use tokio_postgres::Client;

use super::existing::ExistingServer;
use super::postgres::Postgres;
use crate::process::child_server::ChildServer;
use crate::relay::Upstream;

/// Where the data is stored.
pub(crate) struct DatabaseServer(Kind);

enum Kind {
    /// Started and stopped by the stack.
    Own(Postgres),
    /// Named by [`crate::StackOptions::database_url`].
    Existing(ExistingServer),
}

impl DatabaseServer {
    /// Starts a server on the data folder `data`. A new one gets the `migrations` at once.
    pub(crate) async fn start_own(
        repo: &Path,
        data: PathBuf,
        run: &Path,
        migrations: Option<&Path>,
    ) -> Result<Self> {
        let own = Postgres::prepare(repo, data, run, migrations).await?;
        own.start().await?;
        Ok(Self(Kind::Own(own)))
    }

    /// Uses the server of `url`, as a superuser. `keep` uses its database, else a temporary one is created.
    pub(crate) async fn use_existing(url: &str, keep: bool) -> Result<Self> {
        Ok(Self(Kind::Existing(ExistingServer::prepare(url, keep).await?)))
    }

    /// The address to which the relay connects.
    pub(crate) fn upstream(&self) -> Result<Upstream> {
        match &self.0 {
            Kind::Own(own) => Ok(Upstream::Unix(own.socket())),
            Kind::Existing(existing) => existing.upstream(),
        }
    }

    /// The URL for clients, whose host and port are the relay's.
    pub(crate) fn url(&self, relay: SocketAddr) -> String {
        match &self.0 {
            Kind::Own(_) => format!("postgresql://postgres:postgres@{relay}/postgres"),
            Kind::Existing(existing) => existing.url(relay),
        }
    }

    /// Name of the database.
    pub(crate) fn database(&self) -> &str {
        match &self.0 {
            Kind::Own(_) => "postgres",
            Kind::Existing(existing) => existing.database(),
        }
    }

    /// A connection as role `postgres`, past the relay and its faults.
    pub(crate) async fn connect(&self) -> Result<Client> {
        match &self.0 {
            Kind::Own(own) => own.connect("postgres").await,
            Kind::Existing(existing) => existing.connect().await,
        }
    }

    /// The progress message about the server that is used.
    pub(crate) fn announcement(&self) -> String {
        match &self.0 {
            Kind::Own(_) => "accepts connections.".to_owned(),
            Kind::Existing(existing) => existing.announcement(),
        }
    }

    pub(crate) fn version(&self) -> &str {
        match &self.0 {
            Kind::Own(own) => own.version(),
            Kind::Existing(existing) => &existing.version,
        }
    }

    /// Starts the stack's own server again.
    pub(crate) async fn start(&self) -> Result<()> {
        self.own()?.start().await
    }

    /// Ends the stack's own server like a crash.
    pub(crate) async fn kill(&self) -> Result<()> {
        self.own()?.server.end(Signal::KILL).await;
        Ok(())
    }

    /// The child process; none for an existing server.
    pub(crate) fn child(&self) -> Option<&ChildServer> {
        self.own().ok().map(|own| &own.server)
    }

    fn own(&self) -> Result<&Postgres> {
        match &self.0 {
            Kind::Own(own) => Ok(own),
            Kind::Existing(_) => {
                bail!("DATABASE_URL names a server that is not ours to kill or restart: unset it.")
            }
        }
    }

    /// Stops the stack's own server in an orderly way, or drops the temporary database of an existing one.
    pub(crate) async fn stop(&self, keep_data: bool) {
        match &self.0 {
            // Temporary data needs no last checkpoint, but the shared memory must be released.
            Kind::Own(own) => own.server.end(if keep_data { Signal::INT } else { Signal::QUIT }).await,
            Kind::Existing(existing) => existing.clean_up().await,
        }
    }
}
