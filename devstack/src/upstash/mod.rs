//! A proxy that speaks the Upstash REST protocol to a Redis-protocol server.

mod command;
mod reply;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Response, StatusCode};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Pipeline, Value as Redis};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use self::command::{Command, parse_many, parse_one, parse_path, unavailable_error};
use crate::credentials::UPSTASH_TOKEN;
use crate::http::interceptor::{Intercepted, Interceptor};
use crate::http::request::{bearer_token, header};
use crate::http::response::json_response;
use crate::part::Part;

/// Largest request body in bytes, the service's own limit.
const MAX_BODY: usize = 10 * 1024 * 1024;

/// State of the proxy.
struct Proxy {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
    interceptor: Interceptor,
}

/// Which answer a request expects.
enum Form {
    One,
    Pipeline,
    Transaction,
}

/// A status and the error sentence.
type ApiError = (StatusCode, String);

/// The proxy as a router; `redis_url` is the relay.
pub(crate) fn router(redis_url: &str, interceptor: Interceptor) -> anyhow::Result<Router> {
    let proxy = Proxy { client: Client::open(redis_url)?, connection: Mutex::default(), interceptor };
    Ok(Router::new().fallback(handle).with_state(Arc::new(proxy)))
}

async fn handle(State(proxy): State<Arc<Proxy>>, request: Request) -> Response<Body> {
    let service = Intercepted { part: Part::Upstash, max_body: MAX_BODY, injected_error };
    let work = async |parts: Parts, body, commands: &mut Vec<String>| match body {
        Some(body) => proxy.answer(&parts, body, commands).await,
        None => error_response((StatusCode::PAYLOAD_TOO_LARGE, "ERR max request size exceeded".into())),
    };
    proxy.interceptor.answer(service, request, work).await
}

impl Proxy {
    async fn answer(&self, parts: &Parts, body: Bytes, recorded: &mut Vec<String>) -> Response<Body> {
        if ![Method::GET, Method::POST, Method::PUT, Method::HEAD].contains(&parts.method) {
            return error_response((StatusCode::METHOD_NOT_ALLOWED, "ERR Method Not Allowed".into()));
        }
        if !is_authorized(parts) {
            return error_response((
                StatusCode::UNAUTHORIZED,
                "WRONGPASS invalid or missing auth token".into(),
            ));
        }
        let base64 = header(&parts.headers, "upstash-encoding")
            .is_some_and(|encoding| encoding.eq_ignore_ascii_case("base64"));
        let parsed = match parts.uri.path() {
            "/" | "" => parse_one(&body).map(|c| (Form::One, vec![c])),
            "/pipeline" => parse_many(&body).map(|c| (Form::Pipeline, c)),
            "/multi-exec" => parse_many(&body).map(|c| (Form::Transaction, c)),
            path => {
                parse_path(path, parts.uri.query().unwrap_or_default(), &body).map(|c| (Form::One, vec![c]))
            }
        };
        let (form, commands) = match parsed {
            Ok(parsed) => parsed,
            Err(message) => return error_response((StatusCode::BAD_REQUEST, message)),
        };
        recorded.extend(commands.iter().map(Command::name));
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
            Err(refusal) => error_response(refusal),
        }
    }

    async fn run_one(&self, commands: Vec<Command>, base64: bool) -> Result<Value, ApiError> {
        if let Some(message) = commands.iter().find_map(unavailable_error) {
            return Err((StatusCode::BAD_REQUEST, message));
        }
        let replies = self.send(&commands).await?;
        match replies.into_iter().next().map(|r| reply::to_json(r, base64)) {
            Some(Ok(result)) => Ok(json!({"result": result})),
            Some(Err(message)) => Err((StatusCode::BAD_REQUEST, message)),
            None => Err((StatusCode::SERVICE_UNAVAILABLE, "ERR the database gave no answer".into())),
        }
    }

    /// Not atomic: an unavailable command fails, the others run.
    async fn run_pipeline(&self, commands: Vec<Command>, base64: bool) -> Result<Value, ApiError> {
        let refused: Vec<Option<String>> = commands.iter().map(unavailable_error).collect();
        let allowed: Vec<Command> =
            commands.into_iter().zip(&refused).filter(|(_, r)| r.is_none()).map(|(c, _)| c).collect();
        let mut replies = self.send(&allowed).await?.into_iter();
        let answers = refused.into_iter().map(|error| match error {
            Some(message) => json!({"error": message}),
            None => reply::to_result(replies.next().unwrap_or(Redis::Nil), base64),
        });
        Ok(answers.collect())
    }

    async fn run_transaction(&self, commands: Vec<Command>, base64: bool) -> Result<Value, ApiError> {
        if let Some(message) = commands.iter().find_map(unavailable_error) {
            return Err((StatusCode::BAD_REQUEST, message));
        }
        let mut all = vec![Command::without_arguments("MULTI")];
        all.extend(commands);
        all.push(Command::without_arguments("EXEC"));
        let mut replies = self.send(&all).await?;
        match replies.pop() {
            Some(Redis::Array(results)) => {
                Ok(results.into_iter().map(|r| reply::to_result(r, base64)).collect())
            }
            Some(other) => {
                // The first command that could not be queued has the reason why the transaction was discarded.
                let error = replies.into_iter().chain([other]).find_map(|r| reply::to_json(r, base64).err());
                Err((
                    StatusCode::BAD_REQUEST,
                    error.unwrap_or_else(|| "EXECABORT Transaction discarded.".into()),
                ))
            }
            None => Err((StatusCode::SERVICE_UNAVAILABLE, "ERR the database gave no answer".into())),
        }
    }

    /// Sends commands in one write. A lost connection is an error and never retried: the commands may have run.
    async fn send(&self, commands: &[Command]) -> Result<Vec<Redis>, ApiError> {
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

fn is_authorized(parts: &Parts) -> bool {
    let query_token =
        parts.uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("_token="));
    bearer_token(&parts.headers).or(query_token) == Some(UPSTASH_TOKEN)
}

fn error_response((status, message): ApiError) -> Response<Body> {
    json_response(status, &json!({"error": message}))
}

fn injected_error(status: StatusCode) -> Response<Body> {
    json_response(status, &json!({"error": "ERR injected fault"}))
}
