//! Parts that die: a 503 with a code instead of a hang, and recovery when the part is back.

use gatehouse_devstack::{Fault, Part};

use crate::support::{World, answers, until};

#[tokio::test]
async fn without_postgres_or_postgrest_it_is_a_503_until_they_are_back() {
    let world = World::own().await;
    let founder = world.founder().await;
    for part in [Part::Postgres, Part::Postgrest] {
        world.stack.kill(part).await.unwrap();
        for reply in [
            founder.get("/auth/verify-profile").await,
            founder.post("/auth/ensure-profile", None).await,
            founder.finalize(&answers()).await,
        ] {
            reply.refused(503, "dependency_unavailable");
            assert_eq!(reply.header("retry-after"), Some("2"));
        }
        world.stack.restart(part).await.unwrap();
        until("profiles are verified again", || async {
            founder.get("/auth/verify-profile").await.status == 200
        })
        .await;
    }
    let reply = founder.finalize(&answers()).await;
    assert_eq!((reply.status, &reply.json["manifest"]["version"]), (201, &serde_json::json!(1)), "{reply:?}");
}

#[tokio::test]
async fn without_redis_nothing_is_written_and_reads_say_that_they_are_degraded() {
    let world = World::own().await;
    let founder = world.founder().await;
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    world.stack.kill(Part::Redis).await.unwrap();
    founder.finalize(&answers()).await.refused(503, "dependency_unavailable");
    let read = founder.get("/context/manifest").await;
    assert_eq!(
        (read.status, read.header("degraded"), read.header("x-cache")),
        (200, Some("redis"), Some("origin"))
    );
    world.stack.restart(Part::Redis).await.unwrap();
    // It has lost its data, and maybe fences: it would not be believed for the 30 s that those may stand.
    world.redis(&["SET", "bcm:epoch", "0", "PX", "60000"]).await;
    until("writes are taken again", || async { founder.finalize(&answers()).await.status == 200 }).await;
    until("the hot tier answers again", || async {
        founder.get("/context/manifest").await.header("x-cache") == Some("tier0")
    })
    .await;
    assert_eq!(world.count("select count(*) from business_context_manifests").await, 1);
}

#[tokio::test]
async fn without_both_a_read_is_a_503() {
    let world = World::own().await;
    let founder = world.founder().await;
    founder.finalize(&answers()).await;
    world.stack.kill(Part::Redis).await.unwrap();
    world.stack.kill(Part::Postgrest).await.unwrap();
    founder.get("/context/manifest").await.refused(503, "dependency_unavailable");
}

#[tokio::test]
async fn a_part_that_hangs_is_given_up_at_the_deadline() {
    let world = World::shared().await;
    let founder = world.founder().await;
    for (part, path) in [(Part::Postgrest, "/auth/verify-profile"), (Part::Upstash, "/context/manifest")] {
        let request = founder.request(reqwest::Method::GET, path);
        let hang = Fault { delay_ms: 60_000, request_id: Some(request.id.clone()), ..Fault::default() };
        world.stack.faults().set(part, hang).unwrap();
        let reply = request.send().await;
        match part {
            Part::Postgrest => {
                let detail = reply.refused(503, "dependency_unavailable").json["detail"].clone();
                assert_eq!(detail, "The database did not answer in time.");
            }
            // Redis is a cache: Postgres knows that this workspace has no manifest yet.
            _ => {
                reply.refused(404, "manifest_not_found");
            }
        }
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_write_is_a_503_and_repeating_it_is_safe() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let request = founder.request(reqwest::Method::POST, "/onboarding/finalize");
    let lost = Fault {
        drop: true,
        after: true,
        path: Some("finalize_onboarding".into()),
        request_id: Some(request.id.clone()),
        ..Fault::default()
    };
    world.stack.faults().set(Part::Postgrest, lost).unwrap();
    let body = serde_json::json!({"answers": answers()}).to_string();
    request.body(body).send().await.refused(503, "dependency_unavailable");
    // It was committed. While the fence stands readers are sent to Postgres, so nobody sees the time before it.
    let read = founder.get("/context/manifest").await;
    assert_eq!(
        (read.status, read.header("x-cache"), &read.json["version"]),
        (200, Some("origin"), &serde_json::json!(1))
    );
    let again = founder.finalize(&answers()).await;
    assert_eq!((again.status, &again.json["created"]), (200, &serde_json::json!(false)), "{again:?}");
}

#[tokio::test]
async fn a_connection_that_breaks_during_a_query_is_a_503() {
    let world = World::shared().await;
    let founder = world.founder().await;
    // What PostgREST 12 answers then, seen on the real one.
    for (status, body) in [
        (400, serde_json::json!({"code": "", "message": ""})),
        (503, serde_json::json!({"code": "PGRST001"})),
    ] {
        let request = founder.request(reqwest::Method::GET, "/auth/verify-profile");
        let broken = Fault {
            status: Some(status),
            body: Some(body),
            request_id: Some(request.id.clone()),
            ..Fault::default()
        };
        world.stack.faults().set(Part::Postgrest, broken).unwrap();
        request.send().await.refused(503, "dependency_unavailable");
    }
}

#[tokio::test]
async fn without_auth_a_known_key_still_verifies() {
    let world = World::own().await;
    let founder = world.founder().await;
    world.stack.kill(Part::Auth).await.unwrap();
    assert_eq!(founder.get("/auth/verify-profile").await.status, 200);
}

#[tokio::test]
async fn after_a_rotation_the_old_key_and_the_new_one_both_verify() {
    let world = World::own().await;
    let old = world.stack.sign_up("old@example.in", "a long enough passphrase").await.unwrap().access_token;
    world.stack.rotate_key().await.unwrap();
    let new = world.stack.sign_up("new@example.in", "a long enough passphrase").await.unwrap().access_token;
    for token in [old, new] {
        let request = world.request(reqwest::Method::GET, "/auth/verify-profile");
        assert_eq!(request.header("authorization", &format!("Bearer {token}")).send().await.status, 200);
    }
}

#[tokio::test]
async fn an_isolate_without_keys_is_a_503_until_auth_is_back() {
    let world = World::own().await;
    let session = world.stack.sign_up("first@example.in", "a long enough passphrase").await.unwrap();
    let request = || {
        let bearer = format!("Bearer {}", session.access_token);
        world.request(reqwest::Method::GET, "/auth/verify-profile").header("authorization", &bearer).send()
    };
    world.stack.kill(Part::Auth).await.unwrap();
    request().await.refused(503, "dependency_unavailable");
    world.stack.restart(Part::Auth).await.unwrap();
    assert_eq!(request().await.status, 200);
}
