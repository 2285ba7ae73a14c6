//! `/context/suggestions`: what a model suggests, stored apart until a person decides. Nothing here changes a manifest.

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::FieldId;
use gatehouse_core::suggestions::{
    DecideRequest, SuggestRequest, Suggestion, Suggestions, parse_fields, parse_response, prompt,
};
use gatehouse_core::uuid::is_uuid;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::clients::{postgrest, vertex};
use crate::entry::{Call, IdempotencyKey, JsonBody, Member, UnverifiedMember, idempotency};
use crate::http::Reply;
use crate::scope::Scope;

/// `begin_suggestions()` of the database.
#[derive(Deserialize)]
struct Begin {
    id: String,
    answers: Map<String, Value>,
}

/// The open suggestions.
///
/// 1. Read with the person's own token: 404, 503.
/// 2. 200.
pub async fn list(scope: &Scope, call: Call<'_, UnverifiedMember>) -> Result<Reply, Error> {
    // 1.
    let (suggestions, _): (Vec<Suggestion>, _) =
        postgrest::first_rpc(scope, &call.caller, "rpc/list_suggestions", json!({})).await?;
    // 2.
    Ok(Reply::json(200, &Suggestions { suggestions, left_out: Vec::new() }))
}

/// Asks a model for suggestions.
///
/// 1. No model: 501. The fields: 422.
/// 2. Claim the key; a repeat gets the first answer: 409 while that is being made, 422 for another body. Too often: 429.
/// 3. One function checks role, plan, seat and the day's budget, and returns the answers so far: 404, 403, 429, 503.
/// 4. Ask the model: 502, 503. Its answer is checked by the fields' own rules: 502 when nothing usable is left.
/// 5. Store what is left: 503.
/// 6. 201 with it.
pub async fn suggest(
    scope: &Scope,
    call: Call<'_, UnverifiedMember, IdempotencyKey, JsonBody<SuggestRequest>>,
) -> Result<Reply, Error> {
    // 1.
    if scope.settings.vertex.is_none() {
        return Err(ErrorCode::SuggestionsOff.into());
    }
    let JsonBody(request) = &call.body;
    let fields =
        parse_fields(&request.fields).map_err(|why| Error::with_detail(ErrorCode::FieldsInvalid, why))?;
    // 2.
    let fingerprint = |workspace_id: &str| json!([workspace_id, fields]).to_string();
    let work = async |member: &Member| ask_model(scope, member, &fields).await;
    idempotency::once(scope, &call.caller, &call.key, fingerprint, work).await
}

async fn ask_model(scope: &Scope, member: &Member, fields: &[FieldId]) -> Result<Reply, Error> {
    let settings = scope.settings.vertex.as_ref().ok_or(ErrorCode::SuggestionsOff)?;
    // 3.
    let arguments = json!({"p_workspace_id": member.workspace_id, "p_fields": fields});
    let Begin { id, answers } =
        postgrest::rpc(scope, &member.person, "rpc/begin_suggestions", &arguments).await?;
    // 4.
    let body = vertex::generate(scope, settings, &prompt(&answers, fields)).await?;
    let usable = parse_response(&body, fields, &answers).map_err(|why| {
        Error::with_detail(ErrorCode::SuggestionsFailed, format!("{why} Nothing was changed."))
    })?;
    // 5.
    let usable_answers: Vec<_> =
        usable.answers.iter().map(|(field, answer)| json!({"field": field, "answer": answer})).collect();
    let arguments = json!({
        "p_id": id, "p_model": settings.model, "p_suggestions": usable_answers,
        "p_request_id": scope.request_id,
    });
    let suggestions: Vec<Suggestion> =
        postgrest::rpc_as_service(scope, "rpc/keep_suggestions", &arguments).await?;
    // 6.
    Ok(Reply::json(201, &Suggestions { suggestions, left_out: usable.left_out }))
}

/// Marks a suggestion accepted or dismissed.
///
/// 1. An id that cannot be one: 404.
/// 2. Marked by an owner or an admin, once: 403, 404, 409, 422, 503.
/// 3. 200 with its answer, which the person still has to save.
pub async fn decide(
    scope: &Scope,
    call: Call<'_, UnverifiedMember, (), JsonBody<DecideRequest>>,
) -> Result<Reply, Error> {
    // 1.
    let id = call.param("suggestion_id");
    if !is_uuid(id) {
        return Err(ErrorCode::SuggestionNotFound.into());
    }
    // 2.
    let JsonBody(DecideRequest { state }) = &call.body;
    let arguments = json!({"p_suggestion_id": id, "p_state": state, "p_request_id": scope.request_id});
    let (decided, _): (Suggestion, _) =
        postgrest::first_rpc(scope, &call.caller, "rpc/decide_suggestion", arguments).await?;
    // 3.
    Ok(Reply::json(200, &decided))
}
