//! A Postgres server that somebody else runs, named by `DATABASE_URL`.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};

use super::template::PLATFORM_SQL;
use crate::credentials::ROLE_PASSWORD;
use crate::relay::Upstream;
use crate::this_machine::require_this_machine;

/// Roles of the platform. They belong to the whole server, not to one database.
const ROLES: [&str; 5] = ["anon", "authenticated", "service_role", "authenticator", "supabase_auth_admin"];

/// An existing server and the database that the stack uses there.
pub(super) struct ExistingServer {
    config: Config,
    url: reqwest::Url,
    pub(super) version: String,
    /// The database that was created for this stack and is dropped at the end.
    temporary_database: Option<String>,
}

impl ExistingServer {
    /// Connects to `url` as a superuser. `keep` uses its database, else a temporary one is created.
    pub(super) async fn prepare(url: &str, keep: bool) -> Result<Self> {
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
        let mut temporary_database = None;
        if !keep {
            let name = format!("gatehouse_{}", uuid::Uuid::new_v4().simple());
            admin.batch_execute(&format!("create database {name}")).await.context(fix)?;
            config.dbname(&name);
            parsed.set_path(&name);
            temporary_database = Some(name);
        }
        let client = connect(&config).await?;
        install_platform(&client, config.get_dbname().unwrap_or_default()).await?;
        Ok(Self { config, url: parsed, version, temporary_database })
    }

    /// The address to which the relay connects.
    pub(super) fn upstream(&self) -> Result<Upstream> {
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        match self.config.get_hosts().first() {
            Some(Host::Tcp(host)) => Ok(Upstream::Tcp(format!("{host}:{port}"))),
            Some(Host::Unix(folder)) => Ok(Upstream::Unix(folder.join(format!(".s.PGSQL.{port}")))),
            None => bail!("DATABASE_URL names no host."),
        }
    }

    /// The URL for clients, whose host and port are the relay's.
    pub(super) fn url(&self, relay: SocketAddr) -> String {
        let user = match (self.url.username(), self.url.password()) {
            (user, Some(password)) => format!("{user}:{password}@"),
            ("", None) => String::new(),
            (user, None) => format!("{user}@"),
        };
        format!("postgresql://{user}{relay}/{}", self.database())
    }

    pub(super) fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or("postgres")
    }

    /// A connection as role `postgres`, past the relay and its faults.
    pub(super) async fn connect(&self) -> Result<Client> {
        let client = connect(&self.config).await?;
        client.batch_execute("set role postgres").await?;
        Ok(client)
    }

    /// The progress message about the data that is used.
    pub(super) fn announcement(&self) -> String {
        match &self.temporary_database {
            Some(name) => format!(
                "EXISTING SERVER of DATABASE_URL: database {name} is created there and dropped at the end."
            ),
            None => {
                format!("EXISTING SERVER of DATABASE_URL: its database {} is used and kept.", self.database())
            }
        }
    }

    /// Drops the temporary database, if there is one.
    pub(super) async fn clean_up(&self) {
        let Some(name) = &self.temporary_database else { return };
        if let Err(error) = self.drop_database(name).await {
            eprintln!("postgres: the database {name} was not dropped: {error:#}");
        }
    }

    async fn drop_database(&self, name: &str) -> Result<()> {
        let mut maintenance = self.url.clone();
        maintenance.set_path("postgres");
        let client = connect(&maintenance.as_str().parse()?).await?;
        client.batch_execute(&format!("drop database if exists {name} with (force)")).await?;
        Ok(())
    }
}

/// Installs the platform where it is missing, and sets the passwords of its roles.
async fn install_platform(client: &Client, database: &str) -> Result<()> {
    let present: bool = client.query_one("select to_regclass('auth.users') is not null", &[]).await?.get(0);
    if !present {
        require_empty(client, database).await?;
        client
            .batch_execute(PLATFORM_SQL)
            .await
            .context("devstack/sql/platform.sql does not apply to DATABASE_URL.")?;
    }
    for role in ["authenticator", "supabase_auth_admin"] {
        client.batch_execute(&format!("alter role {role} password '{ROLE_PASSWORD}'")).await?;
    }
    Ok(())
}

/// Refuses to change roles that the stack did not create: somebody else signs in with them.
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
        "The server of DATABASE_URL already has {}, which the stack did not create, so it does not change their \
         passwords and limits. Unset DATABASE_URL, or name a server without them. If nobody else uses them, mark each \
         with: comment on role <name> is 'gatehouse-devstack'.",
        foreign.join(", ")
    )
}

/// Refuses to install the platform into a database in which somebody keeps tables.
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
            "The database {name} of DATABASE_URL is not empty: create one for Gatehouse (`createdb gatehouse`) and name that."
        );
    }
    Ok(())
}

async fn connect(config: &Config) -> Result<Client> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
