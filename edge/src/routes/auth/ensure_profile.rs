//! `POST /auth/ensure-profile`

use gatehouse_core::api::EnsureProfile;
use gatehouse_core::error::{Error, ErrorCode};
use serde_json::json;

use crate::clients::postgrest;
use crate::entry::{Bytes, Call, Person};
use crate::http::Reply;
use crate::scope::Scope;

/// Makes sure of profile, workspace and ownership. Safe to repeat, and it repairs incomplete accounts. A body is ignored.
///
/// 1. An anonymous session: 403.
/// 2. One function does all of it in one transaction: 503.
/// 3. 201 when anything was created, else 200.
pub async fn ensure_profile(scope: &Scope, call: Call<'_, Person, (), Bytes>) -> Result<Reply, Error> {
    // 1.
    if call.caller.session.is_anonymous {
        return Err(ErrorCode::AnonymousNotAllowed.into());
    }
    // 2.
    let profile: EnsureProfile =
        postgrest::rpc(scope, &call.caller, "rpc/ensure_profile", &json!({})).await?;
    // 3.
    Ok(Reply::json(if profile.created { 201 } else { 200 }, &profile))
}
