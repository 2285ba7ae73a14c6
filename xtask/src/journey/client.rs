//! A founder's browser, as far as HTTP goes.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use gatehouse_devstack::worker::Worker;
use reqwest::{Method, Response};
use serde_json::Value;

/// Where to play.
pub struct Target {
    /// The Worker.
    pub url: String,
    /// The Auth server's project.
    pub supabase_url: String,
    /// Its publishable key.
    pub publishable_key: String,
}

/// What the founder holds: nothing before signing up.
#[derive(Default)]
pub struct Credentials {
    /// The access token.
    pub token: Option<String>,
    /// The workspace.
    pub workspace_id: Option<String>,
}

/// One answer, with what it took.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The body's text.
    pub text: String,
    /// The `ETag`.
    pub etag: Option<String>,
    /// The `X-Cache` tier.
    pub cache: Option<String>,
    /// The Worker's network calls, in order, such as `postgrest rpc/ensure_profile`.
    pub calls: Vec<String>,
    /// From request to the body's last byte, in milliseconds.
    pub ms: u64,
}

impl Reply {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.text).with_context(|| format!("not JSON: {}", self.text))
    }

    /// The calls that a warm isolate makes: without fetching keys or a token, and without giving Redis a script's text.
    pub fn warm_calls(&self) -> usize {
        let cold =
            |call: &str| matches!(call, "auth jwks" | "phonepe token") || call.starts_with("upstash EVAL ");
        self.calls.iter().filter(|call| !cold(call)).count()
    }
}

/// The client.
pub struct Client<'a> {
    http: reqwest::Client,
    target: Target,
    /// The Worker, when it is ours to run the cron of.
    worker: Option<&'a Worker>,
}

impl<'a> Client<'a> {
    /// A client for a target, and for its Worker when that is ours.
    pub fn new(target: Target, worker: Option<&'a Worker>) -> Self {
        Self { http: reqwest::Client::new(), target, worker }
    }

    /// Signs up and answers the access token.
    ///
    /// # Errors
    /// When the Auth server refuses.
    pub async fn sign_up(&self, email: &str, password: &str) -> Result<(String, u64)> {
        let started = Instant::now();
        let response = self
            .http
            .post(format!("{}/auth/v1/signup", self.target.supabase_url))
            .header("apikey", &self.target.publishable_key)
            .json(&serde_json::json!({"email": email, "password": password}))
            .timeout(Duration::from_secs(10))
            .send()
            .await?;
        let reply = read(response, started).await?;
        let token = reply.json()?["access_token"].as_str().map(str::to_owned);
        let token = token.with_context(|| format!("sign-up answered {}: {}", reply.status, reply.text))?;
        Ok((token, reply.ms))
    }

    /// Sends a request to the Worker and insists on the status.
    ///
    /// # Errors
    /// When nothing comes back, or another status; the message has the body.
    pub async fn send(
        &self,
        credentials: &Credentials,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
        expect: &[u16],
    ) -> Result<Reply> {
        let mut request =
            self.http.request(method, format!("{}{path}", self.target.url)).timeout(Duration::from_secs(10));
        if let Some(token) = &credentials.token {
            request = request.bearer_auth(token);
        }
        if let Some(id) = &credentials.workspace_id {
            request = request.header("x-workspace-id", id);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let started = Instant::now();
        let reply = read(request.send().await?, started).await?;
        if !expect.contains(&reply.status) {
            bail!("{path} answered {}, expected {expect:?}: {}", reply.status, reply.text);
        }
        Ok(reply)
    }
}

impl Client<'_> {
    /// Opens a payment page and clicks a button on it, as a person would; answers the page's text and the milliseconds.
    ///
    /// # Errors
    /// When the page does not answer 200.
    pub async fn click(&self, page: &str, button: &str) -> Result<(String, u64)> {
        let started = Instant::now();
        let shown = self.http.get(page).timeout(Duration::from_secs(10)).send().await?.error_for_status()?;
        let text = shown.text().await?;
        // Where the button leads is the web app's page, which is not running here: the redirect is not followed.
        let clicks = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let form = clicks.post(page).header("content-type", "application/x-www-form-urlencoded");
        let clicked = form.body(format!("action={button}")).timeout(Duration::from_secs(10)).send().await?;
        let status = clicked.status().as_u16();
        anyhow::ensure!(matches!(status, 200 | 302 | 303), "the payment page answered {status} to {button}");
        Ok((text, u64::try_from(started.elapsed().as_millis())?))
    }

    /// Something that the local platform tells or is told, below `/__devstack`.
    ///
    /// # Errors
    /// When it is not the local platform.
    pub async fn platform(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let url = format!("{}/__devstack/{path}", self.target.supabase_url);
        let mut request = self.http.request(method, url).timeout(Duration::from_secs(10));
        if let Some(body) = body {
            request = request.json(body);
        }
        let text = request.send().await?.error_for_status()?.text().await?;
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Runs the Worker's cron; one that is not ours through the address that wrangler has for it.
    ///
    /// # Errors
    /// When the Worker is not run locally.
    pub async fn cron(&self) -> Result<()> {
        if let Some(worker) = self.worker {
            tokio::task::block_in_place(|| worker.run_scheduled("* * * * *", 0))?;
            return Ok(());
        }
        let url = format!("{}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*", self.target.url);
        self.http.get(url).timeout(Duration::from_secs(30)).send().await?.error_for_status()?;
        Ok(())
    }
}

async fn read(response: Response, started: Instant) -> Result<Reply> {
    let header =
        |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (status, etag, cache) = (response.status().as_u16(), header("etag"), header("x-cache"));
    let calls = header("server-timing").map(|timing| calls(&timing)).unwrap_or_default();
    let text = response.text().await?;
    let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Reply { status, text, etag, cache, calls, ms })
}

/// `postgrest;desc="rpc/x";dur=3, total;dur=4` → `postgrest rpc/x`
fn calls(timing: &str) -> Vec<String> {
    timing
        .split(", ")
        .filter_map(|entry| {
            let (neighbour, rest) = entry.split_once(";desc=\"")?;
            Some(format!("{neighbour} {}", rest.split('"').next()?))
        })
        .collect()
}
