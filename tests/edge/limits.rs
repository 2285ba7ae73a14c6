//! The named limits, and the membership that readers keep for a while when Postgres is away.

use gatehouse_core::rate_limit;
use gatehouse_devstack::Part;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Founder, Reply, World, answers, until};

const PRELUDE: &str = include_str!("../../edge/src/lua/prelude.lua");

async fn export(who: &Founder<'_>) -> Reply {
    who.post("/context/export", Some(&json!({"format": "json"}))).await
}

#[tokio::test]
async fn a_route_may_be_used_so_often_and_says_how_often() {
    let world = World::shared().await;
    let founder = world.founder().await;
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    until("the membership and its plan are in Redis", || async {
        founder.get("/context/manifest").await.header("x-cache") == Some("tier0")
    })
    .await;
    let [_, _, most, _] = rate_limit::EXPORT.most; // the founder is on Glide
    for used in 1..=most {
        let reply = export(&founder).await;
        assert_eq!(reply.status, 200, "{used}: {reply:?}");
        assert_eq!(reply.header("ratelimit-limit"), Some(most.to_string().as_str()));
        assert_eq!(reply.header("ratelimit-remaining"), Some((most - used).to_string().as_str()));
    }
    let reply = export(&founder).await;
    reply.refused(429, "rate_limited");
    assert_eq!(reply.calls, ["upstash EVALSHA read_manifest"], "counting costs no call of its own");
    let retry: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=7_200).contains(&retry), "{retry}");
    assert_eq!(founder.get("/context/manifest").await.status, 200, "reading is not exporting");

    let other = world.founder().await;
    assert_eq!(other.finalize(&answers()).await.status, 201);
    assert_eq!(export(&other).await.status, 200);
}

#[tokio::test]
async fn an_outsider_uses_up_nothing_of_a_workspace() {
    let world = World::shared().await;
    let (founder, mut outsider) = (world.founder().await, world.founder().await);
    outsider.workspace_id.clone_from(&founder.workspace_id);
    for _ in 0..rate_limit::FINALIZE.most[0] {
        outsider.finalize(&answers()).await.refused(404, "workspace_not_found");
    }
    outsider.finalize(&answers()).await.refused(429, "rate_limited");
    assert_eq!(founder.finalize(&answers()).await.status, 201);
}

#[tokio::test]
async fn repeating_a_payment_with_its_key_is_not_counted() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let most = rate_limit::PAYMENT_INIT.most[0];
    let first = founder.init("glide", "month", "the-same-key").await;
    let left = (most - 1).to_string();
    assert_eq!((first.status, first.header("ratelimit-remaining")), (201, Some(left.as_str())));
    until("the answer is kept", || async {
        founder.init("glide", "month", "the-same-key").await.header("idempotent-replayed") == Some("true")
    })
    .await;
    let second = founder.init("glide", "month", "another-key").await;
    let left = (most - 2).to_string();
    assert_eq!((second.status, second.header("ratelimit-remaining")), (200, Some(left.as_str())));
}

/// The window slides: what the last one counted weighs what of it still reaches in.
#[tokio::test]
async fn the_last_window_weighs_what_of_it_still_reaches_in() {
    let world = World::shared().await;
    let client = redis::Client::open(world.stack.redis_url()).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    // Days long, so that the weight barely moves within the test.
    let window: i64 = 1_000_000_000;
    let text = format!("{PRELUDE} local at = now() return {{at, limit(KEYS[1], ARGV[1], ARGV[2])}}");
    let argument = json!({"window": window, "none": 10, "soar": 40}).to_string();
    for (passed, before_or_count, plan, most) in [
        (0, 10, Value::Null, 10),
        (0, 9, Value::Null, 10),
        (1, 40, json!("soar"), 40),
        (1, 10, json!("unheard of"), 10),
        (1, 3, Value::Null, 10),
        (2, 1_000, Value::Null, 10),
    ] {
        let key = format!("limit:test:{}", uuid::Uuid::new_v4());
        let time: (i64, i64) = redis::cmd("TIME").query_async(&mut redis).await.unwrap();
        let number = (time.0 * 1_000) / window - passed;
        redis::cmd("HSET")
            .arg(&key)
            .arg(&["number", &number.to_string(), "count", &before_or_count.to_string(), "before", "0"])
            .query_async::<()>(&mut redis)
            .await
            .unwrap();
        let member = json!({"plan": plan}).to_string();
        let (at, (allowed, limit, left, wait)): (i64, (i64, i64, i64, i64)) = redis::cmd("EVAL")
            .arg(&[&text, "1", &key, &argument, &member])
            .query_async(&mut redis)
            .await
            .unwrap();
        let gone = at % window;
        let weight = match passed {
            0 => 1.0,
            1 => (window - gone) as f64 / window as f64,
            _ => 0.0,
        };
        let used = f64::from(before_or_count) * weight;
        let case = format!("{passed} {before_or_count} {plan}");
        assert_eq!((allowed, limit), (i64::from(used + 1.0 <= f64::from(most)), most.into()), "{case}");
        if allowed == 1 {
            assert_eq!(
                (left, wait),
                ((f64::from(most) - used - 1.0).floor() as i64, window - gone),
                "{case}"
            );
            let ttl: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut redis).await.unwrap();
            assert!(ttl > 0, "{case}: a key without a time to live");
        } else {
            // At the promised instant there is room for one more.
            let then = gone + wait;
            let weight = if passed == 1 {
                (window - then) as f64 / window as f64
            } else {
                (2 * window - then) as f64 / window as f64
            };
            assert!(f64::from(before_or_count) * weight + 1.0 <= f64::from(most) + 1e-6, "{case}: {wait}");
        }
        redis::cmd("DEL").arg(&key).query_async::<()>(&mut redis).await.unwrap();
    }
}

/// Makes the membership record of a person look as old as `age_ms`.
async fn age_membership(world: &World, age_ms: i64) {
    let keys = world.keys("member:*").await;
    let client = redis::Client::open(world.stack.redis_url()).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    for key in keys {
        let record: String = redis::cmd("GET").arg(&key).query_async(&mut redis).await.unwrap();
        let mut record: Value = serde_json::from_str(&record).unwrap();
        record["confirmed_ms"] = json!(record["confirmed_ms"].as_i64().unwrap() - age_ms);
        let set = ["SET", &key, &record.to_string(), "KEEPTTL"].map(str::to_owned);
        redis::cmd(&set[0]).arg(&set[1..]).query_async::<()>(&mut redis).await.unwrap();
    }
}

#[tokio::test]
async fn without_postgres_who_was_a_member_lately_reads_and_writes_nothing() {
    let world = World::own().await;
    let founder = world.founder().await;
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    assert_eq!(founder.get("/onboarding/session").await.status, 200);
    until("the tier is warm", || async {
        founder.get("/context/manifest").await.header("x-cache") == Some("tier0")
    })
    .await;

    age_membership(&world, 61_000).await;
    let asked = founder.get("/context/manifest").await;
    assert_eq!(
        (asked.status, asked.header("x-cache")),
        (200, Some("origin")),
        "after 60 s Postgres is asked"
    );
    until("the tier is warm", || async {
        founder.get("/context/manifest").await.header("x-cache") == Some("tier0")
    })
    .await;

    world.stack.kill(Part::Postgrest).await.unwrap();
    age_membership(&world, 61_000).await;
    let read = founder.get("/context/manifest").await;
    assert_eq!(
        (read.status, read.header("x-cache"), read.header("degraded")),
        (200, Some("tier0"), Some("postgres"))
    );
    let session = founder.get("/onboarding/session").await;
    assert_eq!((session.status, session.header("degraded")), (200, Some("postgres")), "{session:?}");
    let save = founder.request(Method::PATCH, "/onboarding/steps/company").header("if-match", "\"1\"");
    save.body(r#"{"answers": {"industry": "Tea"}}"#).send().await.refused(503, "dependency_unavailable");

    let records = world.keys("member:*").await;
    for key in &records {
        let ttl = world.redis(&["PTTL", key]).await;
        assert!((1..=900_000).contains(&ttl), "{key} is kept for {ttl} ms");
        world.redis(&["DEL", key]).await;
    }
    assert!(!records.is_empty());
    founder.get("/context/manifest").await.refused(503, "dependency_unavailable");
}
