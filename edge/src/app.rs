//! The life of a request: id, settings, route, handler, answer, log line.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use gatehouse_core::cors;
use gatehouse_core::env::Env;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::log::{RequestLine, TierLine, level};
use gatehouse_core::rate_limit::{Policy, Verdict};
use gatehouse_core::route::{self, Matched, Route};

use crate::http::{Reply, Request};
use crate::outbound::Outbound;
use crate::routes::probes;
use crate::{isolate, jobs, metrics, observe, platform, routes, shield};

/// What a handler works with: settings, the outbound calls, and notes for the log line.
pub struct Scope {
    /// The checked settings.
    pub settings: Rc<Env>,
    /// The one way out.
    pub outbound: Outbound,
    /// The request's id.
    pub request_id: String,
    /// None in the cron, which waits for its own work.
    context: Option<Rc<worker::Context>>,
    notes: RefCell<Notes>,
}

#[derive(Default)]
struct Notes {
    user_id: Option<String>,
    workspace_id: Option<String>,
    cache: Option<&'static str>,
    tiers: Vec<TierLine>,
    cause: Option<String>,
    code: Option<&'static str>,
    limit: Option<(&'static Policy, Verdict)>,
}

impl Scope {
    /// A scope for work after the answer: the same request id, its own calls, no notes for the request's line.
    pub fn background(&self) -> Self {
        Self {
            settings: Rc::clone(&self.settings),
            outbound: Outbound::new(self.request_id.clone()),
            request_id: self.request_id.clone(),
            context: self.context.clone(),
            notes: RefCell::default(),
        }
    }

    /// A scope for what belongs to no request: it has an id and calls of its own.
    pub fn apart(&self) -> Self {
        let request_id = platform::random_uuid();
        Self { outbound: Outbound::new(request_id.clone()), request_id, ..self.background() }
    }

    /// Logs work after the answer, when it failed or wrote into a tier.
    pub fn log_background(&self, work: &str, failed: Option<Error>) {
        let notes = self.notes.borrow();
        if failed.is_none() && notes.tiers.is_empty() {
            return;
        }
        let line = serde_json::json!({
            "event": "background", "level": if failed.is_some() { "warn" } else { "info" },
            "request_id": self.request_id, "workspace_id": notes.workspace_id, "work": work, "code": failed.map(|error| error.code.as_str()),
            "cause": notes.cause, "calls": self.outbound.calls(), "tiers": notes.tiers,
        });
        platform::console_log(&line.to_string());
    }

    /// Runs work after the answer has gone out.
    pub fn after(&self, work: impl Future<Output = ()> + 'static) {
        if let Some(context) = &self.context {
            context.wait_until(work);
        }
    }

    /// Notes the session's subject for the log.
    pub fn note_user(&self, id: &str) {
        self.notes.borrow_mut().user_id = Some(id.to_owned());
    }

    /// Notes the workspace for the log.
    pub fn note_workspace(&self, id: &str) {
        self.notes.borrow_mut().workspace_id = Some(id.to_owned());
    }

    /// Notes which cache tier answered.
    pub fn note_cache(&self, tier: &'static str) {
        self.notes.borrow_mut().cache = Some(tier);
    }

    /// Notes what a cache tier gave or was given.
    pub fn note_tier(&self, line: TierLine) {
        self.notes.borrow_mut().tiers.push(line);
    }

    /// Notes what a named limit said, for the answer's headers.
    pub fn note_limit(&self, policy: &'static Policy, verdict: Verdict) {
        self.notes.borrow_mut().limit = Some((policy, verdict));
    }

    /// Notes a technical cause, which the log has and the caller never sees.
    pub fn note_cause(&self, cause: impl Into<String>) {
        self.notes.borrow_mut().cause = Some(cause.into());
    }
}

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
                .into_response();
        }
    };
    let scope = Scope {
        settings,
        outbound: Outbound::new(request_id.clone()),
        request_id,
        context: Some(Rc::new(context)),
        notes: RefCell::default(),
    };
    let (route, result) = match shield::check(env, &request).await {
        Ok(()) => dispatch(&scope, &request).await,
        Err(error) => (None, Err(error)),
    };
    let mut reply = result.unwrap_or_else(|error| {
        scope.notes.borrow_mut().code = Some(error.code.as_str());
        Reply::problem(&error, &scope.request_id)
    });
    let calls = scope.outbound.calls();
    let duration_ms = platform::elapsed_ms(started);
    let budget_ms = route.map_or(0, |route| route.budget_ms);
    log(&scope, &request, route, reply.status, duration_ms, budget_ms);
    count(&scope, route, reply.status, duration_ms, budget_ms);
    let origin = request.header("origin");
    reply.headers.extend(cors::answer_headers(origin.as_deref(), &scope.settings.auth.allowed_origins));
    if let Some((policy, verdict)) = scope.notes.borrow().limit {
        reply.headers.extend(verdict.headers(policy));
    }
    reply
        .with("server-timing", observe::server_timing(&calls, duration_ms, budget_ms))
        .with("x-request-id", scope.request_id)
        .into_response()
}

/// The cron's run: every job, each in a bounded batch. `scheduled_ms` is the planned time, milliseconds since 1970.
pub async fn work(env: &worker::Env, scheduled_ms: f64) {
    // Wrong settings are logged by name; there is nobody to answer to.
    let Ok(settings) = isolate::settings(env) else { return };
    let request_id = platform::random_uuid();
    let scope = Scope {
        settings,
        outbound: Outbound::new(request_id.clone()),
        request_id,
        context: None,
        notes: RefCell::default(),
    };
    jobs::run(&scope, scheduled_ms).await;
    if let Some(counts) = metrics::take_due() {
        metrics::flush(scope.apart(), counts).await;
    }
}

fn count(scope: &Scope, route: Option<&Route>, status: u16, duration_ms: u32, budget_ms: u32) {
    let path = route.map_or("unmatched", |route| route.path);
    let class = ["1xx", "2xx", "3xx", "4xx", "5xx"].get(usize::from(status / 100).saturating_sub(1));
    let class = class.copied().unwrap_or("other");
    metrics::count("gatehouse_requests_total", &[("route", path), ("status", class)], 1);
    metrics::count("gatehouse_request_milliseconds_total", &[("route", path)], duration_ms.into());
    if route.is_some() && duration_ms > budget_ms {
        metrics::count("gatehouse_requests_over_budget_total", &[("route", path)], 1);
    }
    let notes = scope.notes.borrow();
    if let Some(code) = notes.code {
        metrics::count("gatehouse_refusals_total", &[("code", code)], 1);
    }
    if let Some(tier) = notes.cache {
        metrics::count("gatehouse_manifest_reads_total", &[("tier", tier)], 1);
    }
    if let Some(counts) = metrics::take_due() {
        scope.after(metrics::flush(scope.apart(), counts));
    }
}

async fn dispatch(scope: &Scope, request: &Request<'_>) -> (Option<&'static Route>, Result<Reply, Error>) {
    match route::find(&request.method, &request.path) {
        Matched::Route(route, params) => {
            let work = async {
                request.check_announced(route.max_body).await?;
                routes::handle(scope, request, route, &params).await
            };
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
            scope.notes.borrow_mut().code = Some(error.code.as_str());
            (None, Ok(Reply::problem(&error, &scope.request_id).with("allow", allow)))
        }
        Matched::NotFound => match probes::asked(scope, request) {
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
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(poll) => poll,
        Err(payload) => {
            let words = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let words = words.or_else(|| payload.downcast_ref::<String>().cloned());
            scope.note_cause(format!("panic: {}", words.unwrap_or_default()));
            Poll::Ready(Err(ErrorCode::Internal.into()))
        }
    })
    .await
}

/// The caller's id when it is a sane one, so that a trace can cross systems; else a new one.
fn request_id(request: &Request<'_>) -> String {
    let sane = |id: &String| {
        (8..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    request.header("x-request-id").filter(sane).unwrap_or_else(platform::random_uuid)
}

fn log(
    scope: &Scope,
    request: &Request<'_>,
    route: Option<&Route>,
    status: u16,
    duration_ms: u32,
    budget_ms: u32,
) {
    let notes = scope.notes.borrow();
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
