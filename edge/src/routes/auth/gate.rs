//! `GET /auth/gate`

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::gate::{GateAnswer, GateFacts, ProfileFacts, decide_gate, pages};
use gatehouse_core::vocabulary::SignIn;
use serde_json::json;

use crate::clients::postgrest;
use crate::entry::{Call, Person, Visitor};
use crate::http::Reply;
use crate::platform;
use crate::scope::Scope;

/// Decides about the page that `path` names, and says why. Everybody gets a decision: a missing or invalid session leads
/// to one, and so do facts that cannot be read.
///
/// 1. The session, judged and not required; one that cannot be checked is unknown.
/// 2. The facts, with the person's own token; support's through a function that leaves an audit row. An outsider: 404.
/// 3. Core decides: 200.
pub async fn gate(scope: &Scope, call: Call<'_, Visitor>) -> Result<Reply, Error> {
    // 1.
    let Visitor { person, workspace_id } = &call.caller;
    let mut session = match person {
        Ok(person) if person.session.is_anonymous => SignIn::Anonymous,
        Ok(_) => SignIn::Valid,
        Err(error) => sign_in(error.code),
    };
    // 2.
    let profile = match person {
        Ok(person) if session == SignIn::Valid => {
            match read_facts(scope, person, workspace_id.as_deref()).await {
                Ok(profile) => Some(profile),
                Err(error) if error.code == ErrorCode::WorkspaceNotFound => return Err(error),
                // The database judges the token too, and by its clock it may have just expired.
                Err(error) if sign_in(error.code) != SignIn::Unknown => {
                    session = sign_in(error.code);
                    None
                }
                Err(_) => None,
            }
        }
        _ => None,
    };
    // 3.
    let facts = GateFacts { session, profile };
    let address = call.query("path").map(pages::decode).unwrap_or_default();
    let view = decide_gate(&facts, &address, platform::now());
    Ok(Reply::json(200, &GateAnswer { view, facts }))
}

async fn read_facts(
    scope: &Scope,
    person: &Person,
    workspace_id: Option<&str>,
) -> Result<ProfileFacts, Error> {
    let facts = match workspace_id {
        Some(workspace_id) if person.session.support => {
            let arguments = json!({
                "p_workspace_id": workspace_id, "p_actor": person.session.user_id,
                "p_request_id": scope.request_id,
            });
            postgrest::rpc_as_service(scope, "rpc/explain_workspace", &arguments).await?
        }
        _ => postgrest::rpc(scope, person, "rpc/read_gate", &json!({"p_workspace_id": workspace_id})).await?,
    };
    Ok(facts)
}

/// What a refused session is at the gate. An error that says nothing about the session leaves it unknown.
fn sign_in(code: ErrorCode) -> SignIn {
    match code {
        ErrorCode::TokenMissing => SignIn::Missing,
        ErrorCode::TokenExpired => SignIn::Expired,
        ErrorCode::TokenInvalid | ErrorCode::AccountNotFound => SignIn::Invalid,
        _ => SignIn::Unknown,
    }
}
