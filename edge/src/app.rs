//! The life of a request: id, settings, route, handler, answer, log line.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use gatehouse_core::cors;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::log::{RequestLine, level};
use gatehouse_core::route::{self, Matched, Route};

use crate::entry::shield;
use crate::http::{Reply, Request};
use crate::observe::{counters, flush, timing};
use crate::routes::{self, probes};
use crate::scope::Scope;
use crate::{isolate, jobs, platform};

/// Answers one request, whatever happens inside.
///
/// # Errors
/// Only when the platform refuses to make a response at all.
pub async fn answer(
    raw: &web_sys::Request,
    env: &worker::Env,
    context: worker::Context,
) -> worker::Result<web_sys::Response> {
    let started = platform::now_ms();
    let request = Request::new(raw);
    let request_id = request_id(&request);
    let settings = match isolate::settings(env) {
        Ok(settings) => settings,
        Err(error) => {
            return Reply::problem(&error, &request_id)
                .with("x-request-id", request_id.clone())
                .into_response(&request.method);
        }
    };
    let scope = Scope::new(env, settings, request_id, Some(context));
    let (route, result) = match shield::check(env, &request).await {
        Ok(()) => dispatch(&scope, &request).await,
        Err(error) => (None, Err(error)),
    };
    let mut reply = result.unwrap_or_else(|error| {
        scope.note_code(error.code.as_str());
        Reply::problem(&error, &scope.request_id)
    });
    let calls = scope.outbound.calls();
    let duration_ms = platform::elapsed_ms(started);
    let budget_ms = route.map_or(0, |route| route.budget_ms);
    log(&scope, &request, route, reply.status, duration_ms, budget_ms);
    count(&scope, route, reply.status, duration_ms, budget_ms);
    let origin = request.header("origin");
    reply.headers.extend(cors::answer_headers(origin.as_deref(), &scope.settings.auth.allowed_origins));
    if let Some((policy, verdict)) = scope.notes().limit {
        reply.headers.extend(verdict.headers(policy));
    }
    reply
        .with("server-timing", timing::server_timing(&calls, duration_ms, budget_ms))
        .with("x-request-id", scope.request_id)
        .into_response(&request.method)
}

/// The cron's run: every job, each in a bounded batch. `scheduled_ms` is the planned time, milliseconds since 1970.
pub async fn work(env: &worker::Env, scheduled_ms: f64) {
    // Wrong settings are logged by name; there is nobody to answer to.
    let Ok(settings) = isolate::settings(env) else { return };
    let scope = Scope::new(env, settings, platform::random_uuid(), None);
    jobs::run(&scope, scheduled_ms).await;
    if let Some(counts) = counters::take_due() {
        flush::flush(scope.detached(), counts).await;
    }
}

fn count(scope: &Scope, route: Option<&Route>, status: u16, duration_ms: u32, budget_ms: u32) {
    let path = route.map_or("unmatched", |route| route.path);
    let class = ["1xx", "2xx", "3xx", "4xx", "5xx"].get(usize::from(status / 100).saturating_sub(1));
    let class = class.copied().unwrap_or("other");
    counters::count("gatehouse_requests_total", &[("route", path), ("status", class)], 1);
    counters::count("gatehouse_request_milliseconds_total", &[("route", path)], duration_ms.into());
    if route.is_some() && duration_ms > budget_ms {
        counters::count("gatehouse_requests_over_budget_total", &[("route", path)], 1);
    }
    let notes = scope.notes();
    if let Some(code) = notes.code {
        counters::count("gatehouse_refusals_total", &[("code", code)], 1);
    }
    if let Some(tier) = notes.cache {
        counters::count("gatehouse_manifest_reads_total", &[("tier", tier)], 1);
    }
    if let Some(counts) = counters::take_due() {
        scope.wait_until(flush::flush(scope.detached(), counts));
    }
}

/// Finds the route and runs its handler, once the request has what the route's row asks for.
async fn dispatch(scope: &Scope, request: &Request<'_>) -> (Option<&'static Route>, Result<Reply, Error>) {
    match route::find(&request.method, &request.path) {
        Matched::Route(route, params) => {
            let work = routes::handle(scope, request, route, &params);
            (Some(route), without_panic(scope, work).await)
        }
        Matched::MethodNotAllowed(allow) if is_preflight(request) => {
            (None, preflight(scope, request, &allow))
        }
        Matched::MethodNotAllowed(allow) => {
            let error = Error::with_detail(
                ErrorCode::MethodNotAllowed,
                format!("{} takes {allow}, not {}.", request.path, request.method),
            );
            scope.note_code(error.code.as_str());
            (None, Ok(Reply::problem(&error, &scope.request_id).with("allow", allow)))
        }
        Matched::NotFound => match probes::find(scope, request) {
            Some(probe) => (None, without_panic(scope, probes::run(probe, request)).await),
            None => (None, Err(ErrorCode::RouteNotFound.into())),
        },
    }
}

/// Whether a browser asks before it lets a page of another origin send something.
fn is_preflight(request: &Request<'_>) -> bool {
    request.method == "OPTIONS" && request.header("access-control-request-method").is_some()
}

/// # Errors
/// `origin_not_allowed`.
fn preflight(scope: &Scope, request: &Request<'_>, methods: &str) -> Result<Reply, Error> {
    let origin = request.header("origin").unwrap_or_default();
    if !cors::is_allowed(&origin, &scope.settings.auth.allowed_origins) {
        return Err(ErrorCode::OriginNotAllowed.into());
    }
    let mut reply = Reply::empty(204);
    reply.headers.extend(cors::preflight_headers(methods));
    Ok(reply)
}

/// Turns a panic into a 500 of this request alone. The build unwinds (docs/decisions/0002), so the requests
/// beside it and after it go on in the same instance.
async fn without_panic(
    scope: &Scope,
    work: impl Future<Output = Result<Reply, Error>>,
) -> Result<Reply, Error> {
    let mut work = pin!(work);
    std::future::poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(poll) => poll,
        Err(payload) => {
            let message = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let message = message.or_else(|| payload.downcast_ref::<String>().cloned());
            scope.note_cause(format!("panic: {}", message.unwrap_or_default()));
            Poll::Ready(Err(ErrorCode::Internal.into()))
        }
    })
    .await
}

/// The caller's id when it is a sane one, so that a trace can cross systems; else a new one.
fn request_id(request: &Request<'_>) -> String {
    let is_sane = |id: &String| {
        (8..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    request.header("x-request-id").filter(is_sane).unwrap_or_else(platform::random_uuid)
}

fn log(
    scope: &Scope,
    request: &Request<'_>,
    route: Option<&Route>,
    status: u16,
    duration_ms: u32,
    budget_ms: u32,
) {
    let notes = scope.notes();
    let line = RequestLine {
        event: "request",
        level: level(status),
        request_id: &scope.request_id,
        method: &request.method,
        route: route.map_or("unmatched", |route| route.path),
        status,
        duration_ms,
        budget_ms,
        over_budget: route.is_some() && duration_ms > budget_ms,
        calls: &scope.outbound.calls(),
        code: notes.code,
        cause: notes.cause.as_deref(),
        workspace_id: notes.workspace_id.as_deref(),
        user_id: notes.user_id.as_deref(),
        cache: notes.cache,
        tiers: &notes.tiers,
        deployment: &scope.settings.deployment,
    };
    platform::console_log(&serde_json::to_string(&line).unwrap_or_default());
}
