//! The server of a service that is simulated in this process.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};

use super::interceptor::{Intercepted, Interceptor};
use crate::part::Part;

/// Largest request body in bytes: a mail with its attachments.
const MAX_BODY: usize = 40 * 1024 * 1024;

/// A service that nobody can install, simulated in memory. Clones share its state.
pub(crate) trait Simulator: Clone + Send + Sync + 'static {
    const PART: Part;

    /// Answers one API call.
    fn answer(&self, parts: &Parts, body: &Bytes) -> Response<Body>;

    /// The service's own error body for a status.
    fn injected_error(status: StatusCode) -> Response<Body>;

    /// A page for people, for which faults and the record do not apply; none = the request is an API call.
    fn page(&self, _request: &Request) -> Option<Response<Body>> {
        None
    }
}

/// The service as a router.
pub(crate) fn router<S: Simulator>(simulator: S, interceptor: Interceptor) -> Router {
    Router::new().fallback(handle::<S>).with_state((simulator, interceptor))
}

async fn handle<S: Simulator>(
    State((simulator, interceptor)): State<(S, Interceptor)>,
    request: Request,
) -> Response<Body> {
    if let Some(page) = simulator.page(&request) {
        return page;
    }
    let service = Intercepted { part: S::PART, max_body: MAX_BODY, injected_error: S::injected_error };
    interceptor
        .answer(service, request, async |parts, body, _| match body {
            Some(body) => simulator.answer(&parts, &body),
            None => S::injected_error(StatusCode::PAYLOAD_TOO_LARGE),
        })
        .await
}
