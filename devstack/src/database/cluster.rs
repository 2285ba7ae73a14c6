//! Running a server on a data folder.

use std::path::PathBuf;

use anyhow::Result;
use tokio_postgres::{Client, Config, NoTls};

use super::binaries::Binaries;
use crate::process::child::{Process, Spec};
use crate::process::child_server::launch;

/// Where a server reads and writes.
pub(super) struct Cluster {
    pub(super) data: PathBuf,
    /// Folder of the Unix socket.
    pub(super) sockets: PathBuf,
    pub(super) log: PathBuf,
}

impl Cluster {
    /// Starts a server and waits until it answers.
    pub(super) async fn launch(&self, binaries: &Binaries) -> Result<Process> {
        let is_ready = || async {
            match self.connect("supabase_admin").await {
                Ok(client) => client.simple_query("select 1").await.is_ok(),
                Err(_) => false,
            }
        };
        launch(self.spec(binaries), is_ready).await
    }

    fn spec(&self, binaries: &Binaries) -> Spec {
        let sockets = format!("unix_socket_directories={}", self.sockets.display());
        let settings = [
            "listen_addresses=",
            &sockets,
            // For speed, a crash of the machine may lose data; a killed server still keeps every commit.
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
        let mut args: Vec<std::ffi::OsString> = vec!["-D".into(), self.data.clone().into()];
        for setting in settings {
            args.extend(["-c".into(), setting.into()]);
        }
        Spec {
            name: "postgres",
            program: binaries.dir.join("postgres"),
            args,
            env: vec![("TZ".into(), "UTC".into())],
            dir: "/".into(),
            log: self.log.clone(),
            run_as: binaries.run_as,
            death_signal: "INT",
        }
    }

    /// The server's own socket, past the relay and its faults.
    pub(super) fn socket(&self) -> PathBuf {
        self.sockets.join(".s.PGSQL.5432")
    }

    /// A connection to database `postgres`, past the relay.
    pub(super) async fn connect(&self, user: &str) -> Result<Client> {
        let mut config = Config::new();
        config.host_path(&self.sockets).port(5432).user(user).dbname("postgres");
        config.application_name("gatehouse-devstack");
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}
