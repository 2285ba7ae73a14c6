//! Where a workspace's manifest is read from and written to: three tiers in Redis, Postgres behind them, and the fence
//! that keeps a reader from ever seeing an older version than the last committed one.

mod fence;
mod source;
mod stored;
mod tiers;

use gatehouse_core::context::verify_manifest;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::json::Json;
use gatehouse_core::rate_limit;
use gatehouse_core::route::Route;
use gatehouse_core::vocabulary::CacheTier;
use serde::Deserialize;
use serde_json::{Value, json};

pub use fence::{Fence, Raised, Seen, SessionNow, raise_fence, raise_fence_for_cron, raise_fence_once};
pub use source::{Made, Source, read_source};
use stored::Version;
pub use stored::{Stored, store, written};
use tiers::{Found, Ready, retrieve_bcm, store_bcm};

use crate::app::Scope;
use crate::audit;
use crate::clients::postgrest;
use crate::limits;
use crate::session::SignedIn;

/// A manifest ready to be sent: its JSON text and its ETag.
pub struct Loaded {
    /// The strong ETag.
    pub etag: String,
    /// The manifest as JSON.
    pub document: String,
    /// Where it came from.
    pub tier: CacheTier,
    /// The part that was away, where one was: without Redis Postgres answers, without Postgres Redis does.
    pub degraded: Option<&'static str>,
}

/// `read_manifest()` of the database.
#[derive(Deserialize)]
struct FromPostgres {
    membership: Value,
    manifest: Option<Row>,
}

#[derive(Deserialize)]
struct Row {
    #[serde(flatten)]
    version: Version,
    content: Json,
}

/// Loads the manifest for a member of the workspace, counted against the route's limit where it has one. One call
/// when Redis has both the membership and the manifest, one more for each tier that is broken, and one for Postgres;
/// what that answered is kept after the answer. While Postgres is away a membership of the last 15 minutes still reads.
///
/// # Errors
/// `workspace_not_found` for anybody else, `manifest_not_found` before the first onboarding, `rate_limited`,
/// `dependency_unavailable`.
pub async fn load(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    route: &Route,
) -> Result<Loaded, Error> {
    let user_id = &person.session.user_id;
    let policy = rate_limit::policy(route.id);
    let looked = retrieve_bcm(scope, workspace_id, user_id, policy).await;
    let redis_away = looked.is_err();
    let look = looked.unwrap_or_default();
    if let Some(policy) = policy {
        limits::judge(scope, policy, look.verdict.as_ref())?;
    }
    let spare = match look.found {
        Some(Found::None) if look.member => return Err(ErrorCode::ManifestNotFound.into()),
        Some(Found::Manifest(hit)) if look.member => {
            if hit.refresh || !hit.repair.is_empty() {
                refresh(scope, person, workspace_id, look.generation, &hit);
            }
            return Ok(hit.into_loaded(None));
        }
        Some(Found::Manifest(spare)) => Some(spare),
        _ => None,
    };
    let answer = match from_postgres(scope, person, workspace_id).await {
        Ok(answer) => answer,
        Err(error) => {
            if error.code == ErrorCode::WorkspaceNotFound {
                audit::record_denied(scope, workspace_id, user_id);
            }
            return match spare.filter(|_| error.code == ErrorCode::DependencyUnavailable) {
                Some(spare) => Ok(spare.into_loaded(Some("postgres"))),
                None => Err(error),
            };
        }
    };
    if !redis_away {
        let background = scope.background();
        let (workspace_id, user_id) = (workspace_id.to_owned(), user_id.clone());
        let answer = answer.clone();
        scope.after(async move {
            // A cache that cannot be filled costs the next reader a call and nothing else; the cause is logged.
            let kept = store_bcm(&background, &workspace_id, &user_id, &answer, look.generation).await;
            background.log_background("keep_manifest", kept.err());
        });
    }
    let ready = answer.manifest.ok_or(ErrorCode::ManifestNotFound)?;
    let degraded = redis_away.then_some("redis");
    Ok(Loaded { etag: ready.etag, document: ready.document, tier: CacheTier::Origin, degraded })
}

/// What Postgres said, the manifest verified.
#[derive(Clone)]
struct Origin {
    membership: String,
    manifest: Option<Ready>,
}

/// Reads with the person's own token. A manifest whose content is not what its checksum says goes to nobody.
async fn from_postgres(scope: &Scope, person: &SignedIn, workspace_id: &str) -> Result<Origin, Error> {
    let arguments = json!({"p_workspace_id": workspace_id});
    let answer: FromPostgres = postgrest::rpc(scope, person, "rpc/read_manifest", &arguments)
        .await
        .map_err(postgrest::Failure::into_error)?;
    let manifest = answer.manifest.map(|row| row.version.manifest(row.content));
    if manifest.as_ref().is_some_and(|manifest| !verify_manifest(manifest)) {
        scope.note_cause("the manifest in Postgres does not have its checksum");
        return Err(ErrorCode::Internal.into());
    }
    Ok(Origin { membership: answer.membership.to_string(), manifest: manifest.as_ref().map(Ready::new) })
}

/// After the answer: what Postgres has by now goes into every tier. Where nobody was to ask it, or it cannot be asked,
/// the tiers that were empty or broken are written again from the one that was not.
fn refresh(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    generation: Option<String>,
    hit: &tiers::Hit,
) {
    let background = scope.background();
    let (person, workspace_id, hit) = (person.clone(), workspace_id.to_owned(), hit.clone());
    scope.after(async move {
        let mut failed = None;
        if hit.refresh {
            failed = match from_postgres(&background, &person, &workspace_id).await {
                Ok(answer) => {
                    let user_id = &person.session.user_id;
                    store_bcm(&background, &workspace_id, user_id, &answer, generation).await.err()
                }
                Err(error) => Some(error),
            };
        }
        if !hit.refresh || failed.is_some() {
            failed = tiers::repair(&background, &workspace_id, &hit).await.err().or(failed);
        }
        background.log_background("refresh_manifest", failed);
    });
}
