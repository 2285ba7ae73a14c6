//! The running platform: its parts are killed, restarted, looked at and stopped.

pub(crate) mod control;
mod redis_server;
pub(crate) mod sessions;
pub(crate) mod start;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Result, bail};
use rustix::process::Signal;

use self::redis_server::RedisServer;
use crate::cache::RunDir;
use crate::database::server::DatabaseServer;
use crate::faults::Faults;
use crate::http::listener::Switch;
use crate::keys::Keys;
use crate::part::{Part, PartInfo};
use crate::phonepe::Phonepe;
use crate::postgrest::Postgrest;
use crate::process::child::Process;
use crate::process::child_server::ChildServer;
use crate::recorder::Recorder;
use crate::resend::Resend;
use crate::vertex::Vertex;

/// Every part of a stack. Shared by the stack and its control routes.
pub(crate) struct Platform {
    run: RunDir,
    keep_data: bool,
    keys: Arc<Keys>,
    database: DatabaseServer,
    postgrest: Arc<Postgrest>,
    redis: RedisServer,
    /// The parts that run in this process.
    switches: BTreeMap<Part, Switch>,
    http: reqwest::Client,
    pub(crate) faults: Faults,
    pub(crate) recorder: Recorder,
    pub(crate) phonepe: Phonepe,
    pub(crate) resend: Resend,
    pub(crate) vertex: Vertex,
    pub(crate) supabase_url: String,
    pub(crate) upstash_url: String,
    pub(crate) database_url: String,
    pub(crate) redis_url: String,
}

impl Platform {
    /// Ends a part like a crash.
    pub(crate) async fn kill(&self, part: Part) -> Result<()> {
        match part {
            Part::Postgres => self.database.kill().await?,
            Part::Postgrest => self.postgrest.server.end(Signal::KILL).await,
            Part::Redis => self.redis.own()?.server.end(Signal::KILL).await,
            Part::Auth | Part::Upstash | Part::Phonepe | Part::Resend | Part::Vertex => {
                self.turn(part, false)
            }
        }
        Ok(())
    }

    /// Starts a part again and waits until it answers; a part that runs is killed first.
    pub(crate) async fn restart(&self, part: Part) -> Result<()> {
        self.kill(part).await?;
        match part {
            Part::Postgres => self.database.start().await,
            Part::Postgrest => self.postgrest.start().await,
            Part::Redis => self.redis.own()?.start().await,
            Part::Auth | Part::Upstash | Part::Phonepe | Part::Resend | Part::Vertex => {
                self.turn(part, true);
                Ok(())
            }
        }
    }

    /// Turns a part of this process on or off.
    fn turn(&self, part: Part, on: bool) {
        if let Some(switch) = self.switches.get(&part) {
            switch.set(on);
        }
    }

    /// The child process of a part, if it has one.
    async fn process(&self, part: Part) -> Option<Process> {
        let server: &ChildServer = match part {
            Part::Postgres => self.database.child()?,
            Part::Postgrest => &self.postgrest.server,
            Part::Redis => &self.redis.own().ok()?.server,
            Part::Auth | Part::Upstash | Part::Phonepe | Part::Resend | Part::Vertex => return None,
        };
        server.process().await
    }

    /// The state of every part, in starting order.
    pub(crate) async fn parts(&self) -> Vec<PartInfo> {
        let mut parts = Vec::new();
        for part in Part::ALL {
            let (address, version) = self.address_and_version(part);
            let process = self.process(part).await;
            let running = match self.switches.get(&part) {
                Some(switch) => switch.is_on(),
                None => process.as_ref().is_none_or(|process| process.exit().is_none()),
            };
            let ended = process.filter(|process| process.exit().is_some());
            parts.push(PartInfo {
                name: part.name().into(),
                address,
                version: version.into(),
                running,
                last_log_lines: ended.map(|process| process.last_log_lines()).unwrap_or_default(),
            });
        }
        parts
    }

    fn address_and_version(&self, part: Part) -> (String, &str) {
        let own = env!("CARGO_PKG_VERSION");
        match part {
            Part::Postgres => (self.database_url.clone(), self.database.version()),
            Part::Postgrest => (format!("{}/rest/v1", self.supabase_url), self.postgrest.version()),
            Part::Redis => (self.redis_url.clone(), self.redis.version().unwrap_or("from REDIS_URL")),
            Part::Auth => (format!("{}/auth/v1", self.supabase_url), own),
            Part::Upstash => (self.upstash_url.clone(), own),
            Part::Phonepe => (self.phonepe.url().to_owned(), own),
            Part::Resend => (format!("{}/inbox", self.resend.url()), own),
            Part::Vertex => (self.vertex.url().to_owned(), own),
        }
    }

    /// Fails with the name and the last log lines of a part that ended by itself.
    pub(crate) async fn health(&self) -> Result<()> {
        for part in Part::ALL {
            if let Some(process) = self.process(part).await.filter(Process::crashed) {
                let status = process.exit().unwrap_or_default();
                bail!("{part} ended by itself ({status}):\n{}", process.last_log_lines());
            }
        }
        Ok(())
    }

    /// Starts to sign with a new key and returns its kid; the old one stays in the JWKS.
    pub(crate) async fn rotate_key(&self) -> Result<String> {
        let kid = self.keys.rotate()?;
        let probe = self.keys.probe_token(&kid).unwrap_or_default();
        self.postgrest.set_keys(&self.keys.jwks_for_postgrest()).await?;
        self.postgrest.wait_until_trusted(&probe, true).await?;
        Ok(kid)
    }

    /// Removes an old key from the JWKS.
    pub(crate) async fn revoke_key(&self, kid: &str) -> Result<()> {
        let probe = self.keys.probe_token(kid).unwrap_or_default();
        self.keys.revoke(kid)?;
        self.postgrest.set_keys(&self.keys.jwks_for_postgrest()).await?;
        self.postgrest.wait_until_trusted(&probe, false).await
    }

    /// Stops every part and removes temporary data.
    pub(crate) async fn stop(&self) {
        self.postgrest.server.end(Signal::KILL).await;
        if let Ok(valkey) = self.redis.own() {
            valkey.server.end(Signal::KILL).await;
        }
        self.database.stop(self.keep_data).await;
        self.run.remove();
    }
}
