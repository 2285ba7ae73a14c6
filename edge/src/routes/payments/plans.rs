//! `GET /payments/v2/plans`

use gatehouse_core::api::Plans;
use gatehouse_core::error::Error;
use gatehouse_core::plan::CATALOGUE;

use crate::entry::Call;
use crate::http::Reply;
use crate::scope::Scope;

/// The catalogue. It is the same for everybody and changes with a deployment.
pub async fn plans(_: &Scope, _: Call<'_>) -> Result<Reply, Error> {
    Ok(Reply::json(200, &Plans { currency: "INR", plans: CATALOGUE })
        .with("cache-control", "public, max-age=300"))
}
