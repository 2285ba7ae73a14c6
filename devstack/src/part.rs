//! The parts of the platform.

use std::fmt;
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
    /// The Auth server.
    Auth,
    /// The Upstash REST proxy over Redis.
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

/// The state of one part.
#[derive(Debug, Clone, Serialize)]
pub struct PartInfo {
    /// Name of the part.
    pub name: String,
    /// URL for its clients.
    pub address: String,
    /// Version it reports.
    pub version: String,
    /// False after it was killed or ended by itself.
    pub running: bool,
    /// The last lines of the part's log when it is not running, else empty.
    pub last_log_lines: String,
}
