//! Where a workspace's manifest is read from and written to: Redis in front, Postgres behind, and the fence
//! that keeps a reader from ever seeing an older version than the last committed one.

use gatehouse_core::context::{Manifest, ManifestMeta, etag};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::{Answers, Session};
use gatehouse_core::rate_limit;
use gatehouse_core::route::Route;
use gatehouse_core::time;
use gatehouse_core::vocabulary::{BcmSource, CacheTier};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::Scope;
use crate::clients::postgrest;
use crate::clients::redis_keys as keys;
use crate::clients::upstash::{self, Script, script};
use crate::limits;
use crate::onboarding_store::{self, Membership};
use crate::platform;
use crate::session::SignedIn;

const READ: Script = script!("read_manifest");
const KEEP: Script = script!("keep_manifest");
const RAISE: Script = script!("raise_fence");
const PUBLISH: Script = script!("publish_manifest");

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

/// A stored version.
#[derive(Deserialize)]
struct Row {
    version: u32,
    checksum: String,
    source: BcmSource,
    generated_at: String,
    confirmed_at: String,
    content: Value,
    meta: ManifestMeta,
}

impl Row {
    fn into_manifest(self) -> Manifest {
        Manifest {
            version: self.version,
            generated_at: time::normalise(&self.generated_at),
            confirmed_at: time::normalise(&self.confirmed_at),
            checksum: self.checksum,
            source: self.source,
            meta: self.meta,
            content: self.content,
        }
    }
}

/// Loads the manifest for a member of the workspace, counted against the route's limit where it has one. One call
/// when Redis has both the membership and the manifest, two when Postgres is asked; what Postgres answered is kept
/// after the answer. While Postgres is away a membership of the last 15 minutes still reads.
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
    let mut keys = redis_keys(workspace_id, user_id);
    let mut arguments = Vec::new();
    if let Some(policy) = policy {
        keys.push(keys::limit(policy.name, workspace_id, user_id));
        arguments.push(policy.script_argument());
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let cached = upstash::eval(scope, &READ, &keys, &arguments).await;
    let redis_away = cached.is_err();
    let look = cached.map(Look::from_answer).unwrap_or_default();
    if let Some(policy) = policy {
        limits::judge(scope, policy, look.verdict.as_ref())?;
    }
    let from_redis = |(etag, document), degraded| Loaded { etag, document, tier: CacheTier::Tier0, degraded };
    let spare = match look.hit {
        Some(hit) if look.member => return Ok(from_redis(hit, None)),
        spare => spare,
    };
    let arguments = json!({"p_workspace_id": workspace_id});
    let answer: FromPostgres = match postgrest::rpc(scope, person, "rpc/read_manifest", &arguments).await {
        Ok(answer) => answer,
        Err(failure) => {
            let error = failure.into_error();
            return match spare.filter(|_| error.code == ErrorCode::DependencyUnavailable) {
                Some(spare) => Ok(from_redis(spare, Some("postgres"))),
                None => Err(error),
            };
        }
    };
    let manifest = answer.manifest.map(Row::into_manifest);
    let ready = manifest.map(|manifest| Ready::new(&manifest));
    if !redis_away {
        keep(scope, keys, &answer.membership, look.generation.zip(ready.clone()));
    }
    let ready = ready.ok_or(ErrorCode::ManifestNotFound)?;
    let degraded = redis_away.then_some("redis");
    Ok(Loaded { etag: ready.etag, document: ready.document, tier: CacheTier::Origin, degraded })
}

/// A manifest with what Redis keeps beside it.
#[derive(Clone)]
struct Ready {
    version: String,
    confirmed_at: String,
    etag: String,
    document: String,
}

impl Ready {
    fn new(manifest: &Manifest) -> Self {
        Self {
            version: manifest.version.to_string(),
            confirmed_at: manifest.confirmed_at.clone(),
            etag: etag(manifest.version, &manifest.checksum, &manifest.confirmed_at),
            document: serde_json::to_string(manifest).unwrap_or_default(),
        }
    }
}

fn redis_keys(workspace_id: &str, user_id: &str) -> Vec<String> {
    vec![
        keys::membership(workspace_id, user_id),
        keys::tier0(workspace_id),
        keys::fence(workspace_id),
        keys::generation(workspace_id),
    ]
}

/// What one look at Redis showed.
#[derive(Default)]
struct Look {
    /// The last fence raised, empty when none was lately; absent behind one.
    generation: Option<String>,
    /// ETag and document, when the caller is or lately was a known member and the tier has them.
    hit: Option<(String, String)>,
    /// Whether the membership counts now.
    member: bool,
    /// What the route's limit said.
    verdict: Option<Value>,
}

impl Look {
    fn from_answer(answer: Value) -> Self {
        let text = |index: usize| answer.get(index).and_then(Value::as_str).map(str::to_owned);
        let member = answer.get(3).and_then(Value::as_i64) == Some(1);
        Self { generation: text(0), hit: text(1).zip(text(2)), member, verdict: answer.get(4).cloned() }
    }
}

/// Keeps the membership and, when no fence was seen, the manifest in Redis after the answer has gone out.
fn keep(scope: &Scope, keys: Vec<String>, membership: &Value, manifest: Option<(String, Ready)>) {
    let membership = membership.to_string();
    let background = scope.background();
    scope.after(async move {
        let membership_ttl = keys::MEMBERSHIP_TTL_MS.to_string();
        let tier0_ttl = keys::TIER0_TTL_MS.to_string();
        let mut arguments = vec![membership.as_str(), &membership_ttl];
        if let Some((generation, ready)) = &manifest {
            arguments.extend([generation.as_str(), &tier0_ttl]);
            arguments.extend([ready.version.as_str(), &ready.confirmed_at, &ready.etag, &ready.document]);
        }
        // A cache that cannot be filled costs the next reader a call and nothing else; the cause is logged.
        let kept = upstash::eval(&background, &KEEP, &keys, &arguments).await;
        background.log_background("keep_manifest", kept.err());
    });
}

/// A writer's fence. It falls when the writer publishes or gives up, and by itself after its time.
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
    let token = platform::random_uuid();
    let policy = rate_limit::policy(route.id);
    let counted = policy.map(|policy| policy.script_argument());
    let keys = [
        keys::fence(workspace_id),
        keys::generation(workspace_id),
        keys::tier0(workspace_id),
        keys::membership(workspace_id, &person.session.user_id),
        keys::session(workspace_id),
        keys::limit(policy.map_or("", |policy| policy.name), workspace_id, &person.session.user_id),
    ];
    let (fence_ttl, generation_ttl) = (keys::FENCE_TTL_MS.to_string(), keys::GENERATION_TTL_MS.to_string());
    let mut arguments = vec![token.as_str(), &fence_ttl, &generation_ttl];
    arguments.extend(counted.as_deref());
    let answer = upstash::eval(scope, &RAISE, &keys, &arguments).await?;
    if let Some(policy) = policy {
        limits::judge(scope, policy, answer.get(2))?;
    }
    let member = answer.get(0).and_then(Value::as_str).and_then(|text| serde_json::from_str(text).ok());
    let session = answer.get(1).and_then(Value::as_array).and_then(|flat| onboarding_store::parse(flat));
    Ok((Fence { workspace_id: workspace_id.to_owned(), token }, Seen { member, session }))
}

/// What the raising of a fence showed beside it.
pub struct Seen {
    /// The caller's membership, when it is warm.
    pub member: Option<Membership>,
    /// The workspace's onboarding session, when Redis has it.
    pub session: Option<Session>,
}

impl Fence {
    fn keys(&self) -> [String; 3] {
        let id = &self.workspace_id;
        [keys::fence(id), keys::tier0(id), keys::session(id)]
    }

    /// Publishes what was committed, marks the onboarding session submitted with these answers, and lowers the
    /// fence. `seen` is the revision that the session had when the fence was raised. False when Redis was away: the fence then falls by
    /// itself, and until a reader fills the tier again Postgres answers.
    pub async fn publish(
        self,
        scope: &Scope,
        manifest: &Manifest,
        seen: Option<u32>,
        answers: &Answers,
    ) -> bool {
        let ready = Ready::new(manifest);
        let (ttl, submitted_ttl) = (keys::TIER0_TTL_MS.to_string(), keys::SUBMITTED_TTL_MS.to_string());
        let seen = seen.map(|revision| revision.to_string()).unwrap_or_default();
        let fields = onboarding_store::fields(answers);
        let mut arguments = vec![
            self.token.as_str(),
            &ttl,
            &ready.version,
            &ready.confirmed_at,
            &ready.etag,
            &ready.document,
        ];
        arguments.extend([submitted_ttl.as_str(), &seen]);
        arguments.extend(fields.iter().map(String::as_str));
        upstash::eval(scope, &PUBLISH, &self.keys(), &arguments).await.is_ok()
    }

    /// Lowers the fence after the answer, when it is certain that nothing was committed.
    pub fn give_up(self, scope: &Scope) {
        let background = scope.background();
        scope.after(async move {
            let lowered = upstash::eval(&background, &PUBLISH, &self.keys(), &[&self.token]).await;
            background.log_background("lower_fence", lowered.err());
        });
    }
}
