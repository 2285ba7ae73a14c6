//! `GET /auth/verify-profile`

use gatehouse_core::error::Error;
use gatehouse_core::gate::{self, ProfileFacts};
use serde_json::json;

use crate::clients::postgrest;
use crate::entry::{Call, Person};
use crate::http::Reply;
use crate::platform;
use crate::scope::Scope;

/// Says which conditions are met and what comes next.
///
/// 1. The facts, read with the person's own token: 503.
/// 2. Core judges them: 200, ready or not.
pub async fn verify_profile(scope: &Scope, call: Call<'_, Person>) -> Result<Reply, Error> {
    // 1.
    let facts: ProfileFacts = postgrest::rpc(scope, &call.caller, "rpc/verify_profile", &json!({})).await?;
    // 2.
    Ok(Reply::json(200, &gate::verify_profile(&facts, platform::now())))
}
