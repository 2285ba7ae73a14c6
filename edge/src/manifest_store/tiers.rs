//! The three tiers: one look through them, and one write into all of them.

use gatehouse_core::context::{
    Manifest, compress, decompress, etag, ttl_with_jitter, unwrap_document, wrap_document,
};
use gatehouse_core::error::Error;
use gatehouse_core::log::{TierLine, TierOutcome};
use gatehouse_core::rate_limit::Policy;
use gatehouse_core::vocabulary::CacheTier;
use serde_json::Value;

use crate::clients::redis_keys as keys;
use crate::clients::upstash::{self, Script, script};
use crate::entry::Member;
use crate::observe::tiers::record_tier;
use crate::scope::Scope;

static READ: Script = script!("read_manifest");
static KEEP: Script = script!("keep_manifest");
static REPAIR: Script = script!("repair_manifest");

/// From the hottest to the coldest.
const TIERS: [CacheTier; 3] = [CacheTier::Tier0, CacheTier::Tier1, CacheTier::Tier2];
/// The one that is packed.
const COLD: usize = 2;

/// A manifest ready to be sent: its JSON text and its ETag.
pub struct Loaded {
    /// The strong ETag.
    pub etag: String,
    /// The manifest as JSON.
    pub document: String,
    /// Where it came from.
    pub tier: CacheTier,
    /// The upstream service that was unavailable, if one was: without Redis Postgres answers, without Postgres Redis does.
    pub degraded: Option<&'static str>,
}

/// What Postgres answered, the manifest verified.
#[derive(Clone)]
pub struct Origin {
    /// The membership record as Redis stores it.
    pub membership: String,
    /// The manifest, if there is one.
    pub manifest: Option<SerializedManifest>,
}

/// A manifest with what Redis keeps beside it.
#[derive(Clone)]
pub struct SerializedManifest {
    version: u32,
    confirmed_at: String,
    /// The strong ETag.
    pub etag: String,
    /// The manifest as JSON.
    pub document: String,
}

impl SerializedManifest {
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

/// A cached manifest whose checksum is valid.
#[derive(Clone)]
pub struct TierHit {
    etag: String,
    document: String,
    tier: usize,
    /// Whether this reader is the one that asks Postgres after its answer.
    pub refresh: bool,
    /// The tiers above it, which were empty or damaged.
    pub repair: Vec<usize>,
}

impl TierHit {
    /// The answer.
    pub fn into_loaded(self, degraded: Option<&'static str>) -> Loaded {
        let tier = TIERS.get(self.tier).copied().unwrap_or(CacheTier::Tier0);
        Loaded { etag: self.etag, document: self.document, tier, degraded }
    }
}

/// What the cache holds for a workspace.
pub enum Cached {
    /// It is known that there is no manifest.
    NoManifest,
    /// A manifest; for a member who is not confirmed now it is used only while Postgres is unavailable.
    Manifest(TierHit),
}

/// What one look at the cache showed.
#[derive(Default)]
pub struct TierLookup {
    /// The last fence raised, empty when none was lately; absent where nothing may be kept.
    pub generation: Option<String>,
    /// For who is or lately was a known member.
    pub cached: Option<Cached>,
    /// Whether the membership is confirmed.
    pub is_member: bool,
    /// What the route's limit said.
    pub verdict: Option<Value>,
}

/// Looks for the manifest in all tiers in one call. A tier whose checksum is wrong is treated as a miss, and costs a
/// second look below it.
///
/// # Errors
/// `dependency_unavailable`.
pub async fn retrieve_bcm(
    scope: &Scope,
    member: &Member,
    policy: Option<&'static Policy>,
) -> Result<TierLookup, Error> {
    let (mut lookup, mut damaged) = look_from(scope, member, policy, 0).await?;
    let mut verdict = lookup.verdict.take();
    while let Some(tier) = damaged {
        (lookup, damaged) = look_from(scope, member, None, tier + 1).await?;
        verdict = verdict.or(lookup.verdict.take());
    }
    Ok(TierLookup { verdict, ..lookup })
}

/// One look from the tier `first` on, and the tier that turned out to be damaged, if one did.
async fn look_from(
    scope: &Scope,
    member: &Member,
    policy: Option<&'static Policy>,
    first: usize,
) -> Result<(TierLookup, Option<usize>), Error> {
    let (workspace_id, user_id) = (&member.workspace_id, member.user_id());
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

fn judge(scope: &Scope, answer: &Value, first: usize) -> (TierLookup, Option<usize>) {
    let text = |index: usize| answer.get(index).and_then(Value::as_str);
    let number = |index: usize| answer.get(index).and_then(Value::as_u64);
    let mut lookup = TierLookup {
        generation: text(0).map(str::to_owned),
        cached: None,
        is_member: number(1) == Some(1),
        verdict: answer.get(2).cloned(),
    };
    let Some(etag) = text(3) else { return (lookup, None) };
    let found = number(6).and_then(|tier| usize::try_from(tier).ok());
    let note = |tier: usize, outcome, bytes| {
        let has_text = Some(tier) == found;
        record_tier(
            scope,
            TierLine {
                tier: TIERS.get(tier).map_or("none", |tier| tier.as_str()),
                outcome,
                bytes,
                age_ms: number(4),
                ttl_ms: number(7).filter(|_| has_text),
            },
        );
    };
    if etag == "none" {
        note(TIERS.len(), TierOutcome::Hit, 0);
        lookup.cached = Some(Cached::NoManifest);
        return (lookup, None);
    }
    (first..found.unwrap_or(TIERS.len())).for_each(|tier| note(tier, TierOutcome::Miss, 0));
    let Some((tier, text)) = found.zip(text(8)) else { return (lookup, None) };
    let sealed = if tier == COLD { decompress(text) } else { Some(text.to_owned()) };
    match sealed.and_then(|sealed| unwrap_document(&sealed, etag)) {
        Some(document) => {
            note(tier, TierOutcome::Hit, text.len());
            let (etag, refresh, repair) = (etag.to_owned(), number(5) == Some(1), (0..tier).collect());
            lookup.cached = Some(Cached::Manifest(TierHit { etag, document, tier, refresh, repair }));
            (lookup, None)
        }
        None => {
            note(tier, TierOutcome::Broken, text.len());
            (lookup, Some(tier))
        }
    }
}

/// Caches the membership and, unless a writer has come in between, what Postgres answered about the manifest, in every
/// tier.
///
/// # Errors
/// `dependency_unavailable`.
pub async fn store_bcm(
    scope: &Scope,
    member: &Member,
    answer: &Origin,
    generation: Option<String>,
) -> Result<(), Error> {
    let (workspace_id, user_id) = (&member.workspace_id, member.user_id());
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
        record_stores(scope, arguments.iter().rev().take(2).rev().copied());
    }
    Ok(())
}

/// Records that all tiers were written, with the sealed and the packed text.
pub fn record_stores<'a>(scope: &Scope, texts: impl Iterator<Item = &'a str>) {
    let sizes: Vec<usize> = texts.map(str::len).collect();
    let (Some(sealed), Some(packed)) = (sizes.first(), sizes.last()) else { return };
    for (tier, ttl_ms) in TIERS.iter().zip(keys::TIER_TTL_MS) {
        let bytes = if *tier == CacheTier::Tier2 { *packed } else { *sealed };
        let (tier, ttl_ms) = (tier.as_str(), Some(u64::from(ttl_ms)));
        record_tier(scope, TierLine { tier, outcome: TierOutcome::Store, bytes, age_ms: Some(0), ttl_ms });
    }
}

/// Rewrites the tiers above a hit.
///
/// # Errors
/// `dependency_unavailable`.
pub async fn repair(scope: &Scope, workspace_id: &str, hit: &TierHit) -> Result<(), Error> {
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
            record_tier(scope, line);
        }
    }
    Ok(())
}
