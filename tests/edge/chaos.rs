//! Whatever breaks, a reader gets the last committed manifest, proved by its checksum, or a refusal: nothing older and
//! nothing damaged.

use gatehouse_core::context::{Manifest, etag, verify_manifest};
use gatehouse_devstack::{Fault, Part};
use reqwest::Method;
use serde_json::{Value, json};

use crate::rebuilds::run_sql;
use crate::support::{Founder, Reply, Request, World, answers, until};

/// Answers that no other round gives.
pub fn answers_with_goal(name: &str) -> Value {
    let mut next = answers();
    next["acquisition_goal"] = json!(format!("First orders of {name}"));
    next
}

/// A read from an address of its own: the platform counts requests by address.
pub fn manifest_request<'a>(founder: &Founder<'a>, address: u64) -> Request<'a> {
    let address = format!("10.{}.{}.{}", address / 65_536 % 256, address / 256 % 256, address % 256);
    founder.request(Method::GET, "/context/manifest").header("cf-connecting-ip", &address)
}

/// Insists that a body proves itself and answers its version.
#[track_caller]
pub fn verified_version(reply: &Reply) -> u64 {
    let manifest: Manifest = serde_json::from_str(&reply.text).unwrap_or_else(|_| panic!("{reply:?}"));
    assert!(verify_manifest(&manifest), "{reply:?}");
    let named = etag(manifest.version, &manifest.checksum, &manifest.confirmed_at);
    assert_eq!(reply.header("etag"), Some(named.as_str()));
    u64::from(manifest.version)
}

/// A founder with a manifest that the tiers have.
pub async fn founder_with_cached_manifest(world: &World) -> Founder<'_> {
    let founder = world.founder().await;
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    until("the hot tier answers", || async {
        founder.get("/context/manifest").await.header("x-cache") == Some("tier0")
    })
    .await;
    founder
}

pub fn tier_key(founder: &Founder<'_>, number: usize) -> String {
    format!("bcm:{}:tier{number}", founder.workspace_id)
}

/// Changes one byte in the middle of what a tier holds.
async fn damage_tier(world: &World, founder: &Founder<'_>, number: usize) {
    let key = tier_key(founder, number);
    let length = world.redis(&["STRLEN", &key]).await;
    assert!(length > 300, "{key} holds {length} bytes");
    world.redis(&["SETRANGE", &key, &(length / 2).to_string(), "~"]).await;
}

#[tokio::test]
async fn a_tier_that_is_gone_is_answered_by_the_next_in_one_call_and_written_again() {
    let world = World::shared().await;
    let founder = founder_with_cached_manifest(world).await;
    let first = founder.get("/context/manifest").await;
    for (gone, next) in [(&[0][..], "tier1"), (&[0, 1], "tier2"), (&[0, 1, 2], "origin")] {
        for number in gone {
            world.redis(&["DEL", &tier_key(&founder, *number)]).await;
        }
        let reply = founder.get("/context/manifest").await;
        assert_eq!((reply.header("x-cache"), &reply.text), (Some(next), &first.text));
        assert_eq!(reply.calls.len(), if next == "origin" { 2 } else { 1 }, "{:?}", reply.calls);
        until("every tier is there again", || async {
            let keys = world.keys(&format!("bcm:{}:tier*", founder.workspace_id)).await;
            keys.len() == 3
        })
        .await;
        assert_eq!(founder.get("/context/manifest").await.header("x-cache"), Some("tier0"));
    }
}

#[tokio::test]
async fn flipped_bytes_are_a_miss_that_is_logged_and_repaired() {
    let world = World::shared().await;
    let founder = founder_with_cached_manifest(world).await;
    let first = founder.get("/context/manifest").await;
    for (flipped, next) in [(&[0][..], "tier1"), (&[0, 1], "tier2"), (&[0, 1, 2], "origin")] {
        for number in flipped {
            damage_tier(world, &founder, *number).await;
        }
        let reply = founder.get("/context/manifest").await;
        assert_eq!((reply.header("x-cache"), &reply.text), (Some(next), &first.text));
        verified_version(&reply);
        let broken = || {
            world.worker.logs().iter().find_map(|line| {
                let line: Value = serde_json::from_str(&line.message).ok()?;
                let ours = line["event"] == "request" && line["request_id"] == reply.id.as_str();
                let all = line["tiers"].as_array()?.iter();
                ours.then(|| all.filter(|tier| tier["outcome"] == "broken").count())
            })
        };
        until("the request's line", || async { broken().is_some() }).await;
        assert_eq!(broken(), Some(flipped.len()));
        until("the hot tier is sound again", || async {
            founder.get("/context/manifest").await.header("x-cache") == Some("tier0")
        })
        .await;
    }
    // Bytes of the head lead nowhere: what they then name is not what the tiers hold.
    for (field, value) in [("etag", "\"~\""), ("version", "9~"), ("kept_ms", "~"), ("soft_ms", "~")] {
        world.redis(&["HSET", &format!("bcm:{}:head", founder.workspace_id), field, value]).await;
        let reply = founder.get("/context/manifest").await;
        assert_eq!((verified_version(&reply), &reply.text), (1, &first.text), "{field}");
    }
    assert_eq!(founder.finalize(&answers_with_goal("after")).await.status, 201);
    assert_eq!(verified_version(&founder.get("/context/manifest").await), 2);
}

#[tokio::test]
async fn what_postgres_has_under_another_checksum_is_shown_to_nobody_and_kept_nowhere() {
    let world = World::shared().await;
    let founder = founder_with_cached_manifest(world).await;
    let first = founder.get("/context/manifest").await;
    let id = &founder.workspace_id;
    // A version with the first one's checksum, as a hand in the database could make it.
    let add = async |version: u32, content: &str| {
        run_sql(
            world,
            &format!(
                "insert into business_context_manifests (workspace_id, version, parent_version, source, content,
                   checksum, business_context, answers, token_estimate, meta)
                 select workspace_id, {version}, {version} - 1, 'rebuild', {content}, checksum, business_context,
                   answers, token_estimate, meta
                 from business_context_manifests where workspace_id = '{id}' and version = 1;
                 update workspace_context set latest_version = {version} where workspace_id = '{id}'"
            ),
        )
        .await;
    };
    add(2, "content - 'guardrails'").await;
    // A refresher finds it, and the tiers stay as they are.
    let head = format!("bcm:{id}:head");
    world.redis(&["HSET", &head, "soft_ms", "0"]).await;
    let reply = founder.get("/context/manifest").await;
    until("the refresher has asked", || async {
        world.stack.calls(&reply.id).iter().any(|call| call.path.ends_with("read_manifest"))
    })
    .await;
    assert_eq!(founder.get("/context/manifest").await.text, first.text);
    for number in 0..3 {
        world.redis(&["DEL", &tier_key(&founder, number)]).await;
    }
    for _ in 0..2 {
        let reply = founder.get("/context/manifest").await;
        reply.refused(500, "internal");
        assert_eq!(reply.calls.len(), 2, "nothing was kept: {reply:?}");
    }
    add(3, "content").await;
    assert_eq!(verified_version(&founder.get("/context/manifest").await), 3);
}

#[tokio::test]
async fn one_reader_refreshes_and_a_refresher_that_died_is_replaced() {
    let world = World::shared().await;
    let founder = founder_with_cached_manifest(world).await;
    let head = format!("bcm:{}:head", founder.workspace_id);
    let lease = format!("bcm:{}:lease", founder.workspace_id);
    // A refresher that dies: Postgres is away for it alone, and it leaves its lease behind.
    world.redis(&["HSET", &head, "soft_ms", "0"]).await;
    let dying = founder.request(Method::GET, "/context/manifest");
    let lost = Fault { drop: true, request_id: Some(dying.id.clone()), ..Fault::default() };
    world.stack.faults().set(Part::Postgrest, lost).unwrap();
    assert_eq!(dying.send().await.header("x-cache"), Some("tier0"));
    let left = world.redis(&["PTTL", &lease]).await;
    assert!((1..=10_000).contains(&left), "the lease runs out by itself: {left} ms");
    let reply = founder.get("/context/manifest").await;
    assert_eq!((reply.header("x-cache"), reply.calls.len()), (Some("tier0"), 1));
    let held = world.redis(&["PTTL", &lease]).await;
    assert!(held <= left, "another reader does not prolong it");
    // Its time is over.
    world.redis(&["PEXPIRE", &lease, "1"]).await;
    until("the lease has run out", || async { world.redis(&["EXISTS", &lease]).await == 0 }).await;
    let readers: Vec<_> = (0..20).map(|address| manifest_request(&founder, address).send()).collect();
    let replies = futures_util::future::join_all(readers).await;
    assert!(replies.iter().all(|reply| reply.header("x-cache") == Some("tier0") && reply.calls.len() == 1));
    let asked = || {
        let seen = replies.iter().flat_map(|reply| world.stack.calls(&reply.id));
        seen.filter(|call| call.path.ends_with("read_manifest")).count()
    };
    until("somebody asks Postgres", || async { asked() > 0 }).await;
    until("the tiers are fresh", || async {
        let soft =
            world.redis(&["EVAL", "return redis.call('HGET', KEYS[1], 'soft_ms') + 0", "1", &head]).await;
        soft > 0
    })
    .await;
    assert_eq!(asked(), 1, "one for all");
}

#[tokio::test]
async fn that_there_is_none_yet_is_kept_for_a_moment_and_never_hides_the_first() {
    let world = World::shared().await;
    let founder = world.founder().await;
    founder.get("/context/manifest").await.refused(404, "manifest_not_found");
    until("the absence is kept", || async {
        let reply = founder.get("/context/manifest").await;
        reply.refused(404, "manifest_not_found");
        reply.calls.len() == 1
    })
    .await;
    // The membership record is too old: Postgres is asked again, and the record is renewed.
    let head = format!("bcm:{}:head", founder.workspace_id);
    let age = "redis.call('HINCRBY', KEYS[1], 'none_ms', -30000)";
    world.redis(&["EVAL", age, "1", &head]).await;
    assert_eq!(founder.get("/context/manifest").await.calls.len(), 2);
    until("the absence is kept again", || async { founder.get("/context/manifest").await.calls.len() == 1 })
        .await;
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    assert_eq!(verified_version(&founder.get("/context/manifest").await), 1);
}

#[tokio::test]
async fn a_writer_that_dies_between_commit_and_publish_hides_nothing() {
    let world = World::shared().await;
    let founder = founder_with_cached_manifest(world).await;
    for (round, after) in [(2, false), (3, true)] {
        let request = founder.request(Method::POST, "/onboarding/finalize");
        let lost =
            Fault { skip: 1, drop: true, after, request_id: Some(request.id.clone()), ..Fault::default() };
        world.stack.faults().set(Part::Upstash, lost).unwrap();
        let body = json!({"answers": answers_with_goal(&format!("round {round}"))}).to_string();
        let made = request.body(body).send().await;
        assert_eq!((made.status, made.header("degraded")), (201, Some("redis")), "{made:?}");
        let reply = founder.get("/context/manifest").await;
        assert_eq!(verified_version(&reply), round);
        assert_eq!(reply.header("x-cache"), Some(if after { "tier0" } else { "origin" }));
        if !after {
            // The fence falls by itself; nobody who asks until then keeps what he got.
            let fence = format!("bcm:{}:fence", founder.workspace_id);
            assert_eq!(world.redis(&["ZCARD", &fence]).await, 1);
            world.redis(&["EVAL", "for _, t in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do redis.call('ZADD', KEYS[1], 1, t) end", "1", &fence]).await;
            let reply = founder.get("/context/manifest").await;
            assert_eq!((verified_version(&reply), reply.header("x-cache")), (round, Some("origin")));
            until("the tiers are believed again", || async {
                let reply = founder.get("/context/manifest").await;
                assert_eq!(verified_version(&reply), round);
                reply.header("x-cache") == Some("tier0")
            })
            .await;
        }
    }
}

#[tokio::test]
async fn without_postgres_the_cold_tier_serves_and_warns() {
    let world = World::own().await;
    let founder = founder_with_cached_manifest(&world).await;
    for part in [Part::Postgres, Part::Postgrest] {
        world.stack.kill(part).await.unwrap();
        for number in [0, 1] {
            world.redis(&["DEL", &tier_key(&founder, number)]).await;
        }
        // Whose membership is not confirmed now, but was lately.
        let key = world.keys("member:*").await.pop().unwrap();
        let age = "local r = cjson.decode(redis.call('GET', KEYS[1])) r.confirmed_ms = r.confirmed_ms - 61000 redis.call('SET', KEYS[1], cjson.encode(r), 'KEEPTTL')";
        world.redis(&["EVAL", age, "1", &key]).await;
        let reply = founder.get("/context/manifest").await;
        assert_eq!(
            (reply.status, reply.header("x-cache"), reply.header("degraded")),
            (200, Some("tier2"), Some("postgres"))
        );
        assert_eq!(verified_version(&reply), 1);
        assert!(reply.header("warning").is_some_and(|warning| warning.starts_with("111 gatehouse \"")));
        world.stack.restart(part).await.unwrap();
        // Not before the tiers are written again: else that write may come after the next round has removed them.
        until("Postgres is asked again and the hot tier is back", || async {
            let reply = founder.get("/context/manifest").await;
            reply.header("degraded").is_none() && reply.header("x-cache") == Some("tier0")
        })
        .await;
    }
}
