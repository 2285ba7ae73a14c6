//! Starting every part in order.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;

use super::redis_server::{RedisServer, mark_as_complete};
use super::{Platform, control};
use crate::auth::AuthServer;
use crate::auth::pool::Pool;
use crate::cache::RunDir;
use crate::database::server::DatabaseServer;
use crate::faults::Faults;
use crate::gateway::{self, Gateway};
use crate::http::interceptor::Interceptor;
use crate::http::listener::{HttpPort, Switch, bind};
use crate::http::simulator;
use crate::keys::Keys;
use crate::options::{Ports, Progress, StackOptions};
use crate::part::Part;
use crate::phonepe::{self, Phonepe};
use crate::postgrest::Postgrest;
use crate::recorder::Recorder;
use crate::resend::{self, Resend};
use crate::vertex::Vertex;
use crate::{migrate, relay, upstash};

/// The version of the parts that this crate implements.
const OWN_VERSION: Option<&str> = Some(env!("CARGO_PKG_VERSION"));

/// Starts every part and applies the migrations; each step is sent to `progress`.
pub(crate) async fn start(
    options: StackOptions,
    progress: UnboundedSender<Progress>,
) -> Result<Arc<Platform>> {
    let reporter = Reporter(progress);
    let ports = Listeners::bind(options.ports).await?;
    let supabase_url = ports.gateway.url.clone();
    let upstash_url = ports.upstash.url.clone();
    let phonepe = Phonepe::new(&ports.phonepe.url);
    let resend = Resend::new(&ports.resend.url);
    let vertex = Vertex::new(&ports.vertex.url);
    if let Some(url) = &options.phonepe_webhook {
        phonepe.set_webhook(url, phonepe.webhook_username(), phonepe.webhook_password());
    }

    let existing_redis = options.redis_url.as_deref().map(RedisServer::existing).transpose()?;
    let run = RunDir::create()?;
    let data = options.data_dir.clone().unwrap_or_else(|| run.path.join("data"));
    std::fs::create_dir_all(&data).with_context(|| format!("Cannot create {}.", data.display()))?;
    let keys = Arc::new(Keys::open(&data)?);
    let interceptor = Interceptor { faults: Faults::default(), recorder: Recorder::default() };

    let postgres_address = ports.postgres.local_addr()?;
    let (database, mut postgrest, redis) = tokio::try_join!(
        start_database(&options, &data, &run.path),
        Postgrest::prepare(&options.repo, &run.path, postgres_address.port()),
        async {
            match existing_redis {
                Some(existing) => Ok(existing),
                None => RedisServer::start_own(&run.path).await,
            }
        },
    )?;
    let database_url = database.url(postgres_address);
    reporter.report("postgres", database.announcement(), Some(database.version()), Some(&database_url));
    let redis_url = format!("redis://{}", ports.redis.local_addr()?);
    reporter.report("redis", redis.announcement(), redis.version(), Some(&redis_url));
    relay::spawn(ports.postgres, database.upstream()?, Part::Postgres, interceptor.faults.clone());
    relay::spawn(ports.redis, redis.upstream(), Part::Redis, interceptor.faults.clone());
    mark_as_complete(&redis_url).await?;

    if let Some(folder) = &options.migrations {
        let mut client = database.connect().await?;
        let applied = migrate::migrate(&mut client, folder).await?;
        reporter.report("migrations", format!("{} applied.", applied.len()), None, None);
    }
    postgrest.set_database(database.database());
    postgrest.set_keys(&keys.jwks_for_postgrest()).await?;
    postgrest.start().await?;
    let rest_url = format!("{supabase_url}/rest/v1");
    reporter.report("postgrest", "has read the schema.", Some(postgrest.version()), Some(&rest_url));
    let postgrest = Arc::new(postgrest);

    let auth_switch = Switch::new();
    let control_handle: control::Handle = Arc::new(OnceLock::new());
    let gateway = Gateway {
        auth: AuthServer::new(
            keys.clone(),
            Pool::new(postgres_address.port(), database.database()),
            &supabase_url,
            options.refresh_reuse,
        ),
        auth_switch: auth_switch.clone(),
        postgrest: postgrest.clone(),
        interceptor: interceptor.clone(),
        control: control::router(control_handle.clone())
            .merge(phonepe::control::router(phonepe.clone()))
            .merge(resend::control(resend.clone())),
    };
    // The gateway itself checks the switch of Auth; its other paths always answer.
    ports.gateway.serve(gateway::router(gateway));
    reporter.report("auth", "issues tokens.", OWN_VERSION, Some(&format!("{supabase_url}/auth/v1")));
    let upstash = ports.upstash.serve(upstash::router(&redis_url, interceptor.clone())?);
    reporter.report("upstash", "answers REST.", OWN_VERSION, Some(&upstash_url));
    let phonepe_switch = ports.phonepe.serve(simulator::router(phonepe.clone(), interceptor.clone()));
    reporter.report("phonepe", "takes payments.", OWN_VERSION, Some(phonepe.url()));
    let resend_switch = ports.resend.serve(simulator::router(resend.clone(), interceptor.clone()));
    reporter.report("resend", "takes e-mails.", OWN_VERSION, Some(&format!("{}/inbox", resend.url())));
    let vertex_switch = ports.vertex.serve(simulator::router(vertex.clone(), interceptor.clone()));
    reporter.report("vertex", "answers prompts.", OWN_VERSION, Some(vertex.url()));

    let platform = Arc::new(Platform {
        run,
        keep_data: options.data_dir.is_some(),
        keys,
        database,
        postgrest,
        redis,
        switches: BTreeMap::from([
            (Part::Auth, auth_switch),
            (Part::Upstash, upstash),
            (Part::Phonepe, phonepe_switch),
            (Part::Resend, resend_switch),
            (Part::Vertex, vertex_switch),
        ]),
        http: reqwest::Client::new(),
        faults: interceptor.faults,
        recorder: interceptor.recorder,
        phonepe,
        resend,
        vertex,
        supabase_url,
        upstash_url,
        database_url,
        redis_url,
    });
    let _ = control_handle.set(Arc::downgrade(&platform));
    Ok(platform)
}

async fn start_database(options: &StackOptions, data: &Path, run: &Path) -> Result<DatabaseServer> {
    let keep_data = options.data_dir.is_some();
    match &options.database_url {
        Some(url) => DatabaseServer::use_existing(url, keep_data).await,
        None => {
            // A permanent data folder is migrated later, so that the progress shows how many migrations were applied.
            let migrations = options.migrations.as_deref().filter(|_| !keep_data);
            DatabaseServer::start_own(&options.repo, data.join("postgres"), run, migrations).await
        }
    }
}

/// Every port, bound before the first server starts, so that a taken one fails early.
struct Listeners {
    gateway: HttpPort,
    upstash: HttpPort,
    phonepe: HttpPort,
    resend: HttpPort,
    vertex: HttpPort,
    postgres: TcpListener,
    redis: TcpListener,
}

impl Listeners {
    async fn bind(ports: Ports) -> Result<Self> {
        Ok(Self {
            gateway: HttpPort::bind(ports.gateway, "the gateway").await?,
            upstash: HttpPort::bind(ports.upstash, "the Upstash proxy").await?,
            phonepe: HttpPort::bind(ports.phonepe, "PhonePe").await?,
            resend: HttpPort::bind(ports.resend, "Resend").await?,
            vertex: HttpPort::bind(ports.vertex, "Vertex AI").await?,
            postgres: bind(ports.postgres, "postgres").await?,
            redis: bind(ports.redis, "redis").await?,
        })
    }
}

/// Sends the steps of the start to the caller.
struct Reporter(UnboundedSender<Progress>);

impl Reporter {
    fn report(&self, part: &str, message: impl Into<String>, version: Option<&str>, address: Option<&str>) {
        // Sending fails only when the caller no longer waits for the start.
        let _ = self.0.send(Progress {
            part: part.to_owned(),
            message: message.into(),
            version: version.map(str::to_owned),
            address: address.map(str::to_owned),
        });
    }
}
