//! The Worker: event entry points only. What happens to a request is in [`app`]; what it is about, in core.

mod app;
mod clients;
mod entry;
mod http;
mod isolate;
mod jobs;
mod manifest_store;
mod observe;
mod onboarding_store;
mod outbound;
mod payments;
mod platform;
mod routes;
mod scope;

use worker::{Context, Env, ScheduleContext, ScheduledEvent, event};

/// One HTTP request. `web_sys` types both ways: the wrappers cost a fifth of a read's CPU (docs/PERFORMANCE.md).
#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, context: Context) -> worker::Result<web_sys::Response> {
    app::answer(&request, &env, context).await
}

/// The cron, every minute.
#[event(scheduled)]
async fn scheduled(event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    app::work(&env, event.schedule()).await;
}
