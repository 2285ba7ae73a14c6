//! `GET /payments/v2/plans`

use gatehouse_core::api::Plans;
use gatehouse_core::plan::CATALOGUE;

use crate::http::Reply;

/// The catalogue. It is the same for everybody and changes with a deployment.
pub fn plans() -> Reply {
    Reply::json(200, &Plans { currency: "INR", plans: CATALOGUE })
        .with("cache-control", "public, max-age=300")
}
