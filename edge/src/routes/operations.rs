//! For operators: `GET /ready`, `GET /metrics`, `POST /operations/replay`

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_core::api::{Ready, ReplayRequest, Replayed};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::metrics::{Gauge, render};
use gatehouse_core::payment::{Subject, webhook};
use gatehouse_core::replay::changes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clients::jwks;
use crate::clients::phonepe::{self, Known};
use crate::clients::postgrest::{self, Failure};
use crate::clients::redis_keys as keys;
use crate::clients::upstash::{self, Script, script};
use crate::entry::{Call, JsonBody, MetricsReader, Operator};
use crate::http::Reply;
use crate::scope::Scope;

static PING: Script = script!("ping");
static READ: Script = script!("read_metrics");
/// An id of the form of ours that no order has.
const NO_ORDER: &str = "GH00000000000000000000000000000000";

/// Whether everything that is needed answers.
///
/// 1. Ask the database, the cache, the sign-in service and PhonePe.
/// 2. 503 that names those away; PhonePe alone does not make us unready. 200.
pub async fn ready(scope: &Scope, _: Call<'_>) -> Result<Reply, Error> {
    // 1.
    let postgres: Result<bool, Failure> = postgrest::rpc_as_service(scope, "rpc/ping", &json!({})).await;
    let redis = upstash::eval(scope, &PING, &[], &[]).await;
    let auth = jwks::fetch(scope).await;
    let phonepe = phonepe::order_status(scope, NO_ORDER).await.is_ok();
    // 2.
    let parts = [
        ("the database", postgres.is_ok()),
        ("the cache", redis.is_ok()),
        ("the sign-in service", auth.is_ok()),
    ];
    let away: Vec<_> = parts.into_iter().filter(|(_, answers)| !answers).map(|(name, _)| name).collect();
    if !away.is_empty() {
        let detail = format!("Not ready: {} cannot be reached.", away.join(", "));
        return Err(Error::with_detail(ErrorCode::DependencyUnavailable, detail));
    }
    Ok(Reply::json(200, &Ready { ready: true, phonepe }))
}

/// Counters and queues as Prometheus reads them.
///
/// 1. The counters and the queues: 503.
/// 2. 200.
pub async fn metrics(scope: &Scope, _: Call<'_, MetricsReader>) -> Result<Reply, Error> {
    // 1.
    let counters = upstash::eval(scope, &READ, &[keys::metrics()], &[]).await?;
    let gauges: Vec<Gauge> = postgrest::rpc_as_service(scope, "rpc/read_gauges", &json!({})).await?;
    // 2.
    let flat: Vec<&str> = counters.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let pairs = flat.chunks_exact(2).filter_map(|pair| {
        let [series, number] = pair else { return None };
        Some(((*series).to_owned(), number.parse().ok()?))
    });
    let text = render(&pairs.collect::<Vec<_>>(), &gauges);
    let mut reply = Reply::json_text(200, text);
    reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
    Ok(reply)
}

/// `find_webhook()` of the database.
#[derive(Deserialize)]
struct Stored {
    inbox_id: i64,
    raw_base64: String,
    verified: bool,
}

/// `replay_webhook()` of the database.
#[derive(Deserialize)]
struct Outcome {
    outcome: String,
    before: Value,
    after: Value,
    applied: bool,
}

/// Shows what a stored webhook would change now, or applies it.
///
/// 1. The webhook as it came: 404. Its body is read by core as when it came; its proof was checked then and is not
///    stored, because it is a secret. One that proved nothing or names nothing: 409.
/// 2. PhonePe's state of what it names, asked now: 503.
/// 3. The database applies it and, in a dry run, rolls it back: 503.
/// 4. 200 with every change.
pub async fn replay(
    scope: &Scope,
    call: Call<'_, Operator, (), JsonBody<ReplayRequest>>,
) -> Result<Reply, Error> {
    let JsonBody(request) = &call.body;
    // 1.
    let stored: Stored =
        postgrest::rpc_as_service(scope, "rpc/find_webhook", &json!({"p_about": request.about})).await?;
    let body = STANDARD.decode(&stored.raw_base64).map_err(|_| ErrorCode::Internal)?;
    let hint = webhook::verify_and_parse(&scope.settings.phonepe.keys, "", &body);
    let about = hint.about.filter(|_| stored.verified).ok_or(ErrorCode::WebhookNotVerified)?;
    // 2.
    let (kind, state, amount, provider_id, error_code) = match Subject::of(&hint.event, &about) {
        Subject::Order => match phonepe::order_status(scope, &about).await? {
            Known::Status(status) => {
                ("order", status.state, status.amount, status.order_id, status.error_code)
            }
            Known::Nothing => ("order", String::new(), None, None, None),
        },
        Subject::Refund => match phonepe::refund_status(scope, &about).await? {
            Known::Status(answer) => {
                ("refund", answer.state, answer.amount, answer.refund_id, answer.error_code)
            }
            Known::Nothing => ("refund", String::new(), None, None, None),
        },
    };
    // 3.
    let arguments = json!({
        "p_inbox_id": stored.inbox_id, "p_about": about, "p_apply": request.apply, "p_request_id": scope.request_id,
        "p_answer": {"kind": kind, "state": state, "amount": amount, "provider_id": provider_id,
                     "details": {"error_code": error_code}},
    });
    let found: Outcome = postgrest::rpc_as_service(scope, "rpc/replay_webhook", &arguments).await?;
    // 4.
    let replayed = Replayed {
        inbox_id: stored.inbox_id,
        about,
        event: hint.event,
        state_from: "PhonePe, asked just now".to_owned(),
        state,
        outcome: found.outcome,
        applied: found.applied,
        changes: changes(&found.before, &found.after),
    };
    Ok(Reply::json(200, &replayed))
}
