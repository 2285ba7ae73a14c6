//! The stack: every part, started in order and stopped together.

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{self, UnboundedSender};

use crate::auth::{Database, Issuer};
use crate::cache::RunDir;
use crate::faults::Faults;
use crate::gateway::{self, Gateway};
use crate::http_server::{Switch, bind, serve};
use crate::keys::{Keys, PUBLISHABLE_KEY, SECRET_KEY, UPSTASH_TOKEN};
use crate::options::{Part, PartInfo, Progress, StackOptions};
use crate::postgres::Postgres;
use crate::postgrest::Postgrest;
use crate::process::Process;
use crate::recorder::{Call, Recorder};
use crate::relay::{self, Upstream};
use crate::valkey::Valkey;
use crate::{clock, control, migrate, upstash};

/// A signed-in user.
#[derive(Debug, Clone)]
pub struct Session {
    /// JWT, ES256, one hour.
    pub access_token: String,
    /// Good once.
    pub refresh_token: String,
    /// `sub` of the token.
    pub user_id: String,
    /// The whole answer of the issuer, as clients store it.
    pub body: Value,
}

/// A running platform. Dropping it stops it.
pub struct Stack {
    inner: Arc<Inner>,
    /// The servers' own runtime, so that a stack in a static outlives any test's runtime.
    runtime: Option<Runtime>,
}

pub(crate) struct Inner {
    run: RunDir,
    keep_data: bool,
    pub(crate) faults: Faults,
    pub(crate) recorder: Recorder,
    keys: Arc<Keys>,
    /// None = an existing server that `DATABASE_URL` names.
    postgres: Postgres,
    postgrest: Arc<Postgrest>,
    /// None = an existing server that `REDIS_URL` names.
    valkey: Option<Valkey>,
    auth_switch: Switch,
    upstash_switch: Switch,
    supabase_url: String,
    upstash_url: String,
    database_url: String,
    redis_url: String,
    http: reqwest::Client,
}

impl Stack {
    /// Starts every part and applies the migrations; `progress` hears of each step.
    ///
    /// Fails with a sentence that names the part and the fix; what was started is stopped again.
    pub async fn start(options: StackOptions, progress: impl Fn(Progress) + Send + Sync) -> Result<Stack> {
        let runtime =
            Builder::new_multi_thread().worker_threads(2).thread_name("devstack").enable_all().build()?;
        let (tell, mut steps) = mpsc::unbounded_channel();
        let starting = runtime.spawn(Inner::start(options, tell));
        while let Some(step) = steps.recv().await {
            progress(step);
        }
        match starting.await.context("The start of the stack broke off.").and_then(|started| started) {
            Ok(inner) => Ok(Stack { inner, runtime: Some(runtime) }),
            Err(error) => {
                runtime.shutdown_background();
                Err(error)
            }
        }
    }

    /// Base URL of `/auth/v1` and `/rest/v1`.
    pub fn supabase_url(&self) -> &str {
        &self.inner.supabase_url
    }
    /// The API key for browsers.
    pub fn publishable_key(&self) -> &str {
        PUBLISHABLE_KEY
    }
    /// The API key with role service_role.
    pub fn secret_key(&self) -> &str {
        SECRET_KEY
    }
    /// Base URL of the Upstash REST front.
    pub fn upstash_url(&self) -> &str {
        &self.inner.upstash_url
    }
    /// Bearer token of the Upstash REST front.
    pub fn upstash_token(&self) -> &str {
        UPSTASH_TOKEN
    }
    /// Connection URL as role `postgres`, through the relay.
    pub fn database_url(&self) -> &str {
        &self.inner.database_url
    }
    /// Connection URL of the Redis-protocol server, through the relay.
    pub fn redis_url(&self) -> &str {
        &self.inner.redis_url
    }
    /// Faults of the parts.
    pub fn faults(&self) -> &Faults {
        &self.inner.faults
    }
    /// The calls with this `x-request-id` so far, oldest first.
    pub fn calls(&self, request_id: &str) -> Vec<Call> {
        self.inner.recorder.list(Some(request_id))
    }
    /// All calls that are still remembered (10,000), oldest first.
    pub fn all_calls(&self) -> Vec<Call> {
        self.inner.recorder.list(None)
    }

    /// Ends a part as a crash would. Its port stays taken and closes every connection at once;
    /// behind the gateway, callers get 502. Redis loses its data, the others keep theirs.
    pub async fn kill(&self, part: Part) -> Result<()> {
        self.on_runtime(move |inner| async move { inner.kill(part).await }).await
    }

    /// Starts a part again with the same address and waits until it answers; a part that runs is killed first.
    pub async fn restart(&self, part: Part) -> Result<()> {
        self.on_runtime(move |inner| async move { inner.restart(part).await }).await
    }

    /// Every part with its address, version and state.
    pub fn parts(&self) -> Vec<PartInfo> {
        let inner = self.inner.clone();
        let Some(runtime) = &self.runtime else { return vec![] };
        let handle = runtime.handle().clone();
        // A thread of its own, because the caller may already be inside a runtime.
        std::thread::scope(|scope| scope.spawn(|| handle.block_on(inner.parts())).join()).unwrap_or_default()
    }

    /// The parts that ended without being told to, each as a sentence with its last words.
    pub async fn health(&self) -> Result<()> {
        self.on_runtime(|inner| async move { inner.health().await }).await
    }

    /// Waits until a part ends without being told to; gives its name and last words.
    pub async fn wait_death(&self) -> String {
        let waiting = self.on_runtime(|inner| async move {
            loop {
                if let Err(error) = inner.health().await {
                    return Ok(format!("{error:#}"));
                }
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        });
        waiting.await.unwrap_or_else(|error| format!("{error:#}"))
    }

    /// Makes a user and signs it in.
    pub async fn sign_up(&self, email: &str, password: &str) -> Result<Session> {
        let body = json!({"email": email, "password": password});
        self.on_runtime(move |inner| async move { inner.sign_up(&body).await }).await
    }

    /// A user token with chosen claims, signed by the current key. Defaults (iss, aud, role, session_id,
    /// iat, exp, …) fill what is missing; a claim given as null is left out. `expires_in` (seconds, may be
    /// negative) sets exp.
    pub fn mint(&self, claims: &Value) -> String {
        self.inner.mint(claims)
    }

    /// Starts to sign with a new key; the old one stays in the JWKS. Gives the new kid.
    pub async fn rotate_key(&self) -> Result<String> {
        self.on_runtime(|inner| async move { inner.rotate_key().await }).await
    }

    /// Takes an old key out of the JWKS.
    pub async fn revoke_key(&self, kid: &str) -> Result<()> {
        let kid = kid.to_owned();
        self.on_runtime(move |inner| async move { inner.revoke_key(&kid).await }).await
    }

    /// Tells PostgREST to read the schema again, for tests that change it, and waits until it has.
    pub async fn reload_schema(&self) -> Result<()> {
        self.restart(Part::Postgrest).await
    }

    /// Stops every part and removes temporary data.
    pub async fn stop(mut self) -> Result<()> {
        let stopped = self.on_runtime(|inner| async move {
            inner.stop().await;
            Ok(())
        });
        let result = stopped.await;
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        result
    }

    async fn on_runtime<T, F>(&self, work: impl FnOnce(Arc<Inner>) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let runtime = self.runtime.as_ref().context("The stack has stopped.")?;
        runtime.spawn(work(self.inner.clone())).await?
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            let inner = self.inner.clone();
            // Blocking is not allowed on a thread of a runtime, hence one without.
            let _ = std::thread::spawn(move || {
                runtime.block_on(inner.stop());
                runtime.shutdown_background();
            })
            .join();
        }
    }
}

impl Inner {
    async fn start(options: StackOptions, tell: UnboundedSender<Progress>) -> Result<Arc<Inner>> {
        let say = |part: &str, message: String, version: Option<&str>, address: Option<&str>| {
            let (version, address) = (version.map(str::to_owned), address.map(str::to_owned));
            // Nobody listens any more only when the caller gave up.
            let _ = tell.send(Progress { part: part.to_owned(), message, version, address });
        };
        let gateway_port = bind(options.ports.gateway, "the gateway").await?;
        let upstash_port = bind(options.ports.upstash, "the Upstash front").await?;
        let postgres_port = bind(options.ports.postgres, "postgres").await?;
        let redis_port = bind(options.ports.redis, "redis").await?;
        let database_port = postgres_port.local_addr()?.port();
        let supabase_url = format!("http://{}", gateway_port.local_addr()?);
        let upstash_url = format!("http://{}", upstash_port.local_addr()?);
        let database_url = format!("postgresql://postgres:postgres@{}/postgres", postgres_port.local_addr()?);
        let redis_url = format!("redis://{}", redis_port.local_addr()?);

        let run = RunDir::create()?;
        let data = options.data_dir.clone().unwrap_or_else(|| run.path.join("data"));
        std::fs::create_dir_all(&data).with_context(|| format!("Cannot make {}.", data.display()))?;
        let faults = Faults::default();
        let keys = Arc::new(Keys::open(&data)?);

        let (postgres, postgrest, valkey) = tokio::try_join!(
            async {
                let postgres = Postgres::prepare(&options.repo, data.join("postgres"), &run.path).await?;
                postgres.start().await?;
                say("postgres", "accepts connections.".into(), Some(postgres.version()), Some(&database_url));
                anyhow::Ok(postgres)
            },
            Postgrest::prepare(&options.repo, &run.path, database_port),
            start_valkey(&run.path),
        )?;
        let redis_upstream = match &valkey {
            Some(valkey) => Upstream::Unix(valkey.socket()),
            None => Upstream::Tcp(address_of(&std::env::var("REDIS_URL").unwrap_or_default())?),
        };
        say("redis", "accepts connections.".into(), valkey.as_ref().map(Valkey::version), Some(&redis_url));
        relay::spawn(postgres_port, Upstream::Unix(postgres.socket()), Part::Postgres, faults.clone());
        relay::spawn(redis_port, redis_upstream, Part::Redis, faults.clone());

        if let Some(folder) = &options.migrations {
            let mut client = postgres.connect("postgres").await?;
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
            keep_data: options.data_dir.is_some(),
            faults: faults.clone(),
            recorder: recorder.clone(),
            keys: keys.clone(),
            postgres,
            postgrest: Arc::new(postgrest),
            valkey,
            auth_switch: Switch::new(),
            upstash_switch: Switch::new(),
            supabase_url,
            upstash_url,
            database_url,
            redis_url,
            http: reqwest::Client::new(),
        });
        let _ = handle.set(Arc::downgrade(&inner));
        let gateway = Gateway {
            issuer: Issuer::new(
                keys,
                Database::new(database_port),
                &inner.supabase_url,
                options.refresh_reuse,
            ),
            issuer_switch: inner.auth_switch.clone(),
            postgrest: inner.postgrest.clone(),
            faults: faults.clone(),
            recorder: recorder.clone(),
            control: control::router(handle),
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
            upstash::router(&inner.redis_url, faults, recorder)?,
            inner.upstash_switch.clone(),
        );
        say("upstash", "answers REST.".into(), Some(env!("CARGO_PKG_VERSION")), Some(&inner.upstash_url));
        Ok(inner)
    }

    pub(crate) async fn kill(&self, part: Part) -> Result<()> {
        match part {
            Part::Postgres => self.postgres.end(Signal::KILL).await,
            Part::Postgrest => self.postgrest.end().await,
            Part::Redis => self.own_valkey()?.end().await,
            Part::Auth => self.auth_switch.set(false),
            Part::Upstash => self.upstash_switch.set(false),
        }
        Ok(())
    }

    pub(crate) async fn restart(&self, part: Part) -> Result<()> {
        self.kill(part).await?;
        match part {
            Part::Postgres => self.postgres.start().await,
            Part::Postgrest => self.postgrest.start().await,
            Part::Redis => self.own_valkey()?.start().await,
            Part::Auth => {
                self.auth_switch.set(true);
                Ok(())
            }
            Part::Upstash => {
                self.upstash_switch.set(true);
                Ok(())
            }
        }
    }

    fn own_valkey(&self) -> Result<&Valkey> {
        self.valkey
            .as_ref()
            .context("REDIS_URL names a server that is not ours to kill or restart: unset it.")
    }

    async fn process(&self, part: Part) -> Option<Process> {
        match part {
            Part::Postgres => self.postgres.process().await,
            Part::Postgrest => self.postgrest.process().await,
            Part::Redis => self.valkey.as_ref()?.process().await,
            Part::Auth | Part::Upstash => None,
        }
    }

    pub(crate) async fn parts(&self) -> Vec<PartInfo> {
        let own = env!("CARGO_PKG_VERSION");
        let mut parts = Vec::new();
        for part in Part::ALL {
            let (address, version) = match part {
                Part::Postgres => (self.database_url.clone(), self.postgres.version()),
                Part::Postgrest => (format!("{}/rest/v1", self.supabase_url), self.postgrest.version()),
                Part::Redis => {
                    (self.redis_url.clone(), self.valkey.as_ref().map_or("from REDIS_URL", Valkey::version))
                }
                Part::Auth => (format!("{}/auth/v1", self.supabase_url), own),
                Part::Upstash => (self.upstash_url.clone(), own),
            };
            let process = self.process(part).await;
            let running = match part {
                Part::Auth => self.auth_switch.is_on(),
                Part::Upstash => self.upstash_switch.is_on(),
                _ => process.as_ref().is_none_or(|p| p.exit().is_none()),
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

    async fn health(&self) -> Result<()> {
        for part in Part::ALL {
            if let Some(process) = self.process(part).await.filter(Process::died) {
                bail!("{part} has died ({}):\n{}", process.exit().unwrap_or_default(), process.last_words());
            }
        }
        Ok(())
    }

    async fn sign_up(&self, body: &Value) -> Result<Session> {
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
        self.postgrest.set_keys(&self.keys.jwks_for_postgrest()).await?;
        Ok(kid)
    }

    pub(crate) async fn revoke_key(&self, kid: &str) -> Result<()> {
        self.keys.revoke(kid)?;
        self.postgrest.set_keys(&self.keys.jwks_for_postgrest()).await
    }

    async fn stop(&self) {
        self.postgrest.end().await;
        if let Some(valkey) = &self.valkey {
            valkey.end().await;
        }
        // Data that is thrown away needs no last checkpoint, but shared memory wants to be released.
        self.postgres.end(if self.keep_data { Signal::INT } else { Signal::QUIT }).await;
        self.run.remove();
    }
}

async fn start_valkey(run: &Path) -> Result<Option<Valkey>> {
    if std::env::var_os("REDIS_URL").is_some() {
        return Ok(None);
    }
    let valkey = Valkey::prepare(run).await?;
    valkey.start().await?;
    Ok(Some(valkey))
}

/// `host:port` of a URL.
fn address_of(url: &str) -> Result<String> {
    let url = reqwest::Url::parse(url).with_context(|| format!("REDIS_URL is not a URL: {url}"))?;
    Ok(format!("{}:{}", url.host_str().unwrap_or("127.0.0.1"), url.port().unwrap_or(6379)))
}
