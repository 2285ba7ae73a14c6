//! The business context, and the small manifest made from it: reduced, hashed, aged and exported.

mod budget;
mod business_context;
mod canonical;
mod cluster_classes;
mod clusters;
mod diff;
mod export;
mod freshness;
mod give;
mod letter_pairs;
mod manifest;
mod reduce;
mod schedule;
mod source;
mod tiers;
mod verify;

pub use budget::{BUDGET_TOKENS, TARGET_TOKENS, estimate_tokens};
pub use business_context::*;
pub use canonical::{checksum, sha256_hex};
pub use diff::{Change, ChangeKind, PatchStep, diff};
pub use export::{Export, export_name, to_markdown};
pub use freshness::{FreshnessView, freshness};
pub use manifest::{Dropped, Manifest, ManifestMeta, etag, verify_manifest};
pub use reduce::{REDUCER, Reduced, reduce};
pub use schedule::{CLAIM, DueRange, MOST_A_RUN, due_ranges};
pub use source::SourceTag;
pub use tiers::{jittered, pack, seal, unpack, unseal};
pub use verify::{Flaw, Verified, verify_export, verify_json};
