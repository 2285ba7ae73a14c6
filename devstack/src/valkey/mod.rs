//! A real Redis-protocol server, without persistence.

mod install;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use tokio::net::UnixStream;

use crate::process::child::{Process, Spec};
use crate::process::child_server::{ChildServer, launch};
use crate::process::output::output;
use crate::process::run_as::RunAs;

/// The server and its process.
pub(crate) struct Valkey {
    program: PathBuf,
    version: String,
    run: PathBuf,
    pub(crate) server: ChildServer,
}

impl Valkey {
    /// Finds or installs the binary.
    pub(crate) async fn prepare(run: &Path) -> Result<Self> {
        let program = install::find_or_install().await?;
        let text = output(&program, &["--version"], RunAs::Same).await?;
        let number = text.split_whitespace().find_map(|word| word.strip_prefix("v=")).unwrap_or("unknown");
        let version = format!("{} {number}", text.split_whitespace().next().unwrap_or("Redis"));
        Ok(Self { program, version, run: run.to_path_buf(), server: ChildServer::default() })
    }

    /// Starts the server, empty, and waits until it listens.
    pub(crate) async fn start(&self) -> Result<()> {
        self.server.start(self.launch()).await
    }

    async fn launch(&self) -> Result<Process> {
        let socket = self.socket();
        let _ = fs::remove_file(&socket);
        launch(self.spec(), || async { UnixStream::connect(&socket).await.is_ok() }).await
    }

    fn spec(&self) -> Spec {
        let args =
            ["--port", "0", "--save", "", "--appendonly", "no", "--maxclients", "4000", "--unixsocket"];
        Spec {
            name: "redis",
            program: self.program.clone(),
            args: args.iter().map(Into::into).chain([self.socket().into_os_string()]).collect(),
            env: vec![],
            dir: self.run.clone(),
            log: self.run.join("redis.log"),
            run_as: RunAs::Same,
            death_signal: "KILL",
        }
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.run.join("redis.sock")
    }
}
