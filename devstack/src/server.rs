//! The database server: the stack's own, or an existing one.

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};

use crate::postgres::Postgres;
use crate::process::Process;
use crate::relay::Upstream;
use crate::template::PLATFORM_SQL;

/// Password of the platform's own login roles on an existing server; ours trusts local connections.
pub(crate) const ROLE_PASSWORD: &str = "gatehouse-local";

/// Where the data lives.
pub(crate) enum Server {
    /// Started and stopped by the stack.
    Own(Postgres),
    /// Named by [`crate::StackOptions::database_url`].
    Existing(Existing),
}

/// Roles of the platform. They belong to the whole server, not to one database.
const ROLES: [&str; 5] = ["anon", "authenticated", "service_role", "authenticator", "supabase_auth_admin"];

/// A server that somebody else runs.
pub(crate) struct Existing {
    config: Config,
    url: reqwest::Url,
    version: String,
    /// The database that was made for this stack and goes with it.
    made: Option<String>,
}

impl Server {
    /// Connects to `url` as a superuser; `keep` uses its database, else one of the stack's own is made.
    pub(crate) async fn existing(url: &str, keep: bool) -> Result<Self> {
        let fix =
            "DATABASE_URL must be postgresql://user:password@host:port/database of a superuser, without TLS";
        let mut parsed = reqwest::Url::parse(url).context(fix)?;
        let mut config: Config = url.parse().context(fix)?;
        for host in config.get_hosts() {
            if let Host::Tcp(name) = host {
                require_this_machine("DATABASE_URL", name)?;
            }
        }
        for address in config.get_hostaddrs() {
            require_this_machine("DATABASE_URL", &address.to_string())?;
        }
        let admin = connect(&config).await.context(fix)?;
        require_own_roles(&admin).await?;
        let version: String = admin.query_one("show server_version", &[]).await?.get(0);
        let mut made = None;
        if !keep {
            let name = format!("gatehouse_{}", uuid::Uuid::new_v4().simple());
            admin.batch_execute(&format!("create database {name}")).await.context(fix)?;
            config.dbname(&name);
            parsed.set_path(&name);
            made = Some(name);
        }
        let client = connect(&config).await?;
        let present: bool =
            client.query_one("select to_regclass('auth.users') is not null", &[]).await?.get(0);
        if !present {
            require_empty(&client, config.get_dbname().unwrap_or_default()).await?;
            client
                .batch_execute(PLATFORM_SQL)
                .await
                .context("devstack/sql/platform.sql does not apply to DATABASE_URL.")?;
        }
        for role in ["authenticator", "supabase_auth_admin"] {
            client.batch_execute(&format!("alter role {role} password '{ROLE_PASSWORD}'")).await?;
        }
        Ok(Self::Existing(Existing { config, url: parsed, version, made }))
    }

    /// Where the relay leads.
    pub(crate) fn upstream(&self) -> Result<Upstream> {
        match self {
            Self::Own(own) => Ok(Upstream::Unix(own.socket())),
            Self::Existing(other) => {
                let port = other.config.get_ports().first().copied().unwrap_or(5432);
                match other.config.get_hosts().first() {
                    Some(Host::Tcp(host)) => Ok(Upstream::Tcp(format!("{host}:{port}"))),
                    Some(Host::Unix(folder)) => Ok(Upstream::Unix(folder.join(format!(".s.PGSQL.{port}")))),
                    None => bail!("DATABASE_URL names no host."),
                }
            }
        }
    }

    /// The URL for clients, whose host and port are the relay's.
    pub(crate) fn url(&self, relay: std::net::SocketAddr) -> String {
        match self {
            Self::Own(_) => format!("postgresql://postgres:postgres@{relay}/postgres"),
            Self::Existing(other) => {
                let user = match (other.url.username(), other.url.password()) {
                    (user, Some(password)) => format!("{user}:{password}@"),
                    ("", None) => String::new(),
                    (user, None) => format!("{user}@"),
                };
                format!("postgresql://{user}{relay}/{}", self.database())
            }
        }
    }

    /// Name of the database.
    pub(crate) fn database(&self) -> &str {
        match self {
            Self::Own(_) => "postgres",
            Self::Existing(other) => other.config.get_dbname().unwrap_or("postgres"),
        }
    }

    /// A connection as role `postgres`, past the relay and its faults.
    pub(crate) async fn connect(&self) -> Result<Client> {
        match self {
            Self::Own(own) => own.connect("postgres").await,
            Self::Existing(other) => {
                let client = connect(&other.config).await?;
                client.batch_execute("set role postgres").await?;
                Ok(client)
            }
        }
    }

    /// Says what was found when the server is not the stack's own.
    pub(crate) fn announcement(&self) -> String {
        match self {
            Self::Own(_) => "accepts connections.".to_owned(),
            Self::Existing(Existing { made: Some(name), .. }) => {
                format!(
                    "EXISTING SERVER of DATABASE_URL: database {name} is made there and dropped at the end."
                )
            }
            Self::Existing(_) => {
                format!("EXISTING SERVER of DATABASE_URL: its database {} is used and kept.", self.database())
            }
        }
    }

    pub(crate) fn version(&self) -> &str {
        match self {
            Self::Own(own) => own.version(),
            Self::Existing(other) => &other.version,
        }
    }

    /// Starts the server again.
    pub(crate) async fn start(&self) -> Result<()> {
        self.own()?.start().await
    }

    /// Ends the server as a crash.
    pub(crate) async fn kill(&self) -> Result<()> {
        self.own()?.end(Signal::KILL).await;
        Ok(())
    }

    fn own(&self) -> Result<&Postgres> {
        match self {
            Self::Own(own) => Ok(own),
            Self::Existing(_) => {
                bail!("DATABASE_URL names a server that is not ours to kill or restart: unset it.")
            }
        }
    }

    /// Ends the server in order, or drops the database that was made.
    pub(crate) async fn stop(&self, keep_data: bool) {
        match self {
            // Data that is thrown away needs no last checkpoint, but shared memory wants to be released.
            Self::Own(own) => own.end(if keep_data { Signal::INT } else { Signal::QUIT }).await,
            Self::Existing(Existing { url, made: Some(name), .. }) => {
                let mut maintenance = url.clone();
                maintenance.set_path("postgres");
                let Ok(config) = maintenance.as_str().parse::<Config>() else { return };
                let dropped = match connect(&config).await {
                    Ok(client) => client
                        .batch_execute(&format!("drop database if exists {name} with (force)"))
                        .await
                        .map_err(Into::into),
                    Err(error) => Err(error),
                };
                if let Err(error) = dropped {
                    eprintln!("postgres: the database {name} stays behind: {error:#}");
                }
            }
            Self::Existing(_) => {}
        }
    }

    pub(crate) async fn process(&self) -> Option<Process> {
        match self {
            Self::Own(own) => own.process().await,
            Self::Existing(_) => None,
        }
    }
}

/// Refuses a server elsewhere: the platform's roles get a password that everybody knows, and tests make and drop
/// databases.
pub(crate) fn require_this_machine(setting: &str, host: &str) -> Result<()> {
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if loopback || name.eq_ignore_ascii_case("localhost") {
        return Ok(());
    }
    bail!(
        "{setting} names {name}, which is not on this machine: unset it to use servers of the stack's own, or name a \
         server at 127.0.0.1, [::1] or localhost."
    )
}

/// Refuses to change roles that were there before the stack: somebody else signs in with them.
async fn require_own_roles(admin: &Client) -> Result<()> {
    let rows = admin
        .query(
            "select rolname::text from pg_roles
             where rolname = any($1) and shobj_description(oid, 'pg_authid') is distinct from 'gatehouse-devstack'
             order by 1",
            &[&ROLES.as_slice()],
        )
        .await?;
    let foreign: Vec<String> = rows.iter().map(|row| format!("`{}`", row.get::<_, String>(0))).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    bail!(
        "The server of DATABASE_URL has {} already, which the stack did not make, so it does not change their \
         passwords and limits. Unset DATABASE_URL, or name a server without them; when nobody else uses them, say so \
         for each: comment on role <name> is 'gatehouse-devstack'.",
        foreign.join(", ")
    )
}

/// Refuses to make a platform of a database in which somebody keeps tables.
async fn require_empty(client: &Client, name: &str) -> Result<()> {
    let used: bool = client
        .query_one(
            "select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.relkind in ('r', 'p', 'v', 'm', 'S') and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema')",
            &[],
        )
        .await?
        .get(0);
    if used {
        bail!(
            "The database {name} of DATABASE_URL is not empty: make one for Gatehouse (`createdb gatehouse`) and name that."
        );
    }
    Ok(())
}

async fn connect(config: &Config) -> Result<Client> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
