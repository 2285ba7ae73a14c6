//! Automatic manifest rebuilds: for a source that was changed by hand, and for a newer reducer. Core says whose turn it is
//! (`context/schedule.rs`). Nothing here confirms a manifest.

use gatehouse_core::context::{
    DueRange, MAX_REBUILDS_PER_RUN, REBUILD_BATCH, REDUCER, ReducedManifest, due_ranges,
};
use gatehouse_core::error::{Error, ErrorCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::note;
use crate::clients::postgrest::{self, Failure};
use crate::manifest_store::{self, Source, Stored};
use crate::observe::counters;
use crate::scope::Scope;

/// A workspace of `claim_rebuilds()`.
#[derive(Deserialize)]
struct Due {
    workspace_id: String,
    #[serde(flatten)]
    source: Source,
}

/// How the rebuild of one workspace ended.
enum Outcome {
    /// A new version was stored.
    Created,
    /// The content is the same; it is noted that this reducer has seen it.
    Unchanged,
    /// Its source cannot be reduced until somebody changes it or a newer reducer comes.
    Skipped(Error),
    /// A person has stored a version by this reducer meanwhile.
    Overtaken,
    /// It is tried again when its claim expires.
    Failed(Error),
}

impl Outcome {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Unchanged => "unchanged",
            Self::Skipped(_) => "skipped",
            Self::Overtaken => "overtaken",
            Self::Failed(_) => "failed",
        }
    }
}

/// Rebuilds the workspaces whose turn it is in this minute, counted from 1970. The run ends when an upstream service is
/// unavailable: the next one goes on.
pub(super) async fn run(scope: &Scope, minute: u64) {
    let mut taken = 0;
    for range in due_ranges(minute) {
        while taken < MAX_REBUILDS_PER_RUN {
            let due = match claim(scope, &range).await {
                Ok(due) => due,
                Err(error) => return note(scope, "claim_rebuilds", Some(error)),
            };
            let count = u32::try_from(due.len()).unwrap_or(REBUILD_BATCH);
            taken += count;
            for due in due {
                if !rebuild_one(scope, &due).await {
                    return;
                }
            }
            if count < REBUILD_BATCH {
                break;
            }
        }
    }
}

async fn claim(scope: &Scope, range: &DueRange) -> Result<Vec<Due>, Error> {
    let arguments =
        json!({"p_reducer": REDUCER, "p_first": range.first, "p_last": range.last, "p_limit": REBUILD_BATCH});
    Ok(postgrest::rpc_as_service(scope, "rpc/claim_rebuilds", &arguments).await?)
}

/// Rebuilds one manifest and counts the outcome. Returns false when an upstream service is unavailable.
async fn rebuild_one(scope: &Scope, due: &Due) -> bool {
    // Each workspace has its own log line.
    let scope = &scope.background();
    scope.note_workspace(&due.workspace_id);
    let outcome = rebuild(scope, due).await;
    counters::count("gatehouse_rebuilds_total", &[("outcome", outcome.as_str())], 1);
    let up = !matches!(&outcome, Outcome::Failed(error) if error.code == ErrorCode::DependencyUnavailable);
    let failed = match outcome {
        Outcome::Failed(error) | Outcome::Skipped(error) => Some(error),
        _ => None,
    };
    note(scope, "rebuild", failed);
    up
}

async fn rebuild(scope: &Scope, due: &Due) -> Outcome {
    let reduced = match due.source.reduce_again(scope) {
        Ok(reduced) => reduced,
        Err(error) => return skip(scope, due, error).await,
    };
    // Readers see nothing of a look that finds the same content, so it needs no fence.
    if reduced.checksum == due.source.checksum {
        return match store(scope, due, &reduced).await {
            Ok(_) => Outcome::Unchanged,
            Err(failure) => judge(failure.into()),
        };
    }
    let fence = match manifest_store::raise_fence_for_cron(scope, &due.workspace_id).await {
        Ok(fence) => fence,
        Err(error) => return Outcome::Failed(error),
    };
    match store(scope, due, &reduced).await {
        Ok(stored) => {
            let manifest = stored.version.manifest(reduced.content);
            let published = fence.publish(scope, &manifest, None).await;
            // The version stands; readers ask Postgres until one of them has brought it to the tiers.
            note(
                scope,
                "publish_rebuild",
                published.is_none().then(|| ErrorCode::DependencyUnavailable.into()),
            );
            Outcome::Created
        }
        Err(Failure::Refused(error)) => {
            fence.lower(scope).await;
            judge(error)
        }
        // The commit may still come: the fence stands for its time.
        Err(Failure::Unknown(error)) => Outcome::Failed(error),
    }
}

fn judge(error: Error) -> Outcome {
    match error.code {
        ErrorCode::VersionConflict | ErrorCode::WorkspaceNotFound => Outcome::Overtaken,
        _ => Outcome::Failed(error),
    }
}

async fn store(scope: &Scope, due: &Due, reduced: &ReducedManifest) -> Result<Stored, Failure> {
    let tag = due.source.tag();
    let arguments = json!({
        "p_workspace_id": due.workspace_id, "p_answers": due.source.answers,
        "p_business_context": due.source.business_context, "p_content": reduced.canonical,
        "p_checksum": reduced.checksum, "p_token_estimate": reduced.meta.token_estimate, "p_meta": reduced.meta,
        "p_expected_version": tag.version, "p_expected_edits": tag.edits, "p_request_id": scope.request_id,
    });
    postgrest::rpc_as_service(scope, "rpc/store_rebuilt_manifest", &arguments).await
}

async fn skip(scope: &Scope, due: &Due, error: Error) -> Outcome {
    let tag = due.source.tag();
    let arguments = json!({
        "p_workspace_id": due.workspace_id, "p_reducer": REDUCER, "p_expected_version": tag.version,
        "p_expected_edits": tag.edits,
    });
    let skipped: Result<Value, Failure> =
        postgrest::rpc_as_service(scope, "rpc/skip_rebuild", &arguments).await;
    match skipped {
        Ok(_) => Outcome::Skipped(error),
        Err(failure) => Outcome::Failed(failure.into()),
    }
}
