//! Writers and readers at once, some of them slow, dead or robbed of their fence: no reader goes back, and versions stay
//! gapless.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use futures_util::future::join_all;
use gatehouse_devstack::{Fault, Part};
use reqwest::Method;
use serde_json::{Value, json};

use crate::chaos::{
    answers_with_goal, founder_with_cached_manifest, manifest_request, tier_key, verified_version,
};
use crate::support::{Founder, Request, World, until};

/// How long a slow call of Redis takes: longer than a write, and well below the second that the Worker waits.
const SLOW_MS: u64 = 500;
/// How long a slow commit takes: longer than a look at Redis and Postgres.
const SLOW_COMMIT_MS: u64 = 250;

/// A write of answers that nobody else gives.
fn finalize_request<'a>(founder: &Founder<'a>, name: &str) -> Request<'a> {
    let body = json!({"answers": answers_with_goal(name)}).to_string();
    founder.request(Method::POST, "/onboarding/finalize").body(body)
}

/// What becomes of a request's second call of Redis: a writer's publish, or what a reader keeps.
fn set_second_call_fault(world: &World, request: &Request<'_>, fault: Fault) {
    let fault = Fault { skip: 1, request_id: Some(request.id.clone()), ..fault };
    world.stack.faults().set(Part::Upstash, fault).unwrap();
}

fn slow() -> Fault {
    Fault { delay_ms: SLOW_MS, ..Fault::default() }
}

fn dead() -> Fault {
    Fault { drop: true, ..Fault::default() }
}

/// The version that a reader sees; a 503 makes it read again.
async fn read_version(founder: &Founder<'_>) -> u64 {
    loop {
        let reply = founder.get("/context/manifest").await;
        if reply.status != 503 {
            return verified_version(&reply);
        }
    }
}

/// Thirty seconds later: fences whose writers said nothing have fallen, and Redis remembers for long enough again. Then
/// the tiers are believed, and what they have is the newest version.
async fn assert_newest_after_fences(world: &World, founder: &Founder<'_>, newest: u64) {
    assert_eq!(read_version(founder).await, newest);
    let fence = format!("bcm:{}:fence", founder.workspace_id);
    let over = "for _, token in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do redis.call('ZADD', KEYS[1], 1, token) end";
    world.redis(&["EVAL", over, "1", &fence]).await;
    world.redis(&["SET", "bcm:epoch", "0", "PX", "600000"]).await;
    until("the tiers are believed", || async {
        let reply = founder.get("/context/manifest").await;
        assert_eq!(verified_version(&reply), newest);
        reply.header("x-cache") == Some("tier0")
    })
    .await;
}

/// Waits until Redis and Postgres have answered `calls` calls of a request.
async fn wait_for_calls(world: &World, id: &str, calls: usize) {
    until("all calls are answered", || async { world.stack.calls(id).len() == calls }).await;
}

#[tokio::test]
async fn a_slow_reader_never_brings_back_what_a_writer_has_replaced() {
    let world = World::own().await;
    let founder = founder_with_cached_manifest(&world).await;
    // One that looked before the writer came: it fetches version 1, and keeps it when 2 is published.
    for number in 0..3 {
        world.redis(&["DEL", &tier_key(&founder, number)]).await;
    }
    let reader = founder.request(Method::GET, "/context/manifest");
    let id = reader.id.clone();
    set_second_call_fault(&world, &reader, slow());
    assert_eq!(verified_version(&reader.send().await), 1);
    assert_eq!(finalize_request(&founder, "two").send().await.status, 201);
    wait_for_calls(&world, &id, 3).await;
    assert_newest_after_fences(&world, &founder, 2).await;
    // One that looked behind the writer's fence, before the commit.
    let writer = finalize_request(&founder, "three");
    let commit = Fault { delay_ms: SLOW_COMMIT_MS, request_id: Some(writer.id.clone()), ..Fault::default() };
    world.stack.faults().set(Part::Postgrest, commit).unwrap();
    let fence = format!("bcm:{}:fence", founder.workspace_id);
    let reader = founder.request(Method::GET, "/context/manifest");
    let id = reader.id.clone();
    set_second_call_fault(&world, &reader, slow());
    let reading = async {
        until("the fence stands", || async { world.redis(&["ZCARD", &fence]).await == 1 }).await;
        reader.send().await
    };
    let (written, seen) = tokio::join!(writer.send(), reading);
    assert_eq!(written.status, 201, "{written:?}");
    assert!(verified_version(&seen) >= 2);
    wait_for_calls(&world, &id, 3).await;
    assert_newest_after_fences(&world, &founder, 3).await;
}

#[tokio::test]
async fn a_slow_writer_never_publishes_over_a_newer_version() {
    let world = World::own().await;
    let founder = founder_with_cached_manifest(&world).await;
    for (round, overtaker) in [Fault::default(), dead()].into_iter().enumerate() {
        let first = 2 + 2 * u64::try_from(round).unwrap();
        let slow_one = finalize_request(&founder, &format!("slow {round}"));
        let id = slow_one.id.clone();
        set_second_call_fault(&world, &slow_one, slow());
        let overtaking = async {
            // Two calls are answered: the fence stands, and its version is committed.
            wait_for_calls(&world, &id, 2).await;
            let fast_one = finalize_request(&founder, &format!("fast {round}"));
            set_second_call_fault(&world, &fast_one, overtaker);
            fast_one.send().await
        };
        let (slow_one, fast_one) = tokio::join!(slow_one.send(), overtaking);
        let made = [&slow_one, &fast_one].map(|reply| reply.json["manifest"]["version"].clone());
        assert_eq!(made, [json!(first), json!(first + 1)]);
        assert_newest_after_fences(&world, &founder, first + 1).await;
    }
}

#[tokio::test]
async fn a_fence_that_redis_forgot_lets_nobody_keep_an_older_version() {
    let world = World::own().await;
    let founder = founder_with_cached_manifest(&world).await;
    // It dies after its commit, so that nobody ever tells the tiers.
    let writer = finalize_request(&founder, "two");
    let commit = Fault { delay_ms: SLOW_COMMIT_MS, request_id: Some(writer.id.clone()), ..Fault::default() };
    world.stack.faults().set(Part::Postgrest, commit).unwrap();
    set_second_call_fault(&world, &writer, dead());
    let fence = format!("bcm:{}:fence", founder.workspace_id);
    let forgetting = async {
        until("the fence stands", || async { world.redis(&["ZCARD", &fence]).await == 1 }).await;
        world.redis(&["FLUSHALL"]).await;
        let reader = founder.request(Method::GET, "/context/manifest");
        let id = reader.id.clone();
        verified_version(&reader.send().await);
        wait_for_calls(&world, &id, 3).await;
    };
    let (written, ()) = tokio::join!(writer.send(), forgetting);
    assert_eq!((written.status, written.header("degraded")), (201, Some("redis")));
    assert_newest_after_fences(&world, &founder, 2).await;
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

/// What a race has come to.
struct Race {
    committed: AtomicU64,
    writing: AtomicU64,
}

/// So many of fifty writers die.
const DYING: u64 = 10;

/// One of fifty writers. The first die between their commit and their publish; later Redis forgets everything now and
/// then.
async fn one_writer(world: &World, founder: &Founder<'_>, race: &Race, number: u64) {
    let made = loop {
        let request = finalize_request(founder, &number.to_string());
        if number < DYING {
            set_second_call_fault(world, &request, dead());
        }
        let request = request.header("cf-connecting-ip", &format!("10.200.0.{number}"));
        // No fence in time is no write, and the answer says to send it again; so does none in time.
        match request.try_send().await {
            Ok(made) if made.status != 503 => break made,
            _ => {}
        }
    };
    let version = made.json["manifest"]["version"].as_u64().unwrap_or_else(|| panic!("{made:?}"));
    race.committed.fetch_max(version, Ordering::SeqCst);
    let left = race.writing.fetch_sub(1, Ordering::SeqCst) - 1;
    if number >= DYING && left % 10 == 5 {
        world.redis(&["FLUSHALL"]).await;
        unlimited(world, founder).await;
    }
}

/// One of two hundred readers, for as long as anybody writes.
async fn one_reader(founder: &Founder<'_>, race: &Race, number: u64) {
    let mut turn = 0;
    while race.writing.load(Ordering::SeqCst) > 0 {
        let before = race.committed.load(Ordering::SeqCst);
        turn += 1;
        // Who is not answered in time has seen nothing wrong.
        let Ok(reply) = manifest_request(founder, number + 200 * turn).try_send().await else { continue };
        if reply.status == 200 {
            let seen = verified_version(&reply);
            assert!(seen >= before, "version {seen} was read after {before} had been committed: {reply:?}");
        } else {
            reply.refused(503, "dependency_unavailable");
        }
    }
}

#[tokio::test]
async fn fifty_writers_and_two_hundred_readers_while_redis_forgets() {
    let world = World::own().await;
    let founder = founder_with_cached_manifest(&world).await;
    unlimited(&world, &founder).await;
    let race = Race { committed: AtomicU64::new(1), writing: AtomicU64::new(50) };
    let writers =
        |numbers: Range<u64>| join_all(numbers.map(|number| one_writer(&world, &founder, &race, number)));
    let writing = async {
        writers(0..DYING).await;
        // The tiers still have the first version, and the dead say nothing.
        assert_eq!(read_version(&founder).await, race.committed.load(Ordering::SeqCst));
        writers(DYING..50).await;
    };
    tokio::join!(writing, join_all((0..200).map(|number| one_reader(&founder, &race, number))));
    let of = format!("from business_context_manifests where workspace_id = '{}'", founder.workspace_id);
    let (newest, rows) = (
        world.count(&format!("select max(version)::bigint {of}")).await,
        world.count(&format!("select count(*) {of}")).await,
    );
    assert_eq!(newest, rows, "versions have no gaps");
    assert!(newest > 50, "every writer's content became a version: {newest}");
    assert_newest_after_fences(&world, &founder, u64::try_from(newest).unwrap()).await;
}
