//! `GET /health`

use gatehouse_core::api::Health;

use crate::http::Reply;

/// Says that the Worker runs. It asks nobody, so it is true of this isolate alone.
pub fn health() -> Reply {
    Reply::json(200, &Health { status: "ok".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() })
}
