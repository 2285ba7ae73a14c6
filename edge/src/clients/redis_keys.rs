//! Every key and every time to live of Redis. A test scans for a key without one.

/// A membership record: role and access of one person in one workspace. It counts for 60 s (`member_of` in
/// prelude.lua); while Postgres is away it lets readers in until it expires.
pub const MEMBERSHIP_TTL_MS: u32 = 900_000;
/// The tiers of a manifest, each shortened by up to a tenth, depending on key and ETag: hot 1 h, warm 24 h, cold 7 d.
pub const TIER_TTL_MS: [u32; 3] = [3_600_000, 86_400_000, 604_800_000];
/// After this long one reader refreshes the tiers from Postgres, after its answer from a tier. Shortened like a tier's.
pub const REFRESH_AFTER_MS: u32 = 3_000_000;
/// The lease on refreshing: longer than a refresh takes, short enough that another reader soon takes over after a crash.
pub const REFRESH_LEASE_TTL_MS: u32 = 10_000;
/// How long "there is no manifest yet" counts.
pub const NONE_TTL_MS: u32 = 30_000;
/// What is known of a workspace's tiers and of its writers. Longer than any tier: a fence whose outcome is unknown must
/// not expire while there are tiers that it makes doubtful.
pub const HEAD_TTL_MS: u32 = 691_200_000;
/// The instant from which on Redis has lost nothing. Every write resets the TTL.
pub const EPOCH_TTL_MS: u32 = 2_592_000_000;
/// A writer's fence. A call that we stopped waiting for may still commit: PostgREST waits up to 10 s for a connection and the
/// statement may take 8 s after that. The fence outlives both.
pub const FENCE_TTL_MS: u32 = 30_000;
/// An onboarding session; every save resets the TTL.
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

/// A tier of a workspace's manifest, 0 to 2: the text with its checksum, deflated in the last.
pub fn tier(workspace_id: &str, number: usize) -> String {
    format!("bcm:{workspace_id}:tier{number}")
}

/// What a workspace's tiers hold: a hash of version, confirmed_at and etag; when they were written and are due for a
/// refresh; since when it is known that there is no manifest; and `generation`, the last fence raised.
pub fn head(workspace_id: &str) -> String {
    format!("bcm:{workspace_id}:head")
}

/// The writers of a workspace's manifest whose outcome is not known yet: a sorted set of tokens by the time until which
/// the write may still commit.
pub fn fence(workspace_id: &str) -> String {
    format!("bcm:{workspace_id}:fence")
}

/// Held by the one reader that refreshes a workspace's tiers.
pub fn refresh_lease(workspace_id: &str) -> String {
    format!("bcm:{workspace_id}:lease")
}

/// The instant from which on Redis has lost nothing. The local platform writes it too (devstack/src/platform/redis_server.rs).
pub fn epoch() -> String {
    "bcm:epoch".to_owned()
}

/// The counters of all isolates; every addition resets the TTL.
pub const METRICS_TTL_MS: u32 = 2_592_000_000;

/// The counters of all isolates: a hash of series and number.
pub fn metrics() -> String {
    "metrics".to_owned()
}

/// An idempotency key while its first request is running.
pub const IDEMPOTENCY_LEASE_MS: u32 = 30_000;
/// The stored answer of an idempotency key.
pub const IDEMPOTENCY_TTL_MS: u32 = 86_400_000;
/// The view of an order that is settled. Short, because a late success or a refund may still move it.
pub const ORDER_TTL_MS: u32 = 60_000;
/// The lease on asking PhonePe about an order: longer than the call takes.
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
