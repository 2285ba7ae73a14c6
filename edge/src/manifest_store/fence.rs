//! The writers' side: no write without a fence, and one way in which a new version reaches the tiers.

use gatehouse_core::context::{Manifest, sha256_hex};
use gatehouse_core::error::Error;
use gatehouse_core::onboarding::{Answers, Session};
use gatehouse_core::rate_limit::Policy;
use serde_json::Value;

use super::tiers::{SerializedManifest, record_stores};
use crate::clients::redis_keys as keys;
use crate::clients::upstash::{self, Script, script};
use crate::entry::idempotency::{self, Claim};
use crate::entry::{IdempotencyKey, Member, UnverifiedMember, limits};
use crate::http::Reply;
use crate::onboarding_store::{self, Membership};
use crate::platform;
use crate::scope::Scope;

static RAISE: Script = script!("raise_fence");
static PUBLISH: Script = script!("publish_manifest");

/// A writer's fence. The writer lowers it by publishing, or without publishing when nothing was committed. A fence whose
/// writer did neither expires, and the tiers are not trusted until a reader has asked Postgres.
pub struct Fence {
    workspace_id: String,
    token: String,
}

/// What the script that raised a fence saw in the same call.
pub struct FenceSnapshot {
    /// The caller's membership, when it is warm.
    pub membership: Option<Membership>,
    /// The workspace's onboarding session, when Redis has it.
    pub session: Option<Session>,
}

/// Raises a fence, counts the request against the route's limit, and reads the membership and the onboarding session,
/// all in one call. Without a fence nothing may be written.
///
/// # Errors
/// `rate_limited`, `dependency_unavailable`.
pub async fn raise_fence<'a>(
    scope: &Scope,
    member: &'a UnverifiedMember,
) -> Result<(Fence, FenceSnapshot, &'a Member), Error> {
    let (member, policy) = member.checked_in_script();
    let asked = Asked { user_id: member.user_id(), policy, claim: None };
    let (fence, answer) = raise(scope, &member.workspace_id, asked).await?;
    let membership = answer.get(0).and_then(Value::as_str).and_then(|text| serde_json::from_str(text).ok());
    let session = answer.get(1).and_then(Value::as_array).and_then(|flat| onboarding_store::parse(flat));
    Ok((fence, FenceSnapshot { membership, session }, member))
}

/// What raising a fence found, for a request with an idempotency key.
pub enum Raised<'a> {
    /// No request has used the key before: the fence stands and the key is claimed.
    First(Fence, Claim, &'a Member),
    /// The stored answer of the first request.
    Repeat(Reply),
}

/// As [`raise_fence`], for a request with an idempotency key: the key is claimed in the same call. `fingerprint` says
/// what the request asks for in the workspace whose id it is given.
///
/// # Errors
/// As [`raise_fence`], and `idempotency_in_flight`, `idempotency_key_reused`.
pub async fn raise_fence_once<'a>(
    scope: &Scope,
    member: &'a UnverifiedMember,
    IdempotencyKey(key): &IdempotencyKey,
    fingerprint: impl FnOnce(&str) -> String,
) -> Result<Raised<'a>, Error> {
    let (member, policy) = member.checked_in_script();
    let key = keys::idempotency(member.user_id(), policy.map_or("", |policy| policy.name), key);
    let fingerprint = sha256_hex(fingerprint(&member.workspace_id));
    let asked = Asked { user_id: member.user_id(), policy, claim: Some((&key, &fingerprint)) };
    let (fence, answer) = raise(scope, &member.workspace_id, asked).await?;
    match answer.get(3) {
        Some(first) => idempotency::stored_answer(first).map(Raised::Repeat),
        None => Ok(Raised::First(fence, Claim::of(key), member)),
    }
}

/// As [`raise_fence`], for the cron: no limit counts it, and it needs no membership.
///
/// # Errors
/// `dependency_unavailable`.
pub async fn raise_fence_for_cron(scope: &Scope, workspace_id: &str) -> Result<Fence, Error> {
    raise(scope, workspace_id, Asked::default()).await.map(|(fence, _)| fence)
}

/// What the script does beside raising the fence.
#[derive(Default)]
struct Asked<'a> {
    /// Whose membership it reads and whom it counts; empty for the cron.
    user_id: &'a str,
    policy: Option<&'static Policy>,
    /// Redis key and fingerprint of an idempotency key.
    claim: Option<(&'a str, &'a str)>,
}

async fn raise(scope: &Scope, workspace_id: &str, asked: Asked<'_>) -> Result<(Fence, Value), Error> {
    let Asked { user_id, policy, claim } = asked;
    let token = platform::random_uuid();
    let counted = policy.map(|policy| policy.script_argument());
    let mut keys = vec![
        keys::fence(workspace_id),
        keys::head(workspace_id),
        keys::membership(workspace_id, user_id),
        keys::session(workspace_id),
        keys::epoch(),
        keys::limit(policy.map_or("", |policy| policy.name), workspace_id, user_id),
    ];
    let lives = [keys::FENCE_TTL_MS, keys::HEAD_TTL_MS, keys::EPOCH_TTL_MS].map(|life| life.to_string());
    let mut arguments = vec![token.as_str()];
    arguments.extend(lives.iter().map(String::as_str));
    arguments.extend(counted.as_deref());
    let lease = keys::IDEMPOTENCY_LEASE_MS.to_string();
    if let Some((key, fingerprint)) = claim {
        keys.push(key.to_owned());
        arguments.extend([fingerprint, lease.as_str()]);
    }
    let answer = upstash::eval(scope, &RAISE, &keys, &arguments).await?;
    if let Some(policy) = policy {
        limits::judge(scope, policy, answer.get(2))?;
    }
    Ok((Fence { workspace_id: workspace_id.to_owned(), token }, answer))
}

/// How a write changes the onboarding session.
pub enum SessionChange<'a> {
    /// It is submitted, and its snapshot has this `revision`. `revision_at_fence` is what it had when the fence was
    /// raised: answers that were saved since are kept.
    Submitted { revision_at_fence: Option<u32>, revision: u32, answers: &'a Answers },
    /// It was submitted before, and holds from now on what the current version is made from. `revision` is that of the
    /// snapshot.
    Replaced { revision: u32, answers: &'a Answers },
}

/// What publishing found.
pub struct Published {
    /// Whether answers were saved to the onboarding session after the fence was raised. They are kept in it.
    pub saved_since: bool,
}

impl Fence {
    fn keys(&self) -> [String; 7] {
        let id = &self.workspace_id;
        let tier = |number| keys::tier(id, number);
        let (fence, head, session) = (keys::fence(id), keys::head(id), keys::session(id));
        [fence, head, tier(0), tier(1), tier(2), keys::epoch(), session]
    }

    /// Publishes what was committed into every tier, with the change of the onboarding session, and lowers the fence.
    /// `None` when Redis was unavailable: until a reader has asked Postgres, nobody reads from the tiers.
    pub async fn publish(
        self,
        scope: &Scope,
        manifest: &Manifest,
        session: Option<SessionChange<'_>>,
    ) -> Option<Published> {
        let mut arguments = vec![self.token.clone()];
        arguments.extend([keys::EPOCH_TTL_MS.to_string(), keys::FENCE_TTL_MS.to_string()]);
        let tiers = SerializedManifest::new(manifest).arguments(&self.workspace_id);
        arguments.extend_from_slice(&tiers);
        if let Some(session) = session {
            let (operation, at_fence, revision, answers) = match session {
                SessionChange::Submitted { revision_at_fence, revision, answers } => {
                    ("submit", revision_at_fence, revision, answers)
                }
                SessionChange::Replaced { revision, answers } => ("replace", None, revision, answers),
            };
            let at_fence = at_fence.map(|revision| revision.to_string()).unwrap_or_default();
            arguments.extend([keys::SUBMITTED_TTL_MS.to_string(), operation.to_owned()]);
            arguments.extend([at_fence, revision.to_string()]);
            arguments.extend(onboarding_store::fields(answers));
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let answer = upstash::eval(scope, &PUBLISH, &self.keys(), &arguments).await.ok()?;
        let is = |number: usize| answer.get(number).and_then(Value::as_i64) == Some(1);
        if is(0) {
            let [.., sealed, packed] = &tiers;
            record_stores(scope, [sealed.as_str(), packed].into_iter());
        }
        Some(Published { saved_since: is(1) })
    }

    /// Lowers the fence, when it is certain that nothing was committed.
    pub async fn lower(self, scope: &Scope) {
        let lowered = upstash::eval(scope, &PUBLISH, &self.keys(), &[&self.token]).await;
        scope.log_background("lower_fence", lowered.err());
    }

    /// As [`Fence::lower`], after the response.
    pub fn lower_without_publish(self, scope: &Scope) {
        let background = scope.background();
        scope.wait_until(async move { self.lower(&background).await });
    }
}
