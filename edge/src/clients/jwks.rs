//! The Auth server's public keys.

use gatehouse_core::auth::Jwks;
use gatehouse_core::error::{Error, ErrorCode};

use super::unavailable;
use crate::outbound::Call;
use crate::scope::Scope;

/// When to give up, in milliseconds.
pub const DEADLINE_MS: u32 = 2_000;

/// Fetches the key set.
///
/// # Errors
/// `dependency_unavailable`.
pub async fn fetch(scope: &Scope) -> Result<Jwks, Error> {
    let url = format!("{}/.well-known/jwks.json", scope.settings.auth.issuer);
    let call = Call {
        service: "auth",
        operation: "jwks",
        method: "GET",
        url: &url,
        headers: &[("apikey", &scope.settings.supabase_publishable_key)],
        body: None,
        deadline_ms: DEADLINE_MS,
    };
    let answer = scope.outbound.send(call).await.map_err(|unanswered| unavailable(scope, &unanswered))?;
    let keys = (answer.status == 200).then(|| Jwks::parse(&answer.body)).flatten();
    keys.ok_or_else(|| {
        scope.note_cause(format!("auth answered {} to jwks", answer.status));
        Error::with_detail(ErrorCode::DependencyUnavailable, "The sign-in service has no readable keys.")
    })
}
