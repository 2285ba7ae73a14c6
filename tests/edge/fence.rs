//! No reader sees an older version than the last committed one.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use crate::support::{World, answers, until};

const ROUNDS: u64 = 12;

#[tokio::test]
async fn readers_never_go_back_while_writers_write() {
    let world = World::shared().await;
    let founder = world.founder().await;
    founder.finalize(&answers()).await;
    let committed = AtomicU64::new(1);
    let writers = AtomicU64::new(2);
    let write = async |name: &str| {
        for round in 0..ROUNDS {
            let mut next = answers();
            next["acquisition_goal"] = json!(format!("{name}: {round} first orders a month"));
            let made = founder.finalize(&next).await;
            assert_eq!(made.status, 201, "{made:?}");
            committed.fetch_max(made.json["manifest"]["version"].as_u64().unwrap(), Ordering::SeqCst);
        }
        writers.fetch_sub(1, Ordering::SeqCst);
    };
    let read = async || {
        while writers.load(Ordering::SeqCst) > 0 {
            let before = committed.load(Ordering::SeqCst);
            let seen = founder.get("/context/manifest").await.json["version"].as_u64().unwrap();
            assert!(seen >= before, "version {seen} was read after {before} had been committed");
        }
    };
    tokio::join!(write("one"), write("two"), read(), read());
    assert_eq!(committed.load(Ordering::SeqCst), 1 + 2 * ROUNDS);
    until("the newest version is in the hot tier", || async {
        let seen = founder.get("/context/manifest").await;
        assert_eq!(seen.json["version"], 1 + 2 * ROUNDS);
        seen.header("x-cache") == Some("tier0")
    })
    .await;
}

#[tokio::test]
async fn every_key_in_redis_has_a_time_to_live() {
    let world = World::shared().await;
    let founder = world.founder().await;
    founder.finalize(&answers()).await;
    // What a reader fetched from Postgres is kept after its answer.
    for key in world.keys(&format!("bcm:{}:tier*", founder.workspace_id)).await {
        world.redis(&["DEL", &key]).await;
    }
    founder.get("/context/manifest").await;
    let kept = format!("member:{}:*", founder.workspace_id);
    until("the membership is kept", || async { !world.keys(&kept).await.is_empty() }).await;
    let client = redis::Client::open(world.stack.redis_url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
    assert!(keys.iter().any(|key| key.contains(&founder.workspace_id)), "the workspace has keys: {keys:?}");
    for key in keys {
        let ttl: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut connection).await.unwrap();
        assert!(ttl > 0 || ttl == -2, "{key} has no time to live");
    }
}
