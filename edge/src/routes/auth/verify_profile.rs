//! `GET /auth/verify-profile`

use gatehouse_core::error::Error;
use gatehouse_core::gate::{self, ProfileFacts};
use serde_json::json;

use crate::app::Scope;
use crate::clients::postgrest::{self, Failure};
use crate::http::{Reply, Request};
use crate::{platform, session};

/// Says which conditions are met and what comes next.
///
/// 1. The session: 401.
/// 2. The facts, read with the person's own token: 503.
/// 3. Core judges them: 200, ready or not.
pub async fn verify_profile(scope: &Scope, request: &Request<'_>) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    // 2.
    let facts: ProfileFacts = postgrest::rpc(scope, &person, "rpc/verify_profile", &json!({}))
        .await
        .map_err(Failure::into_error)?;
    // 3.
    Ok(Reply::json(200, &gate::verify_profile(&facts, platform::now())))
}
