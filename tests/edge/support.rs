//! The platform and the Worker that most tests share, and a person who calls them.

use std::sync::Arc;
use std::time::Duration;

use gatehouse_core::route::{self, Matched, RouteId};
use gatehouse_devstack::worker::{Worker, WorkerOptions, worker_vars};
use gatehouse_devstack::{Call, Part, Stack, StackOptions};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use uuid::Uuid;

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

/// A request being made.
pub struct Request<'a> {
    world: &'a World,
    request: reqwest::RequestBuilder,
    /// Its `X-Request-Id`.
    pub id: String,
}

impl Request<'_> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// The same request, changed.
    pub fn changed(mut self, change: impl FnOnce(&mut reqwest::Request)) -> Self {
        let (client, request) = self.request.build_split();
        let mut request = request.expect("a request");
        change(&mut request);
        self.request = reqwest::RequestBuilder::from_parts(client, request);
        self
    }

    pub fn body(mut self, body: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.body(body);
        self
    }

    /// The route that it goes to.
    pub fn route(&self) -> Option<RouteId> {
        let request = self.request.try_clone()?.build().ok()?;
        match route::find(request.method().as_str(), request.url().path()) {
            Matched::Route(route, _) => Some(route.id),
            Matched::MethodNotAllowed(_) | Matched::NotFound => None,
        }
    }

    pub async fn send(self) -> Reply {
        let (world, id) = (self.world, self.id.clone());
        self.try_send().await.unwrap_or_else(|error| {
            panic!("request {id} was not answered; its calls: {:#?}\n{error:?}", world.stack.calls(&id))
        })
    }

    /// As [`Request::send`], where the answer may be lost on its way.
    pub async fn try_send(self) -> Result<Reply, reqwest::Error> {
        let response = self.request.send().await?;
        let header = |name: &str| {
            response.headers().get(name).map(|value| value.to_str().expect("a readable header").to_owned())
        };
        let calls = header("server-timing").map(|timing| calls(&timing)).unwrap_or_default();
        let headers = [
            "etag",
            "x-cache",
            "degraded",
            "warning",
            "content-type",
            "allow",
            "retry-after",
            "cache-control",
            "content-disposition",
            "idempotent-replayed",
            "access-control-allow-origin",
            "access-control-allow-credentials",
            "access-control-allow-methods",
            "access-control-allow-headers",
            "access-control-expose-headers",
            "content-security-policy",
            "cross-origin-resource-policy",
            "ratelimit-limit",
            "ratelimit-policy",
            "ratelimit-remaining",
            "referrer-policy",
            "server-timing",
            "strict-transport-security",
            "vary",
            "x-content-type-options",
        ]
        .into_iter()
        .filter_map(|name| Some((name, header(name)?)))
        .collect();
        assert_eq!(header("x-request-id").as_deref(), Some(self.id.as_str()), "the request id comes back");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        let _ = self.world;
        Ok(Reply { status, headers, calls, id: self.id, text, json })
    }
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    /// The network calls that the Worker says it made, such as `postgrest rpc/ensure_profile`.
    pub calls: Vec<String>,
    pub id: String,
    pub text: String,
    pub json: Value,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Insists on a refusal: status, code and the shape of every problem.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> &Self {
        assert_eq!((self.status, self.json["code"].as_str()), (status, Some(code)), "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.json["status"], status);
        assert_eq!(self.json["request_id"], self.id.as_str());
        assert!(self.json["detail"].as_str().is_some_and(|detail| detail.ends_with('.')), "{self:?}");
        self
    }
}

fn calls(timing: &str) -> Vec<String> {
    timing
        .split(", ")
        .filter_map(|entry| {
            let (service, rest) = entry.split_once(";desc=\"")?;
            Some(format!("{service} {}", rest.split('"').next()?))
        })
        .collect()
}

/// A signed-in person with a workspace.
#[derive(Clone)]
pub struct Founder<'a> {
    world: &'a World,
    pub email: String,
    pub token: String,
    pub workspace_id: String,
}

impl<'a> Founder<'a> {
    /// A request with the person's session and workspace.
    pub fn request(&self, method: Method, path: &str) -> Request<'a> {
        let request =
            self.world.request(method, path).header("authorization", &format!("Bearer {}", self.token));
        if self.workspace_id.is_empty() {
            request
        } else {
            request.header("x-workspace-id", &self.workspace_id)
        }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.request(Method::GET, path).send().await
    }

    pub async fn post(&self, path: &str, body: Option<&Value>) -> Reply {
        let request = self.request(Method::POST, path);
        match body {
            Some(body) => {
                request.header("content-type", "application/json").body(body.to_string()).send().await
            }
            None => request.send().await,
        }
    }

    /// Opens a payment page.
    pub async fn init(&self, plan: &str, interval: &str, key: &str) -> Reply {
        let body = json!({"plan": plan, "interval": interval}).to_string();
        self.request(Method::POST, "/payments/v2/init").header("idempotency-key", key).body(body).send().await
    }

    /// Opens a payment page for a month of Glide and answers the order's id.
    pub async fn order(&self) -> String {
        let reply = self.init("glide", "month", &Uuid::new_v4().to_string()).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.json["order_id"].as_str().expect("an order id").to_owned()
    }

    pub async fn finalize(&self, answers: &Value) -> Reply {
        self.post("/onboarding/finalize", Some(&json!({"answers": answers}))).await
    }
}

/// The journey's answers: a full Indian D2C example in Hindi and English.
pub fn answers() -> Value {
    serde_json::from_str(include_str!("../journey/answers.json")).expect("answers.json")
}

/// The calls of a request that arrived at the services, before and after its answer, in the Worker's words. Of a Redis
/// script the command alone is known.
pub fn recorded_calls(world: &World, id: &str) -> Vec<String> {
    let name = |call: &Call| match (call.part, call.path.as_str()) {
        (Part::Upstash, _) => format!("upstash {}", call.commands.join("+")),
        (Part::Postgrest, path) => format!("postgrest {}", path.trim_start_matches("/rest/v1/")),
        (Part::Auth, "/auth/v1/.well-known/jwks.json") => "auth jwks".to_owned(),
        (Part::Phonepe, "/checkout/v2/pay") => "phonepe pay".to_owned(),
        (Part::Phonepe, "/payments/v2/refund") => "phonepe refund".to_owned(),
        (Part::Phonepe, path) if path.starts_with("/checkout/v2/order/") && path.ends_with("/status") => {
            "phonepe order status".to_owned()
        }
        (Part::Vertex, path) if path.ends_with(":generateContent") => "vertex generateContent".to_owned(),
        (part, path) => format!("{part} {path}"),
    };
    world.stack.calls(id).iter().map(name).collect()
}

/// Waits for the calls of a request and insists on exactly these, as [`recorded_calls`] names them.
pub async fn assert_recorded(world: &World, id: &str, expected: &[&str]) {
    let recorded = || recorded_calls(world, id);
    happens(|| async { recorded().len() >= expected.len() }).await;
    assert_eq!(recorded(), expected);
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
