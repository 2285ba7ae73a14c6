//! Every key and every time to live of Redis. A test scans for a key without one.

/// A membership record: role and access of one person in one workspace. It counts for 60 s (`member_of` in
/// prelude.lua); while Postgres is away it lets readers in until it is gone.
pub const MEMBERSHIP_TTL_MS: u32 = 900_000;
/// The hot tier of a manifest.
pub const TIER0_TTL_MS: u32 = 3_600_000;
/// A writer's fence. A call that we gave up may still commit: PostgREST waits up to 10 s for a connection and the
/// statement may take 8 s after that. The fence outlives both.
pub const FENCE_TTL_MS: u32 = 30_000;
/// The token of the last fence raised. It need only outlive a reader's pause between its two Redis calls, which is
/// bounded by the 30 s that work after an answer may take.
pub const GENERATION_TTL_MS: u32 = 60_000;
/// An onboarding session; each save begins it anew.
pub const SESSION_TTL_MS: u32 = 604_800_000;
/// A submitted session: long enough for a repeated finalize to find it warm.
pub const SUBMITTED_TTL_MS: u32 = 3_600_000;
/// The least time between two snapshots of a session in Postgres. Nothing older than 5 s may be in Redis alone, and the
/// write at the end of the lease takes a moment.
pub const SNAPSHOT_LEASE_TTL_MS: u32 = 4_000;

/// The membership record of a person (auth user id) in a workspace.
pub fn membership(workspace_id: &str, user_id: &str) -> String {
    format!("member:{workspace_id}:{user_id}")
}

/// What a named limit has counted for a person in a workspace.
pub fn limit(policy: &str, workspace_id: &str, user_id: &str) -> String {
    format!("limit:{policy}:{workspace_id}:{user_id}")
}

/// The hot tier of a workspace's manifest: a hash of version, etag, confirmed_at and document.
pub fn tier0(workspace_id: &str) -> String {
    format!("bcm:{workspace_id}:tier0")
}

/// The writers now at work on a workspace's manifest: a sorted set of tokens by expiry.
pub fn fence(workspace_id: &str) -> String {
    format!("bcm:{workspace_id}:fence")
}

/// The last fence raised for a workspace: a reader sees from it whether a writer came by.
pub fn generation(workspace_id: &str) -> String {
    format!("bcm:{workspace_id}:generation")
}

/// An idempotency key while its first request is at work.
pub const IDEMPOTENCY_LEASE_MS: u32 = 30_000;
/// The answer kept behind an idempotency key.
pub const IDEMPOTENCY_TTL_MS: u32 = 86_400_000;
/// The view of an order that is settled. Short, because a late success or a refund may still move it.
pub const ORDER_TTL_MS: u32 = 60_000;
/// The right to ask PhonePe about an order: longer than the asking takes.
pub const ORDER_LEASE_MS: u32 = 6_000;

/// An idempotency key of a person on a route.
pub fn idempotency(user_id: &str, route: &str, key: &str) -> String {
    format!("idem:{user_id}:{route}:{key}")
}

/// A person's view of an order; written only after a read with the person's own token.
pub fn order_view(order_id: &str, user_id: &str) -> String {
    format!("order:{order_id}:{user_id}")
}

/// The lease on asking PhonePe about an order.
pub fn order_lease(order_id: &str) -> String {
    format!("order:{order_id}:lease")
}

/// A workspace's onboarding session: a hash of revision, state and one JSON text for each answered field.
pub fn session(workspace_id: &str) -> String {
    format!("onb:{workspace_id}")
}

/// Held while a snapshot of the session is younger than the lease.
pub fn snapshot_lease(workspace_id: &str) -> String {
    format!("onb:{workspace_id}:snapshot")
}
