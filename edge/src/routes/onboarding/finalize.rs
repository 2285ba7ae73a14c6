//! `POST /onboarding/finalize`

use gatehouse_core::api::Finalized;
use gatehouse_core::context::{Manifest, ManifestMeta, Reduced, reduce};
use gatehouse_core::error::Error;
use gatehouse_core::onboarding::{Answers, build_context, validate_answers};
use gatehouse_core::route::Route;
use gatehouse_core::time;
use gatehouse_core::vocabulary::BcmSource;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::app::Scope;
use crate::clients::postgrest::{self, Failure};
use crate::http::{Reply, Request};
use crate::manifest_store::{self, Fence};
use crate::routes::workspace;
use crate::session::SignedIn;
use crate::{platform, session};

#[derive(Deserialize)]
struct Body {
    answers: Map<String, Value>,
}

/// `finalize_onboarding()` of the database.
#[derive(Deserialize)]
struct Stored {
    created: bool,
    version: u32,
    checksum: String,
    source: BcmSource,
    meta: ManifestMeta,
    generated_at: String,
    confirmed_at: String,
}

/// Turns the answers into the workspace's manifest. Safe to repeat: equal content makes no new version.
///
/// 1. The session: 401; the workspace header: 400; the body: 413, 400.
/// 2. The answers, all problems at once: 422.
/// 3. Build the business context and reduce it: 422 when the guardrails alone exceed the budget.
/// 4. Raise the fence; no fence, no write: 503.
/// 5. One function checks membership and role and stores everything in one transaction: 404, 403, 503.
/// 6. Publish and lower the fence. With Redis away now, the write stands and `Degraded` says so.
/// 7. 201 for a new version, else 200.
pub async fn finalize(scope: &Scope, request: &Request<'_>, route: &Route) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    let body: Body = request.json(route.max_body).await?;
    // 2.
    let answers = validate_answers(&body.answers).map_err(Error::answers)?;
    // 3.
    let context = build_context(&answers, "", platform::now());
    let mut reduced = reduce(&context)?;
    reduced.meta.missing = answers.missing().iter().map(|id| id.as_str().to_owned()).collect();
    // 4.
    let fence = manifest_store::raise_fence(scope, &workspace_id).await?;
    // 5.
    let arguments = arguments(scope, &workspace_id, &answers, &json!(context), &reduced);
    let (stored, fence) = store(scope, &person, fence, &arguments).await?;
    // 6.
    let manifest = Manifest {
        version: stored.version,
        generated_at: time::normalise(&stored.generated_at),
        confirmed_at: time::normalise(&stored.confirmed_at),
        checksum: stored.checksum,
        source: stored.source,
        meta: stored.meta,
        content: reduced.content,
    };
    let published = fence.publish(scope, &manifest).await;
    // 7.
    let status = if stored.created { 201 } else { 200 };
    let reply = Reply::json(status, &Finalized { created: stored.created, manifest });
    Ok(if published { reply } else { reply.with("degraded", "redis") })
}

fn arguments(
    scope: &Scope,
    workspace_id: &str,
    answers: &Answers,
    context: &Value,
    reduced: &Reduced,
) -> Value {
    json!({
        "p_workspace_id": workspace_id, "p_answers": answers, "p_business_context": context,
        "p_content": reduced.canonical, "p_checksum": reduced.checksum,
        "p_token_estimate": reduced.meta.token_estimate, "p_meta": reduced.meta, "p_request_id": scope.request_id,
    })
}

/// Stores. A refusal lowers the fence; an unknown outcome leaves it to expire, since the commit may still come.
async fn store(
    scope: &Scope,
    person: &SignedIn,
    fence: Fence,
    arguments: &Value,
) -> Result<(Stored, Fence), Error> {
    match postgrest::rpc(scope, person, "rpc/finalize_onboarding", arguments).await {
        Ok(stored) => Ok((stored, fence)),
        Err(Failure::Refused(error)) => {
            fence.give_up(scope);
            Err(error)
        }
        Err(Failure::Unknown(error)) => Err(error),
    }
}
