//! `GET /health`

use gatehouse_core::api::Health;
use gatehouse_core::error::Error;

use crate::entry::Call;
use crate::http::Reply;
use crate::scope::Scope;

/// Says that the Worker runs. It makes no call, so it is true of this isolate alone.
pub async fn health(_: &Scope, _: Call<'_>) -> Result<Reply, Error> {
    Ok(Reply::json(200, &Health { status: "ok".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }))
}
