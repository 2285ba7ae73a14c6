//! `GET /auth/gate`

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::gate::{GateAnswer, GateFacts, ProfileFacts, decide_gate, pages};
use gatehouse_core::vocabulary::SignIn;
use serde_json::json;

use crate::app::Scope;
use crate::clients::postgrest::{self, Failure};
use crate::http::{Reply, Request};
use crate::platform;
use crate::routes::workspace_id;
use crate::session::{self, SignedIn};

/// Decides about the page that `path` names, and says why. Whoever asks gets a decision: a missing or bad session is
/// one, and so are facts that cannot be had.
///
/// 1. The session, judged and not required; one that cannot be checked is unknown.
/// 2. The workspace of `X-Workspace-Id` or `workspace`, where one is named: 400.
/// 3. The facts, with the person's own token; support's through a function that leaves an audit row. An outsider: 404.
/// 4. Core decides: 200.
pub async fn gate(scope: &Scope, request: &Request<'_>) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await;
    let mut session = match &person {
        Ok(person) if person.session.is_anonymous => SignIn::Anonymous,
        Ok(_) => SignIn::Valid,
        Err(error) => sign_in(error.code),
    };
    // 2.
    let named = request.header("x-workspace-id").or_else(|| request.query("workspace").map(str::to_owned));
    let workspace = named.map(|id| workspace_id(scope, &id)).transpose()?;
    // 3.
    let profile = match &person {
        Ok(person) if session == SignIn::Valid => match facts(scope, person, workspace.as_deref()).await {
            Ok(profile) => Some(profile),
            Err(error) if error.code == ErrorCode::WorkspaceNotFound => return Err(error),
            // The database judges the token too, and its clock may say that it has just expired.
            Err(error) if sign_in(error.code) != SignIn::Unknown => {
                session = sign_in(error.code);
                None
            }
            Err(_) => None,
        },
        _ => None,
    };
    // 4.
    let facts = GateFacts { session, profile };
    let address = request.query("path").map(pages::decode).unwrap_or_default();
    let view = decide_gate(&facts, &address, platform::now());
    Ok(Reply::json(200, &GateAnswer { view, facts }))
}

async fn facts(scope: &Scope, person: &SignedIn, workspace: Option<&str>) -> Result<ProfileFacts, Error> {
    let read = match workspace {
        Some(workspace) if person.session.support => {
            let arguments = json!({
                "p_workspace_id": workspace, "p_actor": person.session.user_id, "p_request_id": scope.request_id,
            });
            postgrest::rpc_as_service(scope, "rpc/explain_workspace", &arguments).await
        }
        _ => postgrest::rpc(scope, person, "rpc/read_gate", &json!({"p_workspace_id": workspace})).await,
    };
    read.map_err(Failure::into_error)
}

/// What a refused session is at the gate. What is no verdict about the session leaves it unknown.
fn sign_in(code: ErrorCode) -> SignIn {
    match code {
        ErrorCode::TokenMissing => SignIn::Missing,
        ErrorCode::TokenExpired => SignIn::Expired,
        ErrorCode::TokenInvalid | ErrorCode::AccountNotFound => SignIn::Invalid,
        _ => SignIn::Unknown,
    }
}
