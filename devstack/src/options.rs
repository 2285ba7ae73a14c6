//! The options of a stack and the progress messages of its start.

use std::path::{Path, PathBuf};
use std::sync::Once;

/// TCP ports on 127.0.0.1; `0` takes a free one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    /// `/auth/v1`, `/rest/v1` and `/__devstack`.
    pub gateway: u16,
    /// The Upstash REST proxy.
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
        // Destructured, so that a new port cannot be forgotten here.
        let Self { gateway, upstash, postgres, redis, phonepe, resend, vertex } = self;
        vec![
            (gateway, "gateway"),
            (upstash, "Upstash proxy"),
            (postgres, "postgres relay"),
            (redis, "redis relay"),
            (phonepe, "PhonePe simulator"),
            (resend, "Resend simulator"),
            (vertex, "Vertex AI simulator"),
        ]
    }
}

/// What happens when a refresh token is used a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshReuse {
    /// Always `refresh_token_already_used`, and the whole session is revoked.
    Strict,
    /// Like the hosted service: the direct parent of the current token, and any token used in the last 10 seconds,
    /// returns the current token again, so that two browser tabs may refresh at the same time.
    Hosted,
}

/// How to start a [`crate::Stack`].
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// Where to listen.
    pub ports: Ports,
    /// Folder of `*.sql` files to apply in the order of their names; none = an empty database.
    pub migrations: Option<PathBuf>,
    /// Folder in which data survives a stop; none = a temporary folder that is removed.
    pub data_dir: Option<PathBuf>,
    /// The checkout, whose `node_modules` carry Postgres and PostgREST.
    pub repo: PathBuf,
    /// Refresh-token reuse rule of the Auth server.
    pub refresh_reuse: RefreshReuse,
    /// An existing Postgres to use as superuser instead of starting one. With a `data_dir` its database is
    /// used as it is, else a database is created there and dropped at the end.
    pub database_url: Option<String>,
    /// An existing Redis-protocol server (`redis://host:port`) to use instead of starting one.
    pub redis_url: Option<String>,
    /// Where PhonePe's webhooks go from the start, with the user name and password of `worker_vars`; none =
    /// nowhere until [`crate::phonepe::Phonepe::set_webhook`].
    pub phonepe_webhook: Option<String>,
}

impl StackOptions {
    /// Free ports, the repository's migrations, temporary data. `DATABASE_URL` names an existing server of this
    /// machine, where a database is created and dropped. `REDIS_URL` is ignored with a message on stderr, because
    /// tests kill Redis and read all of its keys.
    pub fn for_tests() -> Self {
        let repo = repository();
        announce_environment();
        Self {
            ports: Ports::default(),
            migrations: Some(repo.join("migrations")),
            data_dir: None,
            repo,
            refresh_reuse: RefreshReuse::Strict,
            database_url: env_var("DATABASE_URL"),
            redis_url: None,
            phonepe_webhook: None,
        }
    }

    /// Fixed ports (54321 gateway, 54322 Postgres, 54379 Redis, 54380 Upstash, 54381 PhonePe, 54382 Resend,
    /// 54383 Vertex AI), data kept in `.devstack` and webhooks for a Worker on port 8787; `DATABASE_URL` and
    /// `REDIS_URL` name existing servers of this machine.
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
            database_url: env_var("DATABASE_URL"),
            redis_url: env_var("REDIS_URL"),
            phonepe_webhook: Some("http://127.0.0.1:8787/api/webhooks/phonepe".to_owned()),
        }
    }
}

/// Prints what the environment changes about tests, once for each process.
fn announce_environment() {
    static ANNOUNCED: Once = Once::new();
    ANNOUNCED.call_once(|| {
        if env_var("DATABASE_URL").is_some() {
            eprintln!(
                "DATABASE_URL is set: tests create databases gatehouse_… on that server and drop them again."
            );
        }
        if env_var("REDIS_URL").is_some() {
            eprintln!("REDIS_URL is ignored: tests start their own Redis, because they kill it.");
        }
    });
}

fn env_var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The checkout this crate was compiled from.
fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// A step of the start, to show to a person who waits.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Name of the part, or `migrations`.
    pub part: String,
    /// What just happened; reads on from the name of the part.
    pub message: String,
    /// Version of the part, once known.
    pub version: Option<String>,
    /// Where the part can be reached, once it can.
    pub address: Option<String>,
}
