//! The stack: every part, started in order and stopped together.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use crate::faults::Faults;
use crate::inner::Inner;
use crate::keys::{PUBLISHABLE_KEY, SECRET_KEY, UPSTASH_TOKEN};
use crate::options::{Part, PartInfo, Progress, StackOptions};
use crate::phonepe::Phonepe;
use crate::recorder::Call;
use crate::resend::Resend;
use crate::vertex::Vertex;

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
    /// The simulated payment gateway.
    pub fn phonepe(&self) -> &Phonepe {
        &self.inner.phonepe
    }
    /// The simulated mail service.
    pub fn resend(&self) -> &Resend {
        &self.inner.resend
    }
    /// The simulated language model.
    pub fn vertex(&self) -> &Vertex {
        &self.inner.vertex
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
