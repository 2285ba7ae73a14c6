//! `POST /__reduce`, in development only: what making a manifest costs, repeated so often that it can be measured from
//! outside. The platform's own clock stands still while code computes.

use gatehouse_core::context::{BusinessContext, pack, reduce, seal};
use gatehouse_core::error::{Error, ErrorCode};
use serde_json::json;

use super::whole;
use crate::app::Scope;
use crate::http::{Reply, Request};

/// The largest business context.
const MAX_BODY: usize = 262_144;

/// Whether a request is for this.
pub fn is_asked(scope: &Scope, request: &Request<'_>) -> bool {
    scope.settings.deployment == "development" && request.method == "POST" && request.path == "/__reduce"
}

/// Reduces, hashes and deflates the business context of the body `times` times.
///
/// # Errors
/// `body_invalid`, `query_invalid`, `manifest_too_large`.
pub async fn run(request: &Request<'_>) -> Result<Reply, Error> {
    let context: BusinessContext = request.json(MAX_BODY).await?;
    let times = whole(request, "times", 100_000)?.unwrap_or(1);
    let mut packed = 0;
    for _ in 0..times {
        let reduced = reduce(std::hint::black_box(&context))?;
        packed = pack(&seal(&reduced.checksum, &reduced.canonical)).len();
    }
    if packed == 0 {
        return Err(ErrorCode::Internal.into());
    }
    Ok(Reply::json(200, &json!({"times": times, "packed": packed})))
}
