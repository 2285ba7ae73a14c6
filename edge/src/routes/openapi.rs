//! `GET /openapi.json`

use gatehouse_core::error::Error;

use crate::entry::Call;
use crate::http::Reply;
use crate::scope::Scope;

/// The OpenAPI document. It is a static asset, so that the Worker's code does not carry its text.
///
/// 1. The asset: 500 where the deployment lacks it.
/// 2. 200, for pages of every origin.
pub async fn openapi(scope: &Scope, _: Call<'_>) -> Result<Reply, Error> {
    // 1.
    let document = scope.asset("openapi.json").await?;
    // 2.
    Ok(Reply::json_text(200, document)
        .with("cache-control", "public, max-age=300")
        .with("cross-origin-resource-policy", "cross-origin")
        .with("access-control-allow-origin", "*"))
}
