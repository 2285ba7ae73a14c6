//! `/context/suggestions`: what a model suggests, kept apart until a person decides. Nothing here touches a manifest.

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::FieldId;
use gatehouse_core::rate_limit;
use gatehouse_core::route::Route;
use gatehouse_core::suggestions::{
    DecideRequest, SuggestRequest, Suggestion, Suggestions, parse_fields, parse_response, prompt,
};
use gatehouse_core::uuid::is_uuid;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::app::Scope;
use crate::clients::postgrest::{self, Failure};
use crate::clients::vertex;
use crate::http::{Reply, Request};
use crate::idempotency;
use crate::routes::workspace;
use crate::session::{self, SignedIn};

/// `begin_suggestions()` of the database.
#[derive(Deserialize)]
struct Begin {
    id: String,
    answers: Map<String, Value>,
}

/// The open suggestions.
///
/// 1. The session: 401; the workspace header: 400.
/// 2. Read with the person's own token: 404, 503.
/// 3. 200.
pub async fn list(scope: &Scope, request: &Request<'_>) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    // 2.
    let arguments = json!({"p_workspace_id": workspace_id});
    let suggestions: Vec<Suggestion> = postgrest::rpc(scope, &person, "rpc/list_suggestions", &arguments)
        .await
        .map_err(Failure::into_error)?;
    // 3.
    Ok(Reply::json(200, &Suggestions { suggestions, left_out: Vec::new() }))
}

/// Asks a model for suggestions.
///
/// 1. The session: 401; the workspace header and the idempotency key: 400; no model: 501; the body: 413, 400; the
///    fields: 422.
/// 2. Claim the key; a repeat gets the first answer: 409 while that is at work, 422 for another body. Too often: 429.
/// 3. One function checks role, plan and the day's budget, and gives the answers so far: 404, 403, 429, 503.
/// 4. Ask the model: 502, 503. What it answers is checked by the fields' own rules: 502 when nothing is left.
/// 5. Keep what is left, apart: 503.
/// 6. 201 with it.
pub async fn ask(scope: &Scope, request: &Request<'_>, route: &Route) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    let key = idempotency::key_of(request)?;
    if scope.settings.vertex.is_none() {
        return Err(ErrorCode::SuggestionsOff.into());
    }
    let asked: SuggestRequest = request.json(route.max_body).await?;
    let fields =
        parse_fields(&asked.fields).map_err(|why| Error::with_detail(ErrorCode::FieldsInvalid, why))?;
    // 2.
    let meaning = json!([workspace_id, fields]).to_string();
    let policy = rate_limit::policy(route.id).ok_or(ErrorCode::Internal)?;
    let who = (person.session.user_id.as_str(), workspace_id.as_str());
    let work = suggest(scope, &person, &workspace_id, &fields);
    idempotency::once(scope, policy, who, &key, &meaning, work).await
}

async fn suggest(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    fields: &[FieldId],
) -> Result<Reply, Error> {
    let settings = scope.settings.vertex.as_ref().ok_or(ErrorCode::SuggestionsOff)?;
    // 3.
    let arguments = json!({"p_workspace_id": workspace_id, "p_fields": fields});
    let Begin { id, answers } = postgrest::rpc(scope, person, "rpc/begin_suggestions", &arguments)
        .await
        .map_err(Failure::into_error)?;
    // 4.
    let body = vertex::generate(scope, settings, &prompt(&answers, fields)).await?;
    let usable = parse_response(&body, fields, &answers).map_err(|why| {
        Error::with_detail(ErrorCode::SuggestionsFailed, format!("{why} Nothing was changed."))
    })?;
    // 5.
    let made: Vec<_> =
        usable.answers.iter().map(|(field, answer)| json!({"field": field, "answer": answer})).collect();
    let arguments = json!({"p_id": id, "p_model": settings.model, "p_suggestions": made, "p_request_id": scope.request_id});
    let suggestions: Vec<Suggestion> = postgrest::rpc_as_service(scope, "rpc/keep_suggestions", &arguments)
        .await
        .map_err(Failure::into_error)?;
    // 6.
    Ok(Reply::json(201, &Suggestions { suggestions, left_out: usable.left_out }))
}

/// Marks a suggestion accepted or dismissed.
///
/// 1. The session: 401; the workspace header: 400; the body: 413, 400; an id that is none: 404.
/// 2. Marked by an owner or an admin, once: 403, 404, 409, 422, 503.
/// 3. 200 with its answer, which is for the person to save.
pub async fn decide(scope: &Scope, request: &Request<'_>, route: &Route, id: &str) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    let asked: DecideRequest = request.json(route.max_body).await?;
    if !is_uuid(id) {
        return Err(ErrorCode::SuggestionNotFound.into());
    }
    // 2.
    let arguments = json!({
        "p_workspace_id": workspace_id, "p_suggestion_id": id, "p_state": asked.state, "p_request_id": scope.request_id,
    });
    let decided: Suggestion = postgrest::rpc(scope, &person, "rpc/decide_suggestion", &arguments)
        .await
        .map_err(Failure::into_error)?;
    // 3.
    Ok(Reply::json(200, &decided))
}
