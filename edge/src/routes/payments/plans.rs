//! `GET /payments/v2/plans`

use gatehouse_core::plan::plans as catalogue;

use crate::http::Reply;

/// The catalogue. It is the same for everybody and changes with a deployment.
pub fn plans() -> Reply {
    Reply::json(200, &catalogue()).with("cache-control", "public, max-age=300")
}
