//! The manifest: canonical content in an envelope that says which version it is and how it was made.

use serde::{Deserialize, Serialize};

use super::{checksum, sha256_hex};
use crate::json::Json;
use crate::vocabulary::BcmSource;

/// A manifest as it is stored, cached, served and exported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Manifest {
    /// Counts up by one within a workspace.
    pub version: u32,
    /// When this version was made, RFC 3339 UTC.
    pub generated_at: String,
    /// When a person last submitted, edited or rebuilt it, RFC 3339 UTC. Freshness counts from here.
    pub confirmed_at: String,
    /// Lower-case hex SHA-256 over the RFC 8785 text of `content`.
    pub checksum: String,
    /// What caused this version.
    pub source: BcmSource,
    /// How it was made.
    pub meta: ManifestMeta,
    /// What prompts read: foundation, icps, competitive, messaging, channels, market, facts, guardrails.
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Value"))]
    pub content: Json,
}

/// How a manifest was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ManifestMeta {
    /// Which reducer made the content; 0 for what was made before they were counted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reducer: u32,
    /// Estimated cl100k tokens of the content.
    pub token_estimate: u32,
    /// Everything that was dropped or shortened to fit the budget, and why.
    pub dropped: Vec<Dropped>,
    /// Ids of the questions that were not answered.
    pub missing: Vec<String>,
    /// The older version whose content this one brought back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_from: Option<u32>,
}

/// One thing that did not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dropped {
    /// JSON Pointer into the content as it was before anything was dropped. What lies below it went with it.
    pub pointer: String,
    /// `shortened` or `dropped`.
    pub action: String,
    /// Why: `too_long` for a text that was cut, `over_budget` for what found no room beside what ranks higher.
    #[serde(default)]
    pub reason: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The strong ETag of a manifest: it changes with the version, the content and the confirmation.
pub fn etag(version: u32, checksum: &str, confirmed_at: &str) -> String {
    let digest = sha256_hex(format!("{version}\n{checksum}\n{confirmed_at}"));
    format!("\"{}\"", digest.get(..32).unwrap_or(&digest))
}

/// Whether a manifest's content has the checksum that it claims.
pub fn verify_manifest(manifest: &Manifest) -> bool {
    checksum(&manifest.content) == manifest.checksum
}
