//! The built Worker on workerd, as a child that ends with this process.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use serde::Deserialize;
use serde_json::json;

use crate::Stack;
use crate::cache::cache_dir;

/// How long workerd may take to answer for the first time, or to run a cron event.
const DEADLINE: Duration = Duration::from_secs(60);

/// What to run.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// The checkout with `build/worker` and `node_modules`.
    pub repo: PathBuf,
    /// Port on 127.0.0.1; 0 = a free one.
    pub port: u16,
    /// Bindings, on top of `[vars]` in `wrangler.toml`: usually [`worker_vars`] of a running stack.
    pub vars: BTreeMap<String, String>,
}

/// One line that the Worker or workerd wrote to the console.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LogLine {
    /// `log`, `debug`, `info`, `warn` or `error`.
    pub level: String,
    /// The text as written.
    pub message: String,
}

/// A running Worker. Dropping it ends it.
#[derive(Debug)]
pub struct Worker {
    /// Address without a trailing slash, straight to workerd.
    pub url: String,
    child: Mutex<Child>,
    stdin: Mutex<Option<ChildStdin>>,
    shared: Arc<Shared>,
    scheduled: Mutex<Receiver<String>>,
}

#[derive(Debug, Default)]
struct Shared {
    logs: Mutex<Vec<LogLine>>,
    /// Why the runner ended, once it has.
    ended: Mutex<Option<String>>,
    changed: Condvar,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Message {
    Ready(String),
    Log(LogLine),
    Scheduled(String),
    Failed(String),
}

impl Worker {
    /// Starts workerd on the built bundle and waits until it listens.
    ///
    /// # Errors
    /// A sentence that names the fix: the bundle is missing, the port is taken, Node is missing.
    pub async fn start(options: WorkerOptions) -> Result<Self> {
        tokio::task::spawn_blocking(move || Self::start_blocking(&options)).await?
    }

    fn start_blocking(options: &WorkerOptions) -> Result<Self> {
        let config = runner_options(options)?;
        let mut child = Command::new(node(&options.repo))
            .arg(options.repo.join("devstack/worker.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A terminal's Ctrl-C goes to the whole group; this process ends its children itself, in order.
            .process_group(0)
            // Miniflare is 6 MB of JavaScript, which Node need not compile again for every Worker.
            .env("NODE_COMPILE_CACHE", cache_dir().join("node"))
            .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
            .env("WRANGLER_SEND_METRICS", "false")
            .spawn()
            .context("Node cannot be started: install Node 20 or newer.")?;
        let mut stdin = child.stdin.take().context("The Worker's runner has no stdin.")?;
        let stdout = child.stdout.take().context("The Worker's runner has no stdout.")?;
        writeln!(stdin, "{config}")?;
        let shared = Arc::new(Shared::default());
        let (ready_tx, ready) = mpsc::channel();
        let (scheduled_tx, scheduled) = mpsc::channel();
        let reader = Arc::clone(&shared);
        std::thread::spawn(move || {
            let mut why = "The Worker's runner ended.".to_owned();
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                match serde_json::from_str(&line) {
                    Ok(Message::Ready(url)) => drop(ready_tx.send(url)),
                    Ok(Message::Log(log)) => reader.push(log),
                    Ok(Message::Scheduled(outcome)) => drop(scheduled_tx.send(outcome)),
                    Ok(Message::Failed(text)) => why = text,
                    Err(_) => reader.push(LogLine { level: "info".to_owned(), message: line }),
                }
            }
            *lock(&reader.ended) = Some(why);
            reader.changed.notify_all();
        });
        let mut worker = Self {
            url: String::new(),
            child: Mutex::new(child),
            stdin: Mutex::new(Some(stdin)),
            shared,
            scheduled: Mutex::new(scheduled),
        };
        worker.url = ready.recv_timeout(DEADLINE).map_err(|_| worker.startup_failure(options.port))?;
        Ok(worker)
    }

    fn startup_failure(&self, port: u16) -> anyhow::Error {
        let ended =
            lock(&self.shared.ended).clone().unwrap_or_else(|| "It did not answer in a minute.".to_owned());
        let lines: Vec<String> = self.logs().into_iter().map(|line| line.message).collect();
        let text = lines.join("\n");
        if text.contains("Address already in use")
            || ended.contains("EADDRINUSE")
            || ended.contains("already in use")
        {
            return anyhow!(
                "Port {port} is taken, so the Worker cannot listen on it: stop what listens there (`ss -ltnp 'sport = :{port}'` names it)."
            );
        }
        anyhow!("The Worker did not start: {ended}\n{text}")
    }

    /// Every console line so far, oldest first.
    #[must_use]
    pub fn logs(&self) -> Vec<LogLine> {
        lock(&self.shared.logs).clone()
    }

    /// Waits until a console line for which `wanted` is true has been written, at most `timeout`.
    #[must_use]
    pub fn wait_for_log(&self, timeout: Duration, wanted: impl Fn(&LogLine) -> bool) -> Option<LogLine> {
        let logs = lock(&self.shared.logs);
        let (logs, _) = self
            .shared
            .changed
            .wait_timeout_while(logs, timeout, |logs| !logs.iter().any(&wanted))
            .unwrap_or_else(PoisonError::into_inner);
        logs.iter().find(|line| wanted(line)).cloned()
    }

    /// Why the Worker is not running any more; none while it runs.
    #[must_use]
    pub fn death(&self) -> Option<String> {
        lock(&self.shared.ended).clone()
    }

    /// Waits until the Worker has ended without being told to, and says why.
    pub async fn wait_death(&self) -> String {
        let shared = Arc::clone(&self.shared);
        let (tell, told) = tokio::sync::oneshot::channel();
        // A thread of its own: a blocking task would hold up the end of the caller's runtime.
        std::thread::spawn(move || {
            let ended = lock(&shared.ended);
            let ended = shared
                .changed
                .wait_while(ended, |ended| ended.is_none())
                .unwrap_or_else(PoisonError::into_inner);
            let _ = tell.send(ended.clone().unwrap_or_default());
        });
        told.await.unwrap_or_default()
    }

    /// Fires a cron event and waits for the handler; `time_ms` is the scheduled time in milliseconds since 1970.
    ///
    /// # Errors
    /// When the runner is gone or the handler does not end within a minute.
    pub fn run_scheduled(&self, cron: &str, time_ms: i64) -> Result<String> {
        let outcomes = lock(&self.scheduled);
        let mut stdin = lock(&self.stdin);
        let pipe = stdin.as_mut().context("The Worker is stopped.")?;
        writeln!(pipe, "{}", json!({"scheduled": {"cron": cron, "time": time_ms}}))?;
        outcomes.recv_timeout(DEADLINE).context("The cron event did not end within a minute.")
    }

    /// Ends the Worker and waits until workerd is gone.
    ///
    /// # Errors
    /// When the child cannot be waited for.
    pub async fn stop(self) -> Result<()> {
        tokio::task::spawn_blocking(move || self.end()).await?
    }

    fn end(&self) -> Result<()> {
        lock(&self.stdin).take();
        let ended = lock(&self.shared.ended);
        let (_ended, waited) = self
            .shared
            .changed
            .wait_timeout_while(ended, Duration::from_secs(5), |ended| ended.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        let mut child = lock(&self.child);
        if waited.timed_out() {
            child.kill()?;
        }
        child.wait()?;
        Ok(())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The kernel ends workerd with its runner (workerd.sh).
        let mut child = lock(&self.child);
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Shared {
    fn push(&self, line: LogLine) {
        lock(&self.logs).push(line);
        self.changed.notify_all();
    }
}

/// The Worker's bindings for a running stack, by the names in docs/ENVIRONMENT.md.
#[must_use]
pub fn worker_vars(stack: &Stack) -> BTreeMap<String, String> {
    let (phonepe, resend, vertex) = (stack.phonepe(), stack.resend(), stack.vertex());
    let (vertex_token_url, vertex_key) =
        (format!("{}/token", vertex.url()), vertex.private_key().replace('\n', "\\n"));
    [
        ("GATEHOUSE_ENV", "development"),
        ("SUPABASE_URL", stack.supabase_url()),
        ("SUPABASE_PUBLISHABLE_KEY", stack.publishable_key()),
        ("SUPABASE_SECRET_KEY", stack.secret_key()),
        ("UPSTASH_REDIS_REST_URL", stack.upstash_url()),
        ("UPSTASH_REDIS_REST_TOKEN", stack.upstash_token()),
        ("PHONEPE_PG_URL", phonepe.url()),
        ("PHONEPE_OAUTH_URL", phonepe.url()),
        ("PHONEPE_CLIENT_ID", phonepe.client_id()),
        ("PHONEPE_CLIENT_VERSION", phonepe.client_version()),
        ("PHONEPE_CLIENT_SECRET", phonepe.client_secret()),
        ("PHONEPE_WEBHOOK_USERNAME", phonepe.webhook_username()),
        ("PHONEPE_WEBHOOK_PASSWORD", phonepe.webhook_password()),
        ("RESEND_URL", resend.url()),
        ("RESEND_API_KEY", resend.api_key()),
        ("EMAIL_FROM", resend.from()),
        ("VERTEX_PROJECT", vertex.project()),
        ("VERTEX_LOCATION", vertex.location()),
        ("VERTEX_MODEL", vertex.model()),
        ("VERTEX_CLIENT_EMAIL", vertex.client_email()),
        ("VERTEX_PRIVATE_KEY", &vertex_key),
        ("VERTEX_URL", vertex.url()),
        ("VERTEX_TOKEN_URL", &vertex_token_url),
        ("WEB_URL", "http://127.0.0.1:3000"),
        ("METRICS_TOKEN", "local-metrics-token-worth-nothing-here"),
        ("OPERATOR_TOKEN", "local-operator-token-worth-nothing-here"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

/// What `wrangler.toml` says, so that tests run the Worker as it is deployed.
fn runner_options(options: &WorkerOptions) -> Result<serde_json::Value> {
    if !options.repo.join("build/worker/index.js").is_file() {
        bail!("The Worker is not built: run `npm run build` in {}.", options.repo.display());
    }
    let path = options.repo.join("wrangler.toml");
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read.", path.display()))?;
    let config: toml::Table =
        text.parse().with_context(|| format!("{} is not valid TOML.", path.display()))?;
    let mut vars = config.get("vars").and_then(toml::Value::as_table).cloned().unwrap_or_default();
    vars.extend(options.vars.iter().map(|(name, value)| (name.clone(), toml::Value::String(value.clone()))));
    let mut limits = serde_json::Map::new();
    for limit in config.get("ratelimits").and_then(toml::Value::as_array).into_iter().flatten() {
        let name = limit
            .get("name")
            .and_then(toml::Value::as_str)
            .context("A rate limit in wrangler.toml has no name.")?;
        limits.insert(
            name.to_owned(),
            json!({"namespace_id": limit.get("namespace_id"), "simple": limit.get("simple")}),
        );
    }
    Ok(json!({
        "repo": options.repo,
        "port": options.port,
        "vars": vars,
        "ratelimits": limits,
        "compatibilityDate": config.get("compatibility_date"),
        "compatibilityFlags": config.get("compatibility_flags").unwrap_or(&toml::Value::Array(Vec::new())),
    }))
}

fn node(repo: &Path) -> PathBuf {
    let own = repo.join("node_modules/.bin/node");
    if own.exists() { own } else { PathBuf::from("node") }
}

/// A poisoned lock only means that another test panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
