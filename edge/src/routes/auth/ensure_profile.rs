//! `POST /auth/ensure-profile`

use gatehouse_core::api::EnsureProfile;
use gatehouse_core::error::{Error, ErrorCode};
use serde_json::json;

use crate::app::Scope;
use crate::clients::postgrest::{self, Failure};
use crate::http::{Reply, Request};
use crate::session;

/// Makes sure of profile, workspace and ownership. Safe to repeat, and it heals half-made accounts.
///
/// 1. The session: 401; an anonymous one: 403.
/// 2. One function does all of it in one transaction: 503.
/// 3. 201 when anything was made, else 200.
pub async fn ensure_profile(scope: &Scope, request: &Request<'_>) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    if person.session.is_anonymous {
        return Err(ErrorCode::AnonymousNotAllowed.into());
    }
    // 2.
    let profile: EnsureProfile = postgrest::rpc(scope, &person, "rpc/ensure_profile", &json!({}))
        .await
        .map_err(Failure::into_error)?;
    // 3.
    Ok(Reply::json(if profile.created { 201 } else { 200 }, &profile))
}
