//! The writers' side: no fence, no write; and the one way in which a new version reaches the tiers.

use gatehouse_core::context::{Manifest, sha256_hex};
use gatehouse_core::error::Error;
use gatehouse_core::onboarding::{Answers, Session};
use gatehouse_core::rate_limit;
use gatehouse_core::route::Route;
use serde_json::Value;

use super::tiers::{Ready, stored};
use crate::app::Scope;
use crate::clients::redis_keys as keys;
use crate::clients::upstash::{self, Script, script};
use crate::http::Reply;
use crate::idempotency::{self, Claim};
use crate::limits;
use crate::onboarding_store::{self, Membership};
use crate::platform;
use crate::session::SignedIn;

const RAISE: Script = script!("raise_fence");
const PUBLISH: Script = script!("publish_manifest");

/// A writer's fence. It falls when the writer publishes or gives up. One that neither did stands for its time, and
/// casts doubt on the tiers until a reader has asked Postgres.
pub struct Fence {
    workspace_id: String,
    token: String,
}

/// Raises a fence, counts the request against the route's limit, and looks at the membership and the onboarding
/// session, all in one call. Without a fence nothing may be written.
///
/// # Errors
/// `rate_limited`, `dependency_unavailable`.
pub async fn raise_fence(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    route: &Route,
) -> Result<(Fence, Seen), Error> {
    let (fence, answer) = raise(scope, Some((person, route)), workspace_id, None).await?;
    let member = answer.get(0).and_then(Value::as_str).and_then(|text| serde_json::from_str(text).ok());
    let session = answer.get(1).and_then(Value::as_array).and_then(|flat| onboarding_store::parse(flat));
    Ok((fence, Seen { member, session }))
}

/// What the raising of a fence met, for a request with an idempotency key.
pub enum Raised {
    /// Nobody was here before: the fence stands and the key is claimed.
    First(Fence, Claim),
    /// The kept answer of the first request.
    Repeat(Reply),
}

/// The same for a request with an idempotency key, whose meaning is `fingerprint`: the key is claimed in the same call.
///
/// # Errors
/// As [`raise_fence`], and `idempotency_in_flight`, `idempotency_key_reused`.
pub async fn raise_fence_once(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    route: &Route,
    (name, fingerprint): (&str, &str),
) -> Result<Raised, Error> {
    let policy = rate_limit::policy(route.id).map_or("", |policy| policy.name);
    let key = keys::idempotency(&person.session.user_id, policy, name);
    let meaning = sha256_hex(fingerprint);
    let (fence, answer) = raise(scope, Some((person, route)), workspace_id, Some((&key, &meaning))).await?;
    match answer.get(3) {
        Some(told) => idempotency::repeat(told).map(Raised::Repeat),
        None => Ok(Raised::First(fence, Claim::of(key))),
    }
}

/// The same for the cron, which nobody asked: no limit counts it, and it looks at no membership.
///
/// # Errors
/// `dependency_unavailable`.
pub async fn raise_fence_for_cron(scope: &Scope, workspace_id: &str) -> Result<Fence, Error> {
    raise(scope, None, workspace_id, None).await.map(|(fence, _)| fence)
}

async fn raise(
    scope: &Scope,
    asked: Option<(&SignedIn, &Route)>,
    workspace_id: &str,
    once: Option<(&str, &str)>,
) -> Result<(Fence, Value), Error> {
    let token = platform::random_uuid();
    let user_id = asked.map_or("", |(person, _)| person.session.user_id.as_str());
    let policy = asked.and_then(|(_, route)| rate_limit::policy(route.id));
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
    if let Some((key, meaning)) = once {
        keys.push(key.to_owned());
        arguments.extend([meaning, lease.as_str()]);
    }
    let answer = upstash::eval(scope, &RAISE, &keys, &arguments).await?;
    if let Some(policy) = policy {
        limits::judge(scope, policy, answer.get(2))?;
    }
    Ok((Fence { workspace_id: workspace_id.to_owned(), token }, answer))
}

/// What the raising of a fence showed beside it.
pub struct Seen {
    /// The caller's membership, when it is warm.
    pub member: Option<Membership>,
    /// The workspace's onboarding session, when Redis has it.
    pub session: Option<Session>,
}

/// What a write makes of the onboarding session.
pub enum SessionNow<'a> {
    /// It is submitted, and its snapshot has this `revision`. `seen` is what it had when the fence was raised: answers
    /// that were saved since are kept.
    Submitted { seen: Option<u32>, revision: u32, answers: &'a Answers },
    /// It was submitted before, and says from now on what the current version is made from. `revision` is that of the
    /// snapshot.
    Replaced { revision: u32, answers: &'a Answers },
}

/// What a publication met.
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

    /// Publishes what was committed into every tier, and what became of the onboarding session, and lowers the fence.
    /// Nothing when Redis was away: until a reader has asked Postgres, nobody reads from the tiers.
    pub async fn publish(
        self,
        scope: &Scope,
        manifest: &Manifest,
        session: Option<SessionNow<'_>>,
    ) -> Option<Published> {
        let mut arguments = vec![self.token.clone()];
        arguments.extend([keys::EPOCH_TTL_MS.to_string(), keys::FENCE_TTL_MS.to_string()]);
        let tiers = Ready::new(manifest).arguments(&self.workspace_id);
        arguments.extend_from_slice(&tiers);
        if let Some(session) = session {
            let (deed, seen, revision, answers) = match session {
                SessionNow::Submitted { seen, revision, answers } => ("submit", seen, revision, answers),
                SessionNow::Replaced { revision, answers } => ("replace", None, revision, answers),
            };
            arguments.extend([keys::SUBMITTED_TTL_MS.to_string(), deed.to_owned()]);
            arguments.extend([seen.map(|seen| seen.to_string()).unwrap_or_default(), revision.to_string()]);
            arguments.extend(onboarding_store::fields(answers));
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let answer = upstash::eval(scope, &PUBLISH, &self.keys(), &arguments).await.ok()?;
        let is = |number: usize| answer.get(number).and_then(Value::as_i64) == Some(1);
        if is(0) {
            let [.., sealed, packed] = &tiers;
            stored(scope, [sealed.as_str(), packed].into_iter());
        }
        Some(Published { saved_since: is(1) })
    }

    /// Lowers the fence, when it is certain that nothing was committed.
    pub async fn lower(self, scope: &Scope) {
        let lowered = upstash::eval(scope, &PUBLISH, &self.keys(), &[&self.token]).await;
        scope.log_background("lower_fence", lowered.err());
    }

    /// The same after the answer.
    pub fn give_up(self, scope: &Scope) {
        let background = scope.background();
        scope.after(async move { self.lower(&background).await });
    }
}
