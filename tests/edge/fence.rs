//! No reader sees an older version than the last committed one.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::json;

use crate::support::{World, answers};

#[tokio::test]
async fn readers_never_go_back_while_writers_write() {
    let world = World::shared().await;
    let founder = world.founder().await;
    founder.finalize(&answers()).await;
    let committed = AtomicU64::new(1);
    let writing = AtomicBool::new(true);
    let write = async {
        for round in 0..20 {
            let mut next = answers();
            next["acquisition_goal"] = json!(format!("{round} first orders a month"));
            let made = founder.finalize(&next).await;
            assert_eq!(made.status, 201, "{made:?}");
            committed.fetch_max(made.json["manifest"]["version"].as_u64().unwrap(), Ordering::SeqCst);
        }
        writing.store(false, Ordering::SeqCst);
    };
    let read = async {
        let mut tiers = std::collections::BTreeSet::new();
        while writing.load(Ordering::SeqCst) {
            let before = committed.load(Ordering::SeqCst);
            let seen = founder.get("/context/manifest").await;
            tiers.insert(seen.header("x-cache").unwrap().to_owned());
            let version = seen.json["version"].as_u64().unwrap();
            assert!(version >= before, "version {version} was read after {before} had been committed");
        }
        tiers
    };
    let ((), one, two) = tokio::join!(write, read, async {
        while writing.load(Ordering::SeqCst) {
            let before = committed.load(Ordering::SeqCst);
            let seen = founder.get("/context/manifest").await.json["version"].as_u64().unwrap();
            assert!(seen >= before, "version {seen} was read after {before} had been committed");
        }
    });
    let () = two;
    assert!(one.contains("origin"), "the fence sent readers to Postgres: {one:?}");
    assert_eq!(committed.load(Ordering::SeqCst), 21);
}

#[tokio::test]
async fn every_key_in_redis_has_a_time_to_live() {
    let world = World::shared().await;
    let founder = world.founder().await;
    founder.finalize(&answers()).await;
    founder.get("/context/manifest").await;
    let client = redis::Client::open(world.stack.redis_url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
    assert!(keys.iter().any(|key| key.contains(&founder.workspace_id)), "the workspace has keys: {keys:?}");
    for key in keys {
        let ttl: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut connection).await.unwrap();
        assert!(ttl > 0 || ttl == -2, "{key} has no time to live");
    }
}
