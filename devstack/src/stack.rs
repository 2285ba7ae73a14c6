//! The stack: every part, started in order and stopped together.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use crate::credentials::{PUBLISHABLE_KEY, SECRET_KEY, UPSTASH_TOKEN};
use crate::faults::Faults;
use crate::options::{Progress, StackOptions};
use crate::part::{Part, PartInfo};
use crate::phonepe::Phonepe;
use crate::platform::Platform;
use crate::platform::sessions::Session;
use crate::platform::start::start;
use crate::recorder::Call;
use crate::resend::Resend;
use crate::vertex::Vertex;

/// A running platform. Dropping it stops it.
pub struct Stack {
    platform: Arc<Platform>,
    /// The servers' own runtime, so that a stack in a static outlives any test's runtime.
    runtime: Option<Runtime>,
}

impl Stack {
    /// Starts every part and applies the migrations; `progress` is called for each step.
    ///
    /// Fails with a sentence that names the part and the fix; parts that were started are stopped again.
    pub async fn start(options: StackOptions, progress: impl Fn(Progress) + Send + Sync) -> Result<Stack> {
        let runtime =
            Builder::new_multi_thread().worker_threads(2).thread_name("devstack").enable_all().build()?;
        let (sender, mut steps) = mpsc::unbounded_channel();
        let starting = runtime.spawn(start(options, sender));
        while let Some(step) = steps.recv().await {
            progress(step);
        }
        match starting.await.context("The start of the stack was interrupted.").and_then(|started| started) {
            Ok(platform) => Ok(Stack { platform, runtime: Some(runtime) }),
            Err(error) => {
                runtime.shutdown_background();
                Err(error)
            }
        }
    }

    /// Base URL of `/auth/v1` and `/rest/v1`.
    pub fn supabase_url(&self) -> &str {
        &self.platform.supabase_url
    }
    /// The API key for browsers.
    pub fn publishable_key(&self) -> &str {
        PUBLISHABLE_KEY
    }
    /// The API key with role service_role.
    pub fn secret_key(&self) -> &str {
        SECRET_KEY
    }
    /// Base URL of the Upstash REST proxy.
    pub fn upstash_url(&self) -> &str {
        &self.platform.upstash_url
    }
    /// Bearer token of the Upstash REST proxy.
    pub fn upstash_token(&self) -> &str {
        UPSTASH_TOKEN
    }
    /// Connection URL as role `postgres`, through the relay.
    pub fn database_url(&self) -> &str {
        &self.platform.database_url
    }
    /// Connection URL of the Redis-protocol server, through the relay.
    pub fn redis_url(&self) -> &str {
        &self.platform.redis_url
    }
    /// The simulated payment gateway.
    pub fn phonepe(&self) -> &Phonepe {
        &self.platform.phonepe
    }
    /// The simulated mail service.
    pub fn resend(&self) -> &Resend {
        &self.platform.resend
    }
    /// The simulated language model.
    pub fn vertex(&self) -> &Vertex {
        &self.platform.vertex
    }
    /// The faults of the parts.
    pub fn faults(&self) -> &Faults {
        &self.platform.faults
    }
    /// The calls with this `x-request-id` so far, oldest first.
    pub fn calls(&self, request_id: &str) -> Vec<Call> {
        self.platform.recorder.list(Some(request_id))
    }
    /// The last 10,000 calls, oldest first.
    pub fn all_calls(&self) -> Vec<Call> {
        self.platform.recorder.list(None)
    }

    /// Ends a part like a crash. Its port stays bound and closes every connection at once; behind the gateway, callers
    /// get 502. Redis loses its data, the others keep theirs.
    pub async fn kill(&self, part: Part) -> Result<()> {
        self.on_runtime(move |platform| async move { platform.kill(part).await }).await
    }

    /// Starts a part again with the same address and waits until it answers; a part that runs is killed first.
    pub async fn restart(&self, part: Part) -> Result<()> {
        self.on_runtime(move |platform| async move { platform.restart(part).await }).await
    }

    /// Every part with its address, version and state.
    pub fn parts(&self) -> Vec<PartInfo> {
        let platform = self.platform.clone();
        let Some(runtime) = &self.runtime else { return vec![] };
        let handle = runtime.handle().clone();
        // On another thread, because the caller may be inside a runtime, where blocking is not allowed.
        std::thread::scope(|scope| scope.spawn(|| handle.block_on(platform.parts())).join())
            .unwrap_or_default()
    }

    /// Fails when a part ended by itself, with its name and its last log lines.
    pub async fn health(&self) -> Result<()> {
        self.on_runtime(|platform| async move { platform.health().await }).await
    }

    /// Waits until a part ends by itself; returns its name and its last log lines.
    pub async fn wait_death(&self) -> String {
        let waiting = self.on_runtime(|platform| async move {
            loop {
                if let Err(error) = platform.health().await {
                    return Ok(format!("{error:#}"));
                }
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        });
        waiting.await.unwrap_or_else(|error| format!("{error:#}"))
    }

    /// Creates a user and signs it in.
    pub async fn sign_up(&self, email: &str, password: &str) -> Result<Session> {
        let body = json!({"email": email, "password": password});
        self.on_runtime(move |platform| async move { platform.sign_up(&body).await }).await
    }

    /// A user token with chosen claims, signed by the current key. Defaults (iss, aud, role, session_id,
    /// iat, exp, …) fill what is missing; a claim set to null is left out. `expires_in` (seconds, may be
    /// negative) sets exp.
    pub fn mint(&self, claims: &Value) -> String {
        self.platform.mint(claims)
    }

    /// Starts to sign with a new key; the old one stays in the JWKS. Returns the new kid.
    pub async fn rotate_key(&self) -> Result<String> {
        self.on_runtime(|platform| async move { platform.rotate_key().await }).await
    }

    /// Removes an old key from the JWKS.
    pub async fn revoke_key(&self, kid: &str) -> Result<()> {
        let kid = kid.to_owned();
        self.on_runtime(move |platform| async move { platform.revoke_key(&kid).await }).await
    }

    /// Lets PostgREST read the schema again, for tests that change it, and waits until it has.
    pub async fn reload_schema(&self) -> Result<()> {
        self.restart(Part::Postgrest).await
    }

    /// Stops every part and removes temporary data.
    pub async fn stop(mut self) -> Result<()> {
        let stopped = self.on_runtime(|platform| async move {
            platform.stop().await;
            Ok(())
        });
        let result = stopped.await;
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        result
    }

    async fn on_runtime<T, F>(&self, work: impl FnOnce(Arc<Platform>) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let runtime = self.runtime.as_ref().context("The stack has stopped.")?;
        runtime.spawn(work(self.platform.clone())).await?
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            let platform = self.platform.clone();
            // Blocking is not allowed on a thread of a runtime.
            let _ = std::thread::spawn(move || {
                runtime.block_on(platform.stop());
                runtime.shutdown_background();
            })
            .join();
        }
    }
}
