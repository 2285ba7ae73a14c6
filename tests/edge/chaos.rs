//! Whatever breaks, a reader gets the last committed manifest, proved by its checksum, or a refusal: nothing older and
//! nothing damaged.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use gatehouse_core::context::{Manifest, etag, verify_manifest};
use gatehouse_devstack::{Fault, Part};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Founder, Reply, World, answers, until};

/// Answers that no other round gives.
fn answers_of(name: &str) -> Value {
    let mut next = answers();
    next["acquisition_goal"] = json!(format!("First orders of {name}"));
    next
}

/// A read from an address of its own: the platform counts requests by address.
async fn read(founder: &Founder<'_>, address: u64) -> Reply {
    let address = format!("10.{}.{}.{}", address / 65_536 % 256, address / 256 % 256, address % 256);
    founder.ask(Method::GET, "/context/manifest").header("cf-connecting-ip", &address).send().await
}

/// Insists that a body proves itself and answers its version.
#[track_caller]
fn proved(reply: &Reply) -> u64 {
    let manifest: Manifest = serde_json::from_str(&reply.text).unwrap_or_else(|_| panic!("{reply:?}"));
    assert!(verify_manifest(&manifest), "{reply:?}");
    let named = etag(manifest.version, &manifest.checksum, &manifest.confirmed_at);
    assert_eq!(reply.header("etag"), Some(named.as_str()));
    u64::from(manifest.version)
}

/// A founder with a manifest that the tiers have.
async fn warm(world: &World) -> Founder<'_> {
    let founder = world.founder().await;
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    until("the hot tier answers", || async {
        founder.get("/context/manifest").await.header("x-cache") == Some("tier0")
    })
    .await;
    founder
}

fn tier(founder: &Founder<'_>, number: usize) -> String {
    format!("bcm:{}:tier{number}", founder.workspace_id)
}

/// Lets a founder write more often in an hour than anybody should.
async fn unlimited(world: &World, founder: &Founder<'_>) {
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(founder.token.split('.').nth(1).unwrap())
        .unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    let user = claims["sub"].as_str().unwrap();
    let key = format!("limit:finalize:{}:{user}", founder.workspace_id);
    let grant = "redis.call('HSET', KEYS[1], 'number', math.floor(redis.call('TIME')[1] / 3600), 'count', -1000, 'before', -1000) redis.call('PEXPIRE', KEYS[1], 7200000)";
    world.redis(&["EVAL", grant, "1", &key]).await;
}

/// Changes one byte in the middle of what a tier holds.
async fn flip(world: &World, founder: &Founder<'_>, number: usize) {
    let key = tier(founder, number);
    let length = world.redis(&["STRLEN", &key]).await;
    assert!(length > 300, "{key} holds {length} bytes");
    world.redis(&["SETRANGE", &key, &(length / 2).to_string(), "~"]).await;
}

#[tokio::test]
async fn a_tier_that_is_gone_is_answered_by_the_next_in_one_call_and_written_again() {
    let world = World::shared().await;
    let founder = warm(world).await;
    let first = founder.get("/context/manifest").await;
    for (gone, next) in [(&[0][..], "tier1"), (&[0, 1], "tier2"), (&[0, 1, 2], "origin")] {
        for number in gone {
            world.redis(&["DEL", &tier(&founder, *number)]).await;
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
    let founder = warm(world).await;
    let first = founder.get("/context/manifest").await;
    for (flipped, next) in [(&[0][..], "tier1"), (&[0, 1], "tier2"), (&[0, 1, 2], "origin")] {
        for number in flipped {
            flip(world, &founder, *number).await;
        }
        let reply = founder.get("/context/manifest").await;
        assert_eq!((reply.header("x-cache"), &reply.text), (Some(next), &first.text));
        proved(&reply);
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
        assert_eq!(founder.get("/context/manifest").await.text, first.text, "{field}");
    }
    assert_eq!(founder.finalize(&answers_of("after")).await.status, 201);
    assert_eq!(proved(&founder.get("/context/manifest").await), 2);
}

#[tokio::test]
async fn one_reader_refreshes_and_a_refresher_that_died_is_replaced() {
    let world = World::shared().await;
    let founder = warm(world).await;
    let head = format!("bcm:{}:head", founder.workspace_id);
    let lease = format!("bcm:{}:lease", founder.workspace_id);
    // A refresher that died: it holds the lease and refreshes nothing.
    world.redis(&["SET", &lease, "1", "PX", "10000"]).await;
    world.redis(&["HSET", &head, "soft_ms", "0"]).await;
    let reply = founder.get("/context/manifest").await;
    assert_eq!((reply.header("x-cache"), reply.calls.len()), (Some("tier0"), 1));
    assert_eq!(world.redis(&["EXISTS", &lease]).await, 1);
    world.redis(&["DEL", &lease]).await;
    let readers: Vec<_> = (0..20).map(|address| read(&founder, address)).collect();
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
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    assert_eq!(proved(&founder.get("/context/manifest").await), 1);
}

#[tokio::test]
async fn a_writer_that_dies_between_commit_and_publish_hides_nothing() {
    let world = World::shared().await;
    let founder = warm(world).await;
    for (round, after) in [(2, false), (3, true)] {
        let ask = founder.ask(Method::POST, "/onboarding/finalize");
        let lost = Fault { skip: 1, drop: true, after, request_id: Some(ask.id.clone()), ..Fault::default() };
        world.stack.faults().set(Part::Upstash, lost).unwrap();
        let body = json!({"answers": answers_of(&format!("round {round}"))}).to_string();
        let made = ask.body(body).send().await;
        assert_eq!((made.status, made.header("degraded")), (201, Some("redis")), "{made:?}");
        let reply = founder.get("/context/manifest").await;
        assert_eq!(proved(&reply), round);
        assert_eq!(reply.header("x-cache"), Some(if after { "tier0" } else { "origin" }));
        if !after {
            // The fence falls by itself; nobody who asks until then keeps what he got.
            let fence = format!("bcm:{}:fence", founder.workspace_id);
            assert_eq!(world.redis(&["ZCARD", &fence]).await, 1);
            world.redis(&["EVAL", "for _, t in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do redis.call('ZADD', KEYS[1], 1, t) end", "1", &fence]).await;
            let reply = founder.get("/context/manifest").await;
            assert_eq!((proved(&reply), reply.header("x-cache")), (round, Some("origin")));
            until("the tiers are believed again", || async {
                let reply = founder.get("/context/manifest").await;
                assert_eq!(proved(&reply), round);
                reply.header("x-cache") == Some("tier0")
            })
            .await;
        }
    }
}

#[tokio::test]
async fn without_postgres_the_cold_tier_serves_and_warns() {
    let world = World::own().await;
    let founder = warm(&world).await;
    for part in [Part::Postgres, Part::Postgrest] {
        world.stack.kill(part).await.unwrap();
        for number in [0, 1] {
            world.redis(&["DEL", &tier(&founder, number)]).await;
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
        assert_eq!(proved(&reply), 1);
        assert!(reply.header("warning").is_some_and(|warning| warning.starts_with("111 gatehouse \"")));
        world.stack.restart(part).await.unwrap();
        until("Postgres is asked again", || async {
            let reply = founder.get("/context/manifest").await;
            reply.status == 200 && reply.header("degraded").is_none()
        })
        .await;
    }
}

#[tokio::test]
async fn fifty_writers_and_two_hundred_readers_while_redis_forgets() {
    let world = World::own().await;
    let founder = warm(&world).await;
    unlimited(&world, &founder).await;
    let (committed, writing) = (AtomicU64::new(1), AtomicU64::new(50));
    let write = async |number: u64| {
        let body = json!({"answers": answers_of(&number.to_string())}).to_string();
        let ask = || {
            let ask = founder.ask(Method::POST, "/onboarding/finalize");
            ask.header("cf-connecting-ip", &format!("10.200.0.{number}")).body(body.clone())
        };
        let first = ask();
        if number.is_multiple_of(5) {
            // Every fifth dies between its commit and its publish.
            let lost = Fault { skip: 1, drop: true, request_id: Some(first.id.clone()), ..Fault::default() };
            world.stack.faults().set(Part::Upstash, lost).unwrap();
        }
        let mut made = first.send().await;
        // No fence in time is no write, and the answer says to send it again.
        while made.status == 503 {
            made = ask().send().await;
        }
        let version = made.json["manifest"]["version"].as_u64().unwrap_or_else(|| panic!("{made:?}"));
        committed.fetch_max(version, Ordering::SeqCst);
        let left = writing.fetch_sub(1, Ordering::SeqCst) - 1;
        if left % 10 == 5 {
            world.redis(&["FLUSHALL"]).await;
            unlimited(&world, &founder).await;
        }
    };
    let reader = async |number: u64| {
        let mut turn = 0;
        while writing.load(Ordering::SeqCst) > 0 {
            let before = committed.load(Ordering::SeqCst);
            let reply = read(&founder, number + 200 * turn).await;
            if reply.status == 200 {
                let seen = proved(&reply);
                assert!(
                    seen >= before,
                    "version {seen} was read after {before} had been committed: {reply:?}"
                );
            } else {
                reply.refused(503, "dependency_unavailable");
            }
            turn += 1;
        }
    };
    let writers = futures_util::future::join_all((0..50).map(write));
    let readers = futures_util::future::join_all((0..200).map(reader));
    tokio::join!(writers, readers);
    let of = format!("from business_context_manifests where workspace_id = '{}'", founder.workspace_id);
    let (last, rows) = (
        world.count(&format!("select max(version)::bigint {of}")).await,
        world.count(&format!("select count(*) {of}")).await,
    );
    assert_eq!(last, rows, "versions have no gaps");
    assert!(last > 50, "every writer's content became a version: {last}");
    assert_eq!(proved(&read(&founder, 7).await), u64::try_from(last).unwrap());
}
