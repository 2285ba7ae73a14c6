//! What a caller chooses, and what it is told while the stack starts.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One part of the platform that can be made to fail, be killed and be restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The database server.
    Postgres,
    /// The REST server over the database.
    Postgrest,
    /// The Redis-protocol server.
    Redis,
    /// The Auth issuer.
    Auth,
    /// The Upstash REST front over Redis.
    Upstash,
    /// The simulated payment gateway.
    Phonepe,
    /// The simulated mail service.
    Resend,
    /// The simulated language model.
    Vertex,
}

impl Part {
    /// Every part, in starting order.
    pub const ALL: [Part; 8] = [
        Part::Postgres,
        Part::Redis,
        Part::Postgrest,
        Part::Auth,
        Part::Upstash,
        Part::Phonepe,
        Part::Resend,
        Part::Vertex,
    ];

    /// The name used in addresses, messages and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Part::Postgres => "postgres",
            Part::Postgrest => "postgrest",
            Part::Redis => "redis",
            Part::Auth => "auth",
            Part::Upstash => "upstash",
            Part::Phonepe => "phonepe",
            Part::Resend => "resend",
            Part::Vertex => "vertex",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Part {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Part::ALL.into_iter().find(|part| part.name() == name).ok_or_else(|| {
            anyhow::anyhow!(
                "There is no part `{name}`: use one of postgres, postgrest, redis, auth, upstash, phonepe, resend, vertex."
            )
        })
    }
}

/// TCP ports on 127.0.0.1; `0` takes a free one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    /// `/auth/v1`, `/rest/v1` and `/__devstack`.
    pub gateway: u16,
    /// The Upstash REST front.
    pub upstash: u16,
    /// Postgres protocol.
    pub postgres: u16,
    /// Redis protocol.
    pub redis: u16,
    /// PhonePe's API and pay page.
    pub phonepe: u16,
    /// Resend's API and the inbox.
    pub resend: u16,
    /// Vertex AI's tokens and models.
    pub vertex: u16,
}

impl Ports {
    /// Every port with the part that listens there.
    pub fn list(self) -> Vec<(u16, &'static str)> {
        // Taken apart, so that a new port cannot be forgotten here.
        let Self { gateway, upstash, postgres, redis, phonepe, resend, vertex } = self;
        vec![
            (gateway, "gateway"),
            (upstash, "Upstash front"),
            (postgres, "postgres relay"),
            (redis, "redis relay"),
            (phonepe, "PhonePe simulator"),
            (resend, "Resend simulator"),
            (vertex, "Vertex AI simulator"),
        ]
    }
}

/// What happens when a refresh token is presented a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshReuse {
    /// Always `refresh_token_already_used`, and the whole session is revoked.
    Strict,
    /// As the hosted service: the direct parent of the current token and any token used in the last
    /// 10 seconds get the current token once more, so that two browser tabs may refresh at once.
    Hosted,
}

/// How to start a [`crate::Stack`].
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// Where to listen.
    pub ports: Ports,
    /// Folder of `*.sql` files to apply in the order of their names; none = an empty database.
    pub migrations: Option<PathBuf>,
    /// Where data survives a stop; none = a temporary folder that is removed.
    pub data_dir: Option<PathBuf>,
    /// The checkout, whose `node_modules` carry Postgres and PostgREST.
    pub repo: PathBuf,
    /// Refresh-token reuse rule of the Auth issuer.
    pub refresh_reuse: RefreshReuse,
    /// An existing Postgres to use as superuser instead of starting one. With a `data_dir` its database is
    /// used as it is, else a database is made there and dropped again.
    pub database_url: Option<String>,
    /// An existing Redis-protocol server (`redis://host:port`) to use instead of starting one.
    pub redis_url: Option<String>,
    /// Where PhonePe's webhooks go from the start, with the user name and password of `worker_vars`; none =
    /// nowhere until [`crate::phonepe::Phonepe::set_webhook`].
    pub phonepe_webhook: Option<String>,
}

impl StackOptions {
    /// Free ports, the repository's migrations, data that is thrown away. `DATABASE_URL` names an existing server
    /// of this machine, where a database is made and dropped. `REDIS_URL` is ignored, aloud: tests kill Redis and
    /// read all of its keys.
    pub fn for_tests() -> Self {
        let repo = repository();
        say_once();
        Self {
            ports: Ports::default(),
            migrations: Some(repo.join("migrations")),
            data_dir: None,
            repo,
            refresh_reuse: RefreshReuse::Strict,
            database_url: environment("DATABASE_URL"),
            redis_url: None,
            phonepe_webhook: None,
        }
    }

    /// Fixed ports (54321 gateway, 54322 Postgres, 54379 Redis, 54380 Upstash, 54381 PhonePe, 54382 Resend,
    /// 54383 Vertex AI), data
    /// kept in `.devstack` and webhooks for a Worker on port 8787; `DATABASE_URL` and `REDIS_URL` name existing servers
    /// of this machine.
    pub fn for_dev() -> Self {
        let repo = repository();
        Self {
            ports: Ports {
                gateway: 54321,
                postgres: 54322,
                redis: 54379,
                upstash: 54380,
                phonepe: 54381,
                resend: 54382,
                vertex: 54383,
            },
            migrations: Some(repo.join("migrations")),
            data_dir: Some(repo.join(".devstack")),
            repo,
            refresh_reuse: RefreshReuse::Hosted,
            database_url: environment("DATABASE_URL"),
            redis_url: environment("REDIS_URL"),
            phonepe_webhook: Some("http://127.0.0.1:8787/api/webhooks/phonepe".to_owned()),
        }
    }
}

/// What the environment changes about tests, once for each process.
fn say_once() {
    static SAID: std::sync::Once = std::sync::Once::new();
    SAID.call_once(|| {
        if environment("DATABASE_URL").is_some() {
            eprintln!(
                "DATABASE_URL is set: databases gatehouse_… are made on that server and dropped again."
            );
        }
        if environment("REDIS_URL").is_some() {
            eprintln!("REDIS_URL is ignored: tests start a Redis of their own, because they kill it.");
        }
    });
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The checkout this crate was compiled from.
fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// A step of the start, for a person who waits.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Name of the part, or `migrations`.
    pub part: String,
    /// What just happened, as a sentence.
    pub message: String,
    /// Version of the part, once known.
    pub version: Option<String>,
    /// Where the part can be reached, once it can.
    pub address: Option<String>,
}

/// A running part.
#[derive(Debug, Clone, Serialize)]
pub struct PartInfo {
    /// Name of the part.
    pub name: String,
    /// URL for its clients.
    pub address: String,
    /// Version it reports.
    pub version: String,
    /// False after a kill or a death.
    pub running: bool,
    /// The last lines the part wrote when it is not running, else empty.
    pub last_words: String,
}
