//! Reading the manifest: from a tier of the cache, else from Postgres.

use gatehouse_core::context::verify_manifest;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::json::Json;
use gatehouse_core::vocabulary::CacheTier;
use serde::Deserialize;
use serde_json::{Value, json};

use super::stored::Version;
use super::tiers::{Cached, Loaded, Origin, SerializedManifest, TierHit, repair, retrieve_bcm, store_bcm};
use crate::clients::postgrest;
use crate::entry::{Member, UnverifiedMember, limits};
use crate::observe::audit;
use crate::scope::Scope;

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

/// Loads the manifest for a member of the workspace, counted against the route's limit where it has one. Usually one
/// Redis call is enough; each damaged tier costs one call more, and so does asking Postgres, whose answer is cached after
/// the response. While Postgres is unavailable, a membership confirmed in the last 15 minutes may still read.
///
/// # Errors
/// `workspace_not_found` for anybody else, `manifest_not_found` before the first onboarding, `rate_limited`,
/// `dependency_unavailable`.
pub async fn load<'a>(scope: &Scope, member: &'a UnverifiedMember) -> Result<(Loaded, &'a Member), Error> {
    let (member, policy) = member.checked_in_script();
    let lookup = retrieve_bcm(scope, member, policy).await;
    let is_redis_away = lookup.is_err();
    let lookup = lookup.unwrap_or_default();
    if let Some(policy) = policy {
        limits::judge(scope, policy, lookup.verdict.as_ref())?;
    }
    let last_known = match lookup.cached {
        Some(Cached::NoManifest) if lookup.is_member => return Err(ErrorCode::ManifestNotFound.into()),
        Some(Cached::Manifest(hit)) if lookup.is_member => {
            if hit.refresh || !hit.repair.is_empty() {
                refresh(scope, member, lookup.generation, &hit);
            }
            return Ok((hit.into_loaded(None), member));
        }
        Some(Cached::Manifest(hit)) => Some(hit),
        _ => None,
    };
    let answer = match read_from_postgres(scope, member).await {
        Ok(answer) => answer,
        Err(error) => {
            if error.code == ErrorCode::WorkspaceNotFound {
                audit::record_denied(scope, &member.workspace_id, member.user_id());
            }
            return match last_known.filter(|_| error.code == ErrorCode::DependencyUnavailable) {
                Some(hit) => Ok((hit.into_loaded(Some("postgres")), member)),
                None => Err(error),
            };
        }
    };
    if !is_redis_away {
        let background = scope.background();
        let (member, answer) = (member.clone(), answer.clone());
        scope.wait_until(async move {
            // A cache that cannot be filled costs the next reader a call and nothing else; the cause is logged.
            let stored = store_bcm(&background, &member, &answer, lookup.generation).await;
            background.log_background("keep_manifest", stored.err());
        });
    }
    let ready = answer.manifest.ok_or(ErrorCode::ManifestNotFound)?;
    let degraded = is_redis_away.then_some("redis");
    let loaded = Loaded { etag: ready.etag, document: ready.document, tier: CacheTier::Origin, degraded };
    Ok((loaded, member))
}

/// Reads with the person's own token. A manifest whose content does not match its checksum is returned to nobody.
async fn read_from_postgres(scope: &Scope, member: &Member) -> Result<Origin, Error> {
    let arguments = json!({"p_workspace_id": member.workspace_id});
    let answer: FromPostgres = postgrest::rpc(scope, &member.person, "rpc/read_manifest", &arguments).await?;
    let manifest = answer.manifest.map(|row| row.version.manifest(row.content));
    if manifest.as_ref().is_some_and(|manifest| !verify_manifest(manifest)) {
        scope.note_cause("the manifest in Postgres does not have its checksum");
        return Err(ErrorCode::Internal.into());
    }
    Ok(Origin {
        membership: answer.membership.to_string(),
        manifest: manifest.as_ref().map(SerializedManifest::new),
    })
}

/// After the response: writes what Postgres has now into every tier. Where Postgres was not to be asked, or is
/// unavailable, the tiers that were empty or damaged are rewritten from the one that was not.
fn refresh(scope: &Scope, member: &Member, generation: Option<String>, hit: &TierHit) {
    let background = scope.background();
    let (member, hit) = (member.clone(), hit.clone());
    scope.wait_until(async move {
        let mut failed = None;
        if hit.refresh {
            failed = match read_from_postgres(&background, &member).await {
                Ok(answer) => store_bcm(&background, &member, &answer, generation).await.err(),
                Err(error) => Some(error),
            };
        }
        if !hit.refresh || failed.is_some() {
            failed = repair(&background, &member.workspace_id, &hit).await.err().or(failed);
        }
        background.log_background("refresh_manifest", failed);
    });
}
