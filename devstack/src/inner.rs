//! What a stack is made of: starting, killing and stopping the parts.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use crate::auth::{Database, Issuer};
use crate::cache::RunDir;
use crate::faults::Faults;
use crate::front::Front;
use crate::gateway::{self, Gateway};
use crate::http_server::{Switch, bind, serve};
use crate::keys::{Keys, PUBLISHABLE_KEY};
use crate::options::{Part, PartInfo, Progress, StackOptions};
use crate::phonepe::{self, Phonepe};
use crate::postgres::Postgres;
use crate::postgrest::Postgrest;
use crate::process::Process;
use crate::recorder::Recorder;
use crate::relay::{self, Upstream};
use crate::resend::{self, Resend};
use crate::server::{Server, require_this_machine};
use crate::stack::Session;
use crate::valkey::Valkey;
use crate::vertex::{self, Vertex};
use crate::{clock, control, migrate, upstash};

/// Shared by the stack, its control routes and its death watch.
pub(crate) struct Inner {
    run: RunDir,
    keep_data: bool,
    pub(crate) faults: Faults,
    pub(crate) recorder: Recorder,
    keys: Arc<Keys>,
    server: Server,
    postgrest: Arc<Postgrest>,
    /// None = an existing server that the options name.
    valkey: Option<Valkey>,
    auth_switch: Switch,
    upstash_switch: Switch,
    pub(crate) phonepe: Phonepe,
    phonepe_switch: Switch,
    pub(crate) resend: Resend,
    resend_switch: Switch,
    pub(crate) vertex: Vertex,
    vertex_switch: Switch,
    pub(crate) supabase_url: String,
    pub(crate) upstash_url: String,
    pub(crate) database_url: String,
    pub(crate) redis_url: String,
    http: reqwest::Client,
}

impl Inner {
    pub(crate) async fn start(options: StackOptions, tell: UnboundedSender<Progress>) -> Result<Arc<Inner>> {
        let say = |part: &str, message: String, version: Option<&str>, address: Option<&str>| {
            let (version, address) = (version.map(str::to_owned), address.map(str::to_owned));
            // Nobody listens any more only when the caller gave up.
            let _ = tell.send(Progress { part: part.to_owned(), message, version, address });
        };
        let gateway_port = bind(options.ports.gateway, "the gateway").await?;
        let upstash_port = bind(options.ports.upstash, "the Upstash front").await?;
        let phonepe_port = bind(options.ports.phonepe, "PhonePe").await?;
        let resend_port = bind(options.ports.resend, "Resend").await?;
        let vertex_port = bind(options.ports.vertex, "Vertex AI").await?;
        let postgres_port = bind(options.ports.postgres, "postgres").await?;
        let redis_port = bind(options.ports.redis, "redis").await?;
        let database_port = postgres_port.local_addr()?.port();
        let supabase_url = format!("http://{}", gateway_port.local_addr()?);
        let upstash_url = format!("http://{}", upstash_port.local_addr()?);
        let phonepe = Phonepe::new(&format!("http://{}", phonepe_port.local_addr()?));
        let resend = Resend::new(&format!("http://{}", resend_port.local_addr()?));
        let vertex = Vertex::new(&format!("http://{}", vertex_port.local_addr()?));
        if let Some(url) = &options.phonepe_webhook {
            phonepe.set_webhook(url, phonepe.webhook_username(), phonepe.webhook_password());
        }
        let redis_url = format!("redis://{}", redis_port.local_addr()?);

        let existing_redis = options.redis_url.as_deref().map(address_of).transpose()?;
        let run = RunDir::create()?;
        let data = options.data_dir.clone().unwrap_or_else(|| run.path.join("data"));
        std::fs::create_dir_all(&data).with_context(|| format!("Cannot make {}.", data.display()))?;
        let faults = Faults::default();
        let keys = Arc::new(Keys::open(&data)?);

        let keep_data = options.data_dir.is_some();
        let (server, mut postgrest, valkey) = tokio::try_join!(
            async {
                match &options.database_url {
                    Some(url) => Server::existing(url, keep_data).await,
                    None => {
                        // What is kept says how many migrations it applied; what is thrown away has them from the start.
                        let migrations = options.migrations.as_deref().filter(|_| !keep_data);
                        let home = data.join("postgres");
                        let own = Postgres::prepare(&options.repo, home, &run.path, migrations).await?;
                        own.start().await?;
                        Ok(Server::Own(own))
                    }
                }
            },
            Postgrest::prepare(&options.repo, &run.path, database_port),
            async {
                match &options.redis_url {
                    Some(_) => Ok(None),
                    None => start_valkey(&run.path).await.map(Some),
                }
            },
        )?;
        let database_url = server.url(postgres_port.local_addr()?);
        postgrest.set_database(server.database());
        let database = Database::new(database_port, server.database());
        say("postgres", server.announcement(), Some(server.version()), Some(&database_url));
        let redis_upstream = match (&valkey, existing_redis) {
            (Some(valkey), _) => Upstream::Unix(valkey.socket()),
            (None, address) => Upstream::Tcp(address.unwrap_or_default()),
        };
        let found = match &valkey {
            Some(_) => "accepts connections.",
            None => "EXISTING SERVER of REDIS_URL: its keys are used and kept.",
        };
        say("redis", found.into(), valkey.as_ref().map(Valkey::version), Some(&redis_url));
        relay::spawn(postgres_port, server.upstream()?, Part::Postgres, faults.clone());
        relay::spawn(redis_port, redis_upstream, Part::Redis, faults.clone());
        remember(&redis_url).await?;

        if let Some(folder) = &options.migrations {
            let mut client = server.connect().await?;
            let applied = migrate::migrate(&mut client, folder).await?;
            say("migrations", format!("{} applied.", applied.len()), None, None);
        }
        postgrest.set_keys(&keys.jwks_for_postgrest()).await?;
        postgrest.start().await?;
        let rest_url = format!("{supabase_url}/rest/v1");
        say("postgrest", "has read the schema.".into(), Some(postgrest.version()), Some(&rest_url));

        let recorder = Recorder::default();
        let handle: control::Handle = Arc::new(OnceLock::new());
        let inner = Arc::new(Inner {
            run,
            keep_data,
            faults: faults.clone(),
            recorder: recorder.clone(),
            keys: keys.clone(),
            server,
            postgrest: Arc::new(postgrest),
            valkey,
            auth_switch: Switch::new(),
            upstash_switch: Switch::new(),
            phonepe: phonepe.clone(),
            phonepe_switch: Switch::new(),
            resend: resend.clone(),
            resend_switch: Switch::new(),
            vertex: vertex.clone(),
            vertex_switch: Switch::new(),
            supabase_url,
            upstash_url,
            database_url,
            redis_url,
            http: reqwest::Client::new(),
        });
        let _ = handle.set(Arc::downgrade(&inner));
        let gateway = Gateway {
            issuer: Issuer::new(keys, database, &inner.supabase_url, options.refresh_reuse),
            issuer_switch: inner.auth_switch.clone(),
            postgrest: inner.postgrest.clone(),
            faults: faults.clone(),
            recorder: recorder.clone(),
            control: control::router(handle)
                .merge(phonepe::control::router(phonepe.clone()))
                .merge(resend::control(resend.clone())),
        };
        serve(gateway_port, gateway::router(gateway), Switch::new());
        say(
            "auth",
            "issues tokens.".into(),
            Some(env!("CARGO_PKG_VERSION")),
            Some(&format!("{}/auth/v1", inner.supabase_url)),
        );
        serve(
            upstash_port,
            upstash::router(&inner.redis_url, faults.clone(), recorder.clone())?,
            inner.upstash_switch.clone(),
        );
        say("upstash", "answers REST.".into(), Some(env!("CARGO_PKG_VERSION")), Some(&inner.upstash_url));
        let front = |part| Front { part, faults: faults.clone(), recorder: recorder.clone() };
        let service = phonepe::router(phonepe, front(Part::Phonepe));
        serve(phonepe_port, service, inner.phonepe_switch.clone());
        let version = Some(env!("CARGO_PKG_VERSION"));
        say("phonepe", "takes payments.".into(), version, Some(inner.phonepe.url()));
        serve(resend_port, resend::router(resend, front(Part::Resend)), inner.resend_switch.clone());
        say("resend", "takes mail.".into(), version, Some(&format!("{}/inbox", inner.resend.url())));
        serve(vertex_port, vertex::router(vertex, front(Part::Vertex)), inner.vertex_switch.clone());
        say("vertex", "answers prompts.".into(), version, Some(inner.vertex.url()));
        Ok(inner)
    }

    pub(crate) async fn kill(&self, part: Part) -> Result<()> {
        match part {
            Part::Postgres => self.server.kill().await?,
            Part::Postgrest => self.postgrest.end().await,
            Part::Redis => self.own_valkey()?.end().await,
            Part::Auth | Part::Upstash | Part::Phonepe | Part::Resend | Part::Vertex => {
                self.flip(part, false)
            }
        }
        Ok(())
    }

    pub(crate) async fn restart(&self, part: Part) -> Result<()> {
        self.kill(part).await?;
        match part {
            Part::Postgres => self.server.start().await,
            Part::Postgrest => self.postgrest.start().await,
            Part::Redis => self.own_valkey()?.start().await,
            Part::Auth | Part::Upstash | Part::Phonepe | Part::Resend | Part::Vertex => {
                self.flip(part, true);
                Ok(())
            }
        }
    }

    /// Switches a part of this process on or off.
    fn flip(&self, part: Part, on: bool) {
        if let Some(switch) = self.switch(part) {
            switch.set(on);
        }
    }

    /// The switch of a part that lives in this process.
    fn switch(&self, part: Part) -> Option<&Switch> {
        match part {
            Part::Postgres | Part::Postgrest | Part::Redis => None,
            Part::Auth => Some(&self.auth_switch),
            Part::Upstash => Some(&self.upstash_switch),
            Part::Phonepe => Some(&self.phonepe_switch),
            Part::Resend => Some(&self.resend_switch),
            Part::Vertex => Some(&self.vertex_switch),
        }
    }

    fn own_valkey(&self) -> Result<&Valkey> {
        self.valkey
            .as_ref()
            .context("REDIS_URL names a server that is not ours to kill or restart: unset it.")
    }

    async fn process(&self, part: Part) -> Option<Process> {
        match part {
            Part::Postgres => self.server.process().await,
            Part::Postgrest => self.postgrest.process().await,
            Part::Redis => self.valkey.as_ref()?.process().await,
            Part::Auth | Part::Upstash | Part::Phonepe | Part::Resend | Part::Vertex => None,
        }
    }

    pub(crate) async fn parts(&self) -> Vec<PartInfo> {
        let own = env!("CARGO_PKG_VERSION");
        let mut parts = Vec::new();
        for part in Part::ALL {
            let (address, version) = match part {
                Part::Postgres => (self.database_url.clone(), self.server.version()),
                Part::Postgrest => (format!("{}/rest/v1", self.supabase_url), self.postgrest.version()),
                Part::Redis => {
                    (self.redis_url.clone(), self.valkey.as_ref().map_or("from REDIS_URL", Valkey::version))
                }
                Part::Auth => (format!("{}/auth/v1", self.supabase_url), own),
                Part::Upstash => (self.upstash_url.clone(), own),
                Part::Phonepe => (self.phonepe.url().to_owned(), own),
                Part::Resend => (format!("{}/inbox", self.resend.url()), own),
                Part::Vertex => (self.vertex.url().to_owned(), own),
            };
            let process = self.process(part).await;
            let running = match self.switch(part) {
                Some(switch) => switch.is_on(),
                None => process.as_ref().is_none_or(|p| p.exit().is_none()),
            };
            let last_words =
                process.filter(|p| p.exit().is_some()).map(|p| p.last_words()).unwrap_or_default();
            parts.push(PartInfo {
                name: part.name().into(),
                address,
                version: version.into(),
                running,
                last_words,
            });
        }
        parts
    }

    pub(crate) async fn health(&self) -> Result<()> {
        for part in Part::ALL {
            if let Some(process) = self.process(part).await.filter(Process::died) {
                bail!("{part} has died ({}):\n{}", process.exit().unwrap_or_default(), process.last_words());
            }
        }
        Ok(())
    }

    pub(crate) async fn sign_up(&self, body: &Value) -> Result<Session> {
        let request =
            self.http.post(format!("{}/auth/v1/signup", self.supabase_url)).header("apikey", PUBLISHABLE_KEY);
        let answer = request.json(body).send().await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        if !status.is_success() {
            bail!("The issuer refused the sign-up ({status}): {body}");
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(Session {
            access_token: text(&body["access_token"]),
            refresh_token: text(&body["refresh_token"]),
            user_id: text(&body["user"]["id"]),
            body,
        })
    }

    pub(crate) fn mint(&self, chosen: &Value) -> String {
        let now = clock::epoch_seconds();
        let lifetime = chosen["expires_in"].as_i64().unwrap_or(3600);
        let mut claims = json!({
            "iss": format!("{}/auth/v1", self.supabase_url), "sub": uuid::Uuid::new_v4().to_string(),
            "aud": "authenticated", "role": "authenticated", "aal": "aal1",
            "amr": [{"method": "password", "timestamp": now}], "session_id": uuid::Uuid::new_v4().to_string(),
            "email": "minted@example.com", "phone": "", "is_anonymous": false, "app_metadata": {}, "user_metadata": {},
            "iat": now.min(now + lifetime), "exp": now + lifetime,
        });
        if let (Some(claims), Some(chosen)) = (claims.as_object_mut(), chosen.as_object()) {
            claims.extend(chosen.clone());
            claims.remove("expires_in");
            claims.retain(|_, value| !value.is_null());
        }
        self.keys.sign(&claims)
    }

    pub(crate) async fn rotate_key(&self) -> Result<String> {
        let kid = self.keys.rotate()?;
        let probe = self.keys.probe(&kid).unwrap_or_default();
        self.postgrest.set_keys(&self.keys.jwks_for_postgrest()).await?;
        self.postgrest.wait_trust(&probe, true).await?;
        Ok(kid)
    }

    pub(crate) async fn revoke_key(&self, kid: &str) -> Result<()> {
        let probe = self.keys.probe(kid).unwrap_or_default();
        self.keys.revoke(kid)?;
        self.postgrest.set_keys(&self.keys.jwks_for_postgrest()).await?;
        self.postgrest.wait_trust(&probe, false).await
    }

    pub(crate) async fn stop(&self) {
        self.postgrest.end().await;
        if let Some(valkey) = &self.valkey {
            valkey.end().await;
        }
        self.server.stop(self.keep_data).await;
        self.run.remove();
    }
}

async fn start_valkey(run: &Path) -> Result<Valkey> {
    let valkey = Valkey::prepare(run).await?;
    valkey.start().await?;
    Ok(valkey)
}

/// Tells the Worker that this Redis has forgotten nothing: before the platform starts nobody is writing. The key is that
/// of edge/src/clients/redis_keys.rs.
async fn remember(redis_url: &str) -> Result<()> {
    let mut connection = redis::Client::open(redis_url)?.get_multiplexed_async_connection().await?;
    let words = ["bcm:epoch", "0", "NX", "PX", "2592000000"];
    redis::cmd("SET").arg(&words).query_async::<()>(&mut connection).await.context("Redis refuses a key.")
}

/// `host:port` of `REDIS_URL`.
fn address_of(url: &str) -> Result<String> {
    let fix = "REDIS_URL must be redis://host:port, without a password, TLS or a number of a database.";
    let url = reqwest::Url::parse(url).context(fix)?;
    let host = url.host_str().context(fix)?;
    require_this_machine("REDIS_URL", host)?;
    // What is not carried on must not be passed over: another database's keys would be used.
    let plain = url.scheme() == "redis" && url.username().is_empty() && url.password().is_none();
    if !plain || !matches!(url.path(), "" | "/" | "/0") {
        bail!(fix);
    }
    Ok(format!("{host}:{}", url.port().unwrap_or(6379)))
}
