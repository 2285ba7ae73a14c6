//! The platform and the Worker that most tests share, and a person who calls them.

mod calls;
mod founder;
mod request;

use std::sync::Arc;
use std::time::Duration;

use gatehouse_devstack::worker::{Worker, WorkerOptions, worker_vars};
use gatehouse_devstack::{Stack, StackOptions};
use reqwest::Method;
use serde_json::Value;
use tokio::sync::OnceCell;
use uuid::Uuid;

pub use calls::{assert_recorded, recorded_calls};
pub use founder::Founder;
pub use request::{Reply, Request};

/// A platform with its Worker.
pub struct World {
    pub stack: Stack,
    pub worker: Arc<Worker>,
    http: reqwest::Client,
}

static SHARED: OnceCell<World> = OnceCell::const_new();

impl World {
    /// The one that tests share; they keep to their own people and workspaces.
    pub async fn shared() -> &'static World {
        SHARED.get_or_init(World::own).await
    }

    /// One of its own, for a test that breaks parts.
    pub async fn own() -> World {
        let options = StackOptions::for_tests();
        let repo = options.repo.clone();
        let stack = Stack::start(options, |_| {}).await.expect("the platform starts");
        let vars = worker_vars(&stack);
        let worker = Worker::start(WorkerOptions { repo, port: 0, vars }).await.expect("the Worker starts");
        let phonepe = stack.phonepe();
        let hook = format!("{}/api/webhooks/phonepe", worker.url);
        phonepe.set_webhook(&hook, phonepe.webhook_username(), phonepe.webhook_password());
        World::of(stack, worker)
    }

    /// A platform and a Worker that a test has started itself.
    pub fn of(stack: Stack, worker: Worker) -> World {
        // Tests run on runtimes of their own: a pooled connection would die with the test that opened it.
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("a client");
        World { stack, worker: Arc::new(worker), http }
    }

    /// A request to the Worker by nobody in particular.
    pub fn request(&self, method: Method, path: &str) -> Request<'_> {
        let id = Uuid::new_v4().to_string();
        let request = self
            .http
            .request(method, format!("{}{path}", self.worker.url))
            .header("x-request-id", &id)
            .timeout(Duration::from_secs(20));
        Request { world: self, request, id }
    }

    /// Somebody with a workspace and a month of Glide, which no order paid for.
    pub async fn founder(&self) -> Founder<'_> {
        let founder = self.founder_without_plan().await;
        let sql = "select private.extend_subscription($1::text::uuid, 'glide', 'month', now())";
        let database = self.database().await;
        assert_eq!(database.execute(sql, &[&founder.workspace_id]).await.expect(sql), 1);
        founder
    }

    /// Somebody who has just signed up and has a profile and a workspace.
    pub async fn founder_without_plan(&self) -> Founder<'_> {
        let email = format!("{}@example.in", Uuid::new_v4());
        let session = self.stack.sign_up(&email, "a long enough passphrase").await.expect("sign-up");
        let mut founder =
            Founder { world: self, email, token: session.access_token, workspace_id: String::new() };
        let reply = founder.post("/auth/ensure-profile", None).await;
        assert!(matches!(reply.status, 200 | 201), "{reply:?}");
        founder.workspace_id = reply.json["workspace_id"].as_str().expect("a workspace").to_owned();
        founder
    }

    /// Runs one command in Redis and gives the number that it answers; -1 for anything else.
    pub async fn redis(&self, command: &[&str]) -> i64 {
        let mut connection = self.redis_connection().await;
        let mut asked = redis::cmd(command[0]);
        let answer: redis::Value =
            asked.arg(&command[1..]).query_async(&mut connection).await.expect("Redis answers");
        if let redis::Value::Int(number) = answer { number } else { -1 }
    }

    /// The keys of Redis that match.
    pub async fn keys(&self, pattern: &str) -> Vec<String> {
        let mut connection = self.redis_connection().await;
        redis::cmd("KEYS").arg(pattern).query_async(&mut connection).await.expect("Redis answers")
    }

    async fn redis_connection(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.stack.redis_url()).expect("an address");
        client.get_multiplexed_async_connection().await.expect("Redis")
    }

    /// One number from the database.
    pub async fn count(&self, sql: &str) -> i64 {
        self.database().await.query_one(sql, &[]).await.expect(sql).get(0)
    }

    /// A connection as the role that owns the tables.
    pub async fn database(&self) -> tokio_postgres::Client {
        let (client, connection) = tokio_postgres::connect(self.stack.database_url(), tokio_postgres::NoTls)
            .await
            .expect("the database");
        tokio::spawn(connection);
        client
    }
}

/// The journey's answers: a full Indian D2C example in Hindi and English.
pub fn answers() -> Value {
    serde_json::from_str(include_str!("../../journey/answers.json")).expect("answers.json")
}

/// Waits until `done` holds.
pub async fn until<F: Future<Output = bool>>(what: &str, done: impl FnMut() -> F) {
    assert!(happens(done).await, "this did not happen in time: {what}");
}

/// Waits until `done` holds; false when it never does. The bound is a backstop for a broken build, not an expectation.
async fn happens<F: Future<Output = bool>>(mut done: impl FnMut() -> F) -> bool {
    for _ in 0..600 {
        if done().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}
