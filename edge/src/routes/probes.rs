//! Routes for tests and benchmarks, in development only.

use gatehouse_core::context::{BusinessContext, compress, reduce, wrap_document};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::validator::{Subject, validate_bytes};
use serde_json::json;

use crate::entry::query_number;
use crate::http::{Reply, Request, parse_object};
use crate::scope::Scope;

/// The largest business context.
const MAX_CONTEXT: usize = 262_144;
/// Beyond every limit that the validator has.
const MAX_DOCUMENT: usize = 8_388_608;

/// A route for tests.
#[derive(Clone, Copy)]
pub enum Probe {
    /// `POST /__panic`: proves that a panic stays within its request.
    Panic,
    /// `POST /__reduce`: what making a manifest costs, repeated so often that it can be measured from outside. The
    /// platform's own clock stands still while code computes.
    Reduce,
    /// `POST /__validate`: what the validator in this very module says, also to what no route takes.
    Validate,
}

/// The probe that a request is for.
pub fn find(scope: &Scope, request: &Request<'_>) -> Option<Probe> {
    if scope.settings.deployment != "development" || request.method != "POST" {
        return None;
    }
    match request.path.as_str() {
        "/__panic" => Some(Probe::Panic),
        "/__reduce" => Some(Probe::Reduce),
        "/__validate" => Some(Probe::Validate),
        _ => None,
    }
}

/// Answers a probe.
///
/// # Errors
/// `body_invalid`, `body_too_large`, `query_invalid`, `manifest_too_large`.
pub async fn run(probe: Probe, request: &Request<'_>) -> Result<Reply, Error> {
    match probe {
        Probe::Panic => run_panic(),
        Probe::Reduce => run_reduce(request).await,
        Probe::Validate => run_validate(request).await,
    }
}

#[expect(clippy::panic, reason = "this is what the probe is for")]
fn run_panic() -> Result<Reply, Error> {
    panic!("asked to panic")
}

/// Reduces, hashes and deflates the business context of the body `times` times.
async fn run_reduce(request: &Request<'_>) -> Result<Reply, Error> {
    let context: BusinessContext = parse_object(&request.body(MAX_CONTEXT).await?)?;
    let times = query_number(request, "times", 100_000)?.unwrap_or(1);
    let mut packed = 0;
    for _ in 0..times {
        let reduced = reduce(std::hint::black_box(&context))?;
        packed = compress(&wrap_document(&reduced.checksum, &reduced.canonical)).len();
    }
    if packed == 0 {
        return Err(ErrorCode::Internal.into());
    }
    Ok(Reply::json(200, &json!({"times": times, "packed": packed})))
}

/// Lists the faults of the body, held against the schema that the query names.
async fn run_validate(request: &Request<'_>) -> Result<Reply, Error> {
    let subject = request.query("schema").and_then(Subject::parse);
    let subject =
        subject.ok_or_else(|| Error::with_detail(ErrorCode::QueryInvalid, "`schema` must name a schema."))?;
    Ok(Reply::json(200, &validate_bytes(subject, &request.body(MAX_DOCUMENT).await?)))
}
