//! The three tiers: one look through them, and one write into all of them.

use gatehouse_core::context::{
    Manifest, compress, decompress, etag, ttl_with_jitter, unwrap_document, wrap_document,
};
use gatehouse_core::error::Error;
use gatehouse_core::log::{TierLine, TierOutcome};
use gatehouse_core::rate_limit::Policy;
use gatehouse_core::vocabulary::CacheTier;
use serde_json::Value;

use super::{Loaded, Origin};
use crate::app::Scope;
use crate::clients::redis_keys as keys;
use crate::clients::upstash::{self, Script, script};
use crate::observe::observe_tier;

const READ: Script = script!("read_manifest");
const KEEP: Script = script!("keep_manifest");
const REPAIR: Script = script!("repair_manifest");

/// From the hottest to the coldest.
const TIERS: [CacheTier; 3] = [CacheTier::Tier0, CacheTier::Tier1, CacheTier::Tier2];
/// The one that is packed.
const COLD: usize = 2;

/// A manifest with what Redis keeps beside it.
#[derive(Clone)]
pub struct Ready {
    version: u32,
    confirmed_at: String,
    /// The strong ETag.
    pub etag: String,
    /// The manifest as JSON.
    pub document: String,
}

impl Ready {
    /// A manifest, written out.
    pub fn new(manifest: &Manifest) -> Self {
        Self {
            version: manifest.version,
            confirmed_at: manifest.confirmed_at.clone(),
            etag: etag(manifest.version, &manifest.checksum, &manifest.confirmed_at),
            document: serde_json::to_string(manifest).unwrap_or_default(),
        }
    }

    /// The arguments of `store_bcm` in prelude.lua.
    pub fn arguments(&self, workspace_id: &str) -> [String; 10] {
        let life = |ttl, key: String| ttl_with_jitter(ttl, &key, &self.etag).to_string();
        let [hot, warm, cold] = keys::TIER_TTL_MS;
        let sealed = wrap_document(&self.etag, &self.document);
        [
            keys::HEAD_TTL_MS.to_string(),
            self.version.to_string(),
            self.confirmed_at.clone(),
            self.etag.clone(),
            life(keys::REFRESH_AFTER_MS, keys::head(workspace_id)),
            life(hot, keys::tier(workspace_id, 0)),
            life(warm, keys::tier(workspace_id, 1)),
            life(cold, keys::tier(workspace_id, COLD)),
            sealed.clone(),
            compress(&sealed),
        ]
    }
}

/// A manifest that a tier had, proved.
#[derive(Clone)]
pub struct Hit {
    etag: String,
    document: String,
    tier: usize,
    /// Whether this reader is the one that asks Postgres after its answer.
    pub refresh: bool,
    /// The tiers above it, which were empty or broken.
    pub repair: Vec<usize>,
}

impl Hit {
    /// The answer.
    pub fn into_loaded(self, degraded: Option<&'static str>) -> Loaded {
        let tier = TIERS.get(self.tier).copied().unwrap_or(CacheTier::Tier0);
        Loaded { etag: self.etag, document: self.document, tier, degraded }
    }
}

/// What Redis knows of a workspace's manifest.
pub enum Found {
    /// That there is none.
    None,
    /// A manifest; for a member who is not confirmed now, for when Postgres is away only.
    Manifest(Hit),
}

/// What one look at Redis showed.
#[derive(Default)]
pub struct Look {
    /// The last fence raised, empty when none was lately; absent where nothing may be kept.
    pub generation: Option<String>,
    /// For who is or lately was a known member.
    pub found: Option<Found>,
    /// Whether the membership counts now.
    pub member: bool,
    /// What the route's limit said.
    pub verdict: Option<Value>,
}

/// Looks for the manifest in all tiers in one call. A tier whose bytes do not prove themselves is as good as empty, and
/// costs a second look below it.
///
/// # Errors
/// `dependency_unavailable`.
pub async fn retrieve_bcm(
    scope: &Scope,
    workspace_id: &str,
    user_id: &str,
    policy: Option<&'static Policy>,
) -> Result<Look, Error> {
    let mut look = look_from(scope, workspace_id, user_id, policy, 0).await?;
    let mut verdict = look.verdict.take();
    while let Some(broken) = look.broken {
        look = look_from(scope, workspace_id, user_id, None, broken + 1).await?;
        verdict = verdict.or(look.verdict.take());
    }
    Ok(Look { generation: look.generation, found: look.found, member: look.member, verdict })
}

/// One answer of the script, judged.
struct Judged {
    generation: Option<String>,
    found: Option<Found>,
    member: bool,
    verdict: Option<Value>,
    broken: Option<usize>,
}

async fn look_from(
    scope: &Scope,
    workspace_id: &str,
    user_id: &str,
    policy: Option<&'static Policy>,
    first: usize,
) -> Result<Judged, Error> {
    let mut keys = vec![keys::membership(workspace_id, user_id), keys::head(workspace_id)];
    keys.push(keys::fence(workspace_id));
    keys.extend((0..TIERS.len()).map(|number| keys::tier(workspace_id, number)));
    keys.extend([keys::refresh_lease(workspace_id), keys::epoch()]);
    let lives = [keys::REFRESH_LEASE_TTL_MS, keys::EPOCH_TTL_MS, keys::FENCE_TTL_MS, keys::NONE_TTL_MS];
    let mut arguments = vec![first.to_string()];
    arguments.extend(lives.map(|life| life.to_string()));
    if let Some(policy) = policy {
        keys.push(keys::limit(policy.name, workspace_id, user_id));
        arguments.push(policy.script_argument());
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let answer = upstash::eval(scope, &READ, &keys, &arguments).await?;
    Ok(judge(scope, &answer, first))
}

fn judge(scope: &Scope, answer: &Value, first: usize) -> Judged {
    let text = |index: usize| answer.get(index).and_then(Value::as_str);
    let number = |index: usize| answer.get(index).and_then(Value::as_u64);
    let mut judged = Judged {
        generation: text(0).map(str::to_owned),
        found: None,
        member: number(1) == Some(1),
        verdict: answer.get(2).cloned(),
        broken: None,
    };
    let Some(etag) = text(3) else { return judged };
    let found = number(6).and_then(|tier| usize::try_from(tier).ok());
    let note = |tier: usize, outcome, bytes| {
        let held = Some(tier) == found;
        observe_tier(
            scope,
            TierLine {
                tier: TIERS.get(tier).map_or("none", |tier| tier.as_str()),
                outcome,
                bytes,
                age_ms: number(4),
                ttl_ms: number(7).filter(|_| held),
            },
        );
    };
    if etag == "none" {
        note(TIERS.len(), TierOutcome::Hit, 0);
        judged.found = Some(Found::None);
        return judged;
    }
    (first..found.unwrap_or(TIERS.len())).for_each(|tier| note(tier, TierOutcome::Miss, 0));
    let Some((tier, kept)) = found.zip(text(8)) else { return judged };
    let sealed = if tier == COLD { decompress(kept) } else { Some(kept.to_owned()) };
    match sealed.and_then(|sealed| unwrap_document(&sealed, etag)) {
        Some(document) => {
            note(tier, TierOutcome::Hit, kept.len());
            let (etag, refresh, repair) = (etag.to_owned(), number(5) == Some(1), (0..tier).collect());
            judged.found = Some(Found::Manifest(Hit { etag, document, tier, refresh, repair }));
        }
        None => {
            note(tier, TierOutcome::Broken, kept.len());
            judged.broken = Some(tier);
        }
    }
    judged
}

/// Keeps the membership and, where nothing speaks against it, what Postgres said of the manifest, in every tier.
///
/// # Errors
/// `dependency_unavailable`.
pub async fn store_bcm(
    scope: &Scope,
    workspace_id: &str,
    user_id: &str,
    answer: &Origin,
    generation: Option<String>,
) -> Result<(), Error> {
    let keys = [
        keys::membership(workspace_id, user_id),
        keys::head(workspace_id),
        keys::fence(workspace_id),
        keys::tier(workspace_id, 0),
        keys::tier(workspace_id, 1),
        keys::tier(workspace_id, COLD),
        keys::epoch(),
    ];
    let mut arguments = vec![answer.membership.clone(), keys::MEMBERSHIP_TTL_MS.to_string()];
    let keeps = generation.is_some();
    if let Some(generation) = generation {
        arguments.extend([generation, keys::EPOCH_TTL_MS.to_string(), keys::FENCE_TTL_MS.to_string()]);
        match &answer.manifest {
            Some(ready) => arguments.extend(ready.arguments(workspace_id)),
            None => arguments.push(keys::HEAD_TTL_MS.to_string()),
        }
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let kept = upstash::eval(scope, &KEEP, &keys, &arguments).await?;
    if keeps && kept.as_u64() == Some(1) && answer.manifest.is_some() {
        // Sealed text and packed text are the last two.
        stored(scope, arguments.iter().rev().take(2).rev().copied());
    }
    Ok(())
}

/// Notes that all tiers were written, with the sealed and the packed text.
pub fn stored<'a>(scope: &Scope, texts: impl Iterator<Item = &'a str>) {
    let sizes: Vec<usize> = texts.map(str::len).collect();
    let (Some(sealed), Some(packed)) = (sizes.first(), sizes.last()) else { return };
    for (tier, ttl_ms) in TIERS.iter().zip(keys::TIER_TTL_MS) {
        let bytes = if *tier == CacheTier::Tier2 { *packed } else { *sealed };
        let (tier, ttl_ms) = (tier.as_str(), Some(u64::from(ttl_ms)));
        observe_tier(scope, TierLine { tier, outcome: TierOutcome::Store, bytes, age_ms: Some(0), ttl_ms });
    }
}

/// Writes the tiers above a hit again.
///
/// # Errors
/// `dependency_unavailable`.
pub async fn repair(scope: &Scope, workspace_id: &str, hit: &Hit) -> Result<(), Error> {
    if hit.repair.is_empty() {
        return Ok(());
    }
    let keys = [
        keys::head(workspace_id),
        keys::fence(workspace_id),
        keys::tier(workspace_id, 0),
        keys::tier(workspace_id, 1),
    ];
    let life = |ttl, tier| ttl_with_jitter(ttl, &keys::tier(workspace_id, tier), &hit.etag).to_string();
    let [hot, warm, _] = keys::TIER_TTL_MS;
    let (hot, warm) = (life(hot, 0), life(warm, 1));
    let sealed = wrap_document(&hit.etag, &hit.document);
    let count = hit.repair.len().to_string();
    let done = upstash::eval(scope, &REPAIR, &keys, &[&hit.etag, &hot, &warm, &sealed, &count]).await?;
    if done.as_u64() == Some(1) {
        for tier in hit.repair.iter().filter_map(|tier| TIERS.get(*tier)) {
            let (tier, bytes) = (tier.as_str(), sealed.len());
            let line = TierLine { tier, outcome: TierOutcome::Repair, bytes, age_ms: None, ttl_ms: None };
            observe_tier(scope, line);
        }
    }
    Ok(())
}
