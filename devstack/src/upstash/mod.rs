//! The Upstash REST protocol over a Redis-protocol server.

mod command;
mod reply;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Response, StatusCode};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Pipeline, Value as Redis};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use self::command::{Command, from_path, many, one, unavailable};
use crate::auth::json_response;
use crate::clock::Stopwatch;
use crate::faults::{Fault, Faults};
use crate::http_server::{DropConnection, dropped};
use crate::keys::UPSTASH_TOKEN;
use crate::options::Part;
use crate::recorder::{Call, Recorder};

/// Largest request body in bytes, the service's own limit.
const MAX_BODY: usize = 10 * 1024 * 1024;

/// State of the front.
pub(crate) struct Front {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
    faults: Faults,
    recorder: Recorder,
}

/// How the answer is shaped.
enum Form {
    One,
    Pipeline,
    Transaction,
}

type Refusal = (StatusCode, String);

/// The front as a router; `redis_url` is the relay.
pub(crate) fn router(redis_url: &str, faults: Faults, recorder: Recorder) -> anyhow::Result<Router> {
    let front = Front { client: Client::open(redis_url)?, connection: Mutex::default(), faults, recorder };
    Ok(Router::new().fallback(handle).with_state(Arc::new(front)))
}

async fn handle(State(front): State<Arc<Front>>, request: Request) -> Response<Body> {
    let stopwatch = Stopwatch::start();
    let (parts, body) = request.into_parts();
    let request_id = parts.headers.get("x-request-id").and_then(|v| v.to_str().ok()).map(str::to_owned);
    let mut commands = Vec::new();
    let fault =
        front.faults.take(Part::Upstash, parts.uri.path(), request_id.as_deref(), &[]).unwrap_or_default();
    tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    let hit = fault.drop || fault.status.is_some();
    let response = match to_bytes(body, MAX_BODY).await {
        _ if hit && !fault.after => injected(&fault),
        Err(_) => refuse((StatusCode::PAYLOAD_TOO_LARGE, "ERR max request size exceeded".into())),
        Ok(body) => {
            let answer = front.answer(&parts, body, &mut commands).await;
            if hit { injected(&fault) } else { answer }
        }
    };
    let sent = response.extensions().get::<DropConnection>().is_none();
    front.recorder.push(Call {
        sequence: 0,
        part: Part::Upstash,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        // The query may carry the token.
        query: String::new(),
        commands,
        status: if sent { response.status().as_u16() } else { 0 },
        micros: stopwatch.elapsed().as_micros() as u64,
        request_id,
    });
    response
}

impl Front {
    async fn answer(&self, parts: &Parts, body: Bytes, names: &mut Vec<String>) -> Response<Body> {
        if ![Method::GET, Method::POST, Method::PUT, Method::HEAD].contains(&parts.method) {
            return refuse((StatusCode::METHOD_NOT_ALLOWED, "ERR Method Not Allowed".into()));
        }
        if !authorised(parts) {
            return refuse((StatusCode::UNAUTHORIZED, "WRONGPASS invalid or missing auth token".into()));
        }
        let base64 = parts
            .headers
            .get("upstash-encoding")
            .is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"base64"));
        let read = match parts.uri.path() {
            "/" | "" => one(&body).map(|c| (Form::One, vec![c])),
            "/pipeline" => many(&body).map(|c| (Form::Pipeline, c)),
            "/multi-exec" => many(&body).map(|c| (Form::Transaction, c)),
            path => {
                from_path(path, parts.uri.query().unwrap_or_default(), &body).map(|c| (Form::One, vec![c]))
            }
        };
        let (form, commands) = match read {
            Ok(read) => read,
            Err(message) => return refuse((StatusCode::BAD_REQUEST, message)),
        };
        names.extend(commands.iter().map(Command::name));
        let answer = match form {
            Form::One => self.run_one(commands, base64).await,
            Form::Pipeline => self.run_pipeline(commands, base64).await,
            Form::Transaction => self.run_transaction(commands, base64).await,
        };
        match answer {
            Ok(body) => {
                let mut response = json_response(StatusCode::OK, &body);
                response
                    .headers_mut()
                    .insert("upstash-sync-token", HeaderValue::from_static("gatehouse-local=1"));
                response
            }
            Err(refusal) => refuse(refusal),
        }
    }

    async fn run_one(&self, commands: Vec<Command>, base64: bool) -> Result<Value, Refusal> {
        if let Some(message) = commands.iter().find_map(unavailable) {
            return Err((StatusCode::BAD_REQUEST, message));
        }
        let replies = self.send(&commands).await?;
        match replies.into_iter().next().map(|r| reply::to_json(r, base64)) {
            Some(Ok(result)) => Ok(json!({"result": result})),
            Some(Err(message)) => Err((StatusCode::BAD_REQUEST, message)),
            None => Err((StatusCode::SERVICE_UNAVAILABLE, "ERR the database gave no answer".into())),
        }
    }

    /// Not atomic: what is unavailable fails alone, the others run.
    async fn run_pipeline(&self, commands: Vec<Command>, base64: bool) -> Result<Value, Refusal> {
        let refused: Vec<Option<String>> = commands.iter().map(unavailable).collect();
        let allowed: Vec<Command> =
            commands.into_iter().zip(&refused).filter(|(_, r)| r.is_none()).map(|(c, _)| c).collect();
        let mut replies = self.send(&allowed).await?.into_iter();
        let answers = refused.into_iter().map(|refusal| match refusal {
            Some(message) => json!({"error": message}),
            None => reply::wrapped(replies.next().unwrap_or(Redis::Nil), base64),
        });
        Ok(answers.collect())
    }

    async fn run_transaction(&self, commands: Vec<Command>, base64: bool) -> Result<Value, Refusal> {
        if let Some(message) = commands.iter().find_map(unavailable) {
            return Err((StatusCode::BAD_REQUEST, message));
        }
        let mut all = vec![Command::plain("MULTI")];
        all.extend(commands);
        all.push(Command::plain("EXEC"));
        let mut replies = self.send(&all).await?;
        match replies.pop() {
            Some(Redis::Array(results)) => {
                Ok(results.into_iter().map(|r| reply::wrapped(r, base64)).collect())
            }
            Some(other) => {
                // The first command that could not be queued says why the transaction was discarded.
                let why = replies.into_iter().chain([other]).find_map(|r| reply::to_json(r, base64).err());
                Err((
                    StatusCode::BAD_REQUEST,
                    why.unwrap_or_else(|| "EXECABORT Transaction discarded.".into()),
                ))
            }
            None => Err((StatusCode::SERVICE_UNAVAILABLE, "ERR the database gave no answer".into())),
        }
    }

    /// Sends commands in one piece. A lost connection is an error, never a silent second try: the commands
    /// may have run.
    async fn send(&self, commands: &[Command]) -> Result<Vec<Redis>, Refusal> {
        if commands.is_empty() {
            return Ok(vec![]);
        }
        let down = |error: redis::RedisError| {
            (StatusCode::SERVICE_UNAVAILABLE, format!("ERR the database is unavailable: {error}"))
        };
        let mut connection = self.connect().await.map_err(down)?;
        let mut pipeline = Pipeline::new();
        for command in commands {
            pipeline.add_command(command.to_redis());
        }
        match connection.send_packed_commands(&pipeline, 0, commands.len()).await {
            Ok(replies) => Ok(replies),
            Err(error) => {
                *self.connection.lock().await = None;
                Err(down(error))
            }
        }
    }

    async fn connect(&self) -> redis::RedisResult<MultiplexedConnection> {
        let mut slot = self.connection.lock().await;
        if let Some(connection) = slot.as_mut() {
            // An idle connection to a server that was restarted looks alive until it is used.
            if redis::cmd("PING").query_async::<String>(connection).await.is_ok() {
                return Ok(connection.clone());
            }
        }
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        *slot = Some(connection.clone());
        Ok(connection)
    }
}

fn authorised(parts: &Parts) -> bool {
    let header = parts.headers.get("authorization").and_then(|v| v.to_str().ok());
    let bearer = header.and_then(|v| v.strip_prefix("Bearer ").or_else(|| v.strip_prefix("bearer ")));
    let query =
        parts.uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("_token="));
    bearer.or(query) == Some(UPSTASH_TOKEN)
}

fn refuse((status, message): Refusal) -> Response<Body> {
    json_response(status, &json!({"error": message}))
}

fn injected(fault: &Fault) -> Response<Body> {
    match fault.status.and_then(|s| StatusCode::from_u16(s).ok()) {
        Some(status) if !fault.drop => {
            let usual = json!({"error": "ERR injected fault"});
            json_response(status, fault.body.as_ref().unwrap_or(&usual))
        }
        _ => dropped(),
    }
}
