//! The Redis-protocol server: the platform's own, or an existing one.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::relay::Upstream;
use crate::this_machine::require_this_machine;
use crate::valkey::Valkey;

/// Where the Redis data is stored.
pub(crate) enum RedisServer {
    /// Started and stopped by the stack.
    Own(Valkey),
    /// `host:port` of [`crate::StackOptions::redis_url`].
    Existing(String),
}

impl RedisServer {
    /// Starts a server.
    pub(crate) async fn start_own(run: &Path) -> Result<Self> {
        let valkey = Valkey::prepare(run).await?;
        valkey.start().await?;
        Ok(Self::Own(valkey))
    }

    /// The server of this machine that `url` names.
    pub(crate) fn existing(url: &str) -> Result<Self> {
        let fix = "REDIS_URL must be redis://host:port, without a password, TLS or database number.";
        let url = reqwest::Url::parse(url).context(fix)?;
        let host = url.host_str().context(fix)?;
        require_this_machine("REDIS_URL", host)?;
        // What is not passed on must be refused: otherwise another database's keys would be used.
        let plain = url.scheme() == "redis" && url.username().is_empty() && url.password().is_none();
        if !plain || !matches!(url.path(), "" | "/" | "/0") {
            bail!(fix);
        }
        Ok(Self::Existing(format!("{host}:{}", url.port().unwrap_or(6379))))
    }

    /// The stack's own server.
    pub(crate) fn own(&self) -> Result<&Valkey> {
        match self {
            Self::Own(valkey) => Ok(valkey),
            Self::Existing(_) => {
                bail!("REDIS_URL names a server that is not ours to kill or restart: unset it.")
            }
        }
    }

    /// The address to which the relay connects.
    pub(crate) fn upstream(&self) -> Upstream {
        match self {
            Self::Own(valkey) => Upstream::Unix(valkey.socket()),
            Self::Existing(address) => Upstream::Tcp(address.clone()),
        }
    }

    /// The progress message about the server that is used.
    pub(crate) fn announcement(&self) -> &'static str {
        match self {
            Self::Own(_) => "accepts connections.",
            Self::Existing(_) => "EXISTING SERVER of REDIS_URL: its keys are used and kept.",
        }
    }

    /// The version of the stack's own server.
    pub(crate) fn version(&self) -> Option<&str> {
        self.own().ok().map(Valkey::version)
    }
}

/// Sets the key by which the Worker knows that this Redis has lost no data: before the platform starts, nothing was
/// written. The key is defined in edge/src/clients/redis_keys.rs.
pub(crate) async fn mark_as_complete(redis_url: &str) -> Result<()> {
    let mut connection = redis::Client::open(redis_url)?.get_multiplexed_async_connection().await?;
    let args = ["bcm:epoch", "0", "NX", "PX", "2592000000"];
    redis::cmd("SET").arg(&args).query_async::<()>(&mut connection).await.context("Redis refuses a key.")
}
