//! PostgREST, with the person's own token: row-level security and the functions decide what they may see.
//!
//! Every call is one function (`POST /rpc/…`): one round trip, one transaction.

use gatehouse_core::error::{Error, ErrorCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::unavailable;
use crate::entry::{Member, Person, UnverifiedMember};
use crate::outbound::Call;
use crate::scope::Scope;

/// Below the fence's life in Redis and Supabase's 8 s statement timeout, above a cold database's first answer.
const DEADLINE_MS: u32 = 4_000;

/// Why a function call failed.
pub enum Failure {
    /// The database refused: nothing was changed.
    Refused(Error),
    /// No answer, or a fault of the database: a write may or may not have happened.
    Unknown(Error),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) | Failure::Unknown(error) => error,
        }
    }
}

/// PostgREST's error body.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    code: Option<String>,
    message: Option<String>,
    details: Option<String>,
}

/// Calls a function of ours as a person. `operation` is `rpc/<function>`.
///
/// # Errors
/// [`Failure`]; our functions raise an error code of core as their message and a sentence as details.
pub async fn rpc<T: DeserializeOwned>(
    scope: &Scope,
    person: &Person,
    operation: &'static str,
    arguments: &serde_json::Value,
) -> Result<T, Failure> {
    let bearer = format!("Bearer {}", person.token);
    let headers = [("apikey", scope.settings.supabase_publishable_key.as_str()), ("authorization", &bearer)];
    call(scope, operation, &headers, arguments).await
}

/// Calls a function of ours as a member, with the workspace as its first argument. It is the route's first call and checks
/// membership, role, plan and seat itself.
///
/// # Errors
/// What the function refuses with, `dependency_unavailable`.
pub async fn first_rpc<'a, T: DeserializeOwned>(
    scope: &Scope,
    member: &'a UnverifiedMember,
    operation: &'static str,
    mut arguments: serde_json::Value,
) -> Result<(T, &'a Member), Error> {
    let member = member.checked_in_sql()?;
    if let Some(arguments) = arguments.as_object_mut() {
        arguments.insert("p_workspace_id".to_owned(), member.workspace_id.as_str().into());
    }
    Ok((rpc(scope, &member.person, operation, &arguments).await?, member))
}

/// Calls a function of ours as the service: for what PhonePe or a model says and for the cron's work, never for what a person says.
///
/// # Errors
/// As [`rpc`].
pub async fn rpc_as_service<T: DeserializeOwned>(
    scope: &Scope,
    operation: &'static str,
    arguments: &serde_json::Value,
) -> Result<T, Failure> {
    call(scope, operation, &[("apikey", scope.settings.supabase_secret_key.as_str())], arguments).await
}

async fn call<T: DeserializeOwned>(
    scope: &Scope,
    operation: &'static str,
    headers: &[(&str, &str)],
    arguments: &serde_json::Value,
) -> Result<T, Failure> {
    let url = format!("{}/rest/v1/{operation}", scope.settings.supabase_url);
    let call = Call {
        service: "postgrest",
        operation,
        method: "POST",
        url: &url,
        headers,
        body: Some(arguments.to_string()),
        deadline_ms: DEADLINE_MS,
    };
    let answer = scope
        .outbound
        .send(call)
        .await
        .map_err(|unanswered| Failure::Unknown(unavailable(scope, &unanswered)))?;
    // A function that answers nothing comes back as 204.
    let body: &[u8] = if answer.status == 204 { b"null" } else { &answer.body };
    match answer.status {
        200 | 204 => serde_json::from_slice(body).map_err(|error| {
            scope.note_cause(format!("{operation} answered another shape: {error}"));
            Failure::Unknown(ErrorCode::Internal.into())
        }),
        status => Err(refusal(scope, operation, status, &answer.body)),
    }
}

fn refusal(scope: &Scope, operation: &str, status: u16, body: &[u8]) -> Failure {
    let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let message = refusal.message.unwrap_or_default();
    let code = refusal.code.unwrap_or_default();
    if let Some(ours) = ErrorCode::parse(&message) {
        return Failure::Refused(Error::with_detail(
            ours,
            refusal.details.unwrap_or_else(|| ours.title().to_owned()),
        ));
    }
    scope.note_cause(format!("{operation} answered {status} {code}: {message}"));
    match (status, code.as_str()) {
        // PostgREST 12 answers so when its connection to the database breaks during a query.
        (400, "") if message.is_empty() => Failure::Unknown(unanswering()),
        // The token passed our check and not the database's: it expired in between, or the keys differ.
        (401, "PGRST301" | "PGRST303") => Failure::Refused(ErrorCode::TokenExpired.into()),
        (401, _) => Failure::Refused(ErrorCode::TokenInvalid.into()),
        // Serialization failures and deadlocks (class 40) come as 500 and are safe to repeat.
        (500, code) if code.starts_with("40") => Failure::Refused(ErrorCode::DependencyUnavailable.into()),
        // PostgREST found no connection, no schema or no room in its pool: nothing was begun.
        (503, "PGRST000" | "PGRST002") | (504, "PGRST003") => Failure::Refused(unanswering()),
        (502..=504, _) | (500, "57014") => Failure::Unknown(unanswering()),
        // The statement was refused before or while it ran, so it was rolled back.
        (400..=499, code) if !code.is_empty() => Failure::Refused(ErrorCode::Internal.into()),
        _ => Failure::Unknown(ErrorCode::Internal.into()),
    }
}

fn unanswering() -> Error {
    Error::with_detail(ErrorCode::DependencyUnavailable, "The database is not answering.")
}
