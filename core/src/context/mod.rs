//! The business context, and the manifest made from it: reducing, checksum, freshness, diff, export, cache format.

mod budget;
mod business_context;
mod cache_entry;
mod canonical;
mod cluster_classes;
mod clusters;
mod diff;
mod export;
mod freshness;
mod letter_pairs;
mod manifest;
mod reduce;
mod schedule;
mod source;
mod trim;
mod verify;

pub use budget::{BUDGET_TOKENS, TARGET_TOKENS, estimate_tokens};
pub use business_context::*;
pub use cache_entry::{compress, decompress, ttl_with_jitter, unwrap_document, wrap_document};
pub use canonical::{checksum, sha256_hex};
pub use diff::{Change, ChangeKind, PatchStep, diff};
pub use export::{Export, export_file_name, to_markdown};
pub use freshness::{FreshnessView, freshness};
pub use manifest::{Dropped, Manifest, ManifestMeta, etag, verify_manifest};
pub use reduce::{REDUCER, ReducedManifest, reduce};
pub use schedule::{DueRange, MAX_REBUILDS_PER_RUN, REBUILD_BATCH, due_ranges};
pub use source::SourceTag;
pub use verify::{Verified, VerifyError, verify_export, verify_json};
