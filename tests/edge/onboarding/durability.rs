//! A Redis that forgets or is away, and the snapshot behind it.

use gatehouse_core::onboarding::FieldId;
use gatehouse_devstack::{Fault, Part};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    READ_SNAPSHOT, SESSION_SCRIPT, add_member, assert_saved, if_match, read_session, replace_session,
    save_step, wait_for_snapshot,
};
use crate::support::{Founder, Reply, World, answers, until};

/// Saves first answers, as revision 1 in Redis and in Postgres.
async fn kept(world: &World, founder: &Founder<'_>, answers: Value) {
    read_session(founder).await;
    assert_saved(&replace_session(founder, 0, &answers).await, 1);
    wait_for_snapshot(world, founder, 1).await;
}

#[tokio::test]
async fn snapshots_wait_for_the_lease_and_hold_the_newest_save() {
    let world = World::shared().await;
    let founder = world.founder().await;
    read_session(&founder).await;
    let lease = format!("onb:{}:snapshot", founder.workspace_id);
    world.redis(&["SET", &lease, "held by a test", "PX", "600000"]).await;
    let mut quiet = Vec::new();
    for (revision, name) in (0..).zip(["T", "Te", "Tea"]) {
        let reply = save_step(&founder, "company", revision, json!({"answers": {"industry": name}})).await;
        assert_saved(&reply, revision + 1);
        quiet.push(reply.id);
    }
    world.redis(&["DEL", &lease]).await;
    assert_saved(&save_step(&founder, "company", 3, json!({"answers": {"business_stage": "Seed"}})).await, 4);
    wait_for_snapshot(world, &founder, 4).await;
    for id in quiet {
        assert_eq!(world.stack.calls(&id).len(), 1, "no snapshot while the lease is held");
    }
    world.redis(&["DEL", &format!("onb:{}", founder.workspace_id)]).await;
    assert_eq!(
        read_session(&founder).await.json["answers"],
        json!({"industry": "Tea", "business_stage": "Seed"})
    );
}

#[tokio::test]
async fn a_redis_that_forgot_everything_gets_the_session_back() {
    let world = World::own().await;
    let founder = world.founder().await;
    kept(&world, &founder, answers()).await;
    world.redis(&["FLUSHALL"]).await;
    let restored = read_session(&founder).await;
    assert_saved(&restored, 1);
    assert_eq!(restored.json["answers"], answers());
    world.redis(&["FLUSHALL"]).await;
    assert_saved(&save_step(&founder, "company", 1, json!({"answers": {"industry": "Tea"}})).await, 2);
    world.redis(&["FLUSHALL"]).await;
    let made = founder.post("/onboarding/finalize", None).await;
    assert_eq!(made.status, 201, "{made:?}");
}

#[tokio::test]
async fn without_redis_a_save_compares_and_swaps_the_snapshot() {
    let world = World::own().await;
    let founder = world.founder().await;
    kept(&world, &founder, json!({"industry": "Tea"})).await;
    world.stack.kill(Part::Redis).await.unwrap();
    let read = read_session(&founder).await;
    assert_saved(&read, 1);
    assert_eq!((read.header("degraded"), &read.json["expires_at"]), (Some("redis"), &Value::Null));
    let reply = save_step(&founder, "company", 1, json!({"answers": {"company_name": "चाय कथा"}})).await;
    assert_saved(&reply, 2);
    assert_eq!(reply.header("degraded"), Some("redis"));
    assert_eq!(reply.json["answers"], json!({"industry": "Tea", "company_name": "चाय कथा"}));
    // The rules are the same: a merge, a conflict, replacing with an old revision.
    let merge = json!({"base": {"industry": "Tea"}, "answers": {"industry": "Cocoa"}});
    assert_saved(&save_step(&founder, "company", 1, merge.clone()).await, 3);
    let other = json!({"base": {"industry": "Tea"}, "answers": {"industry": "Coffee"}});
    let refused = save_step(&founder, "company", 1, other).await;
    refused.refused(412, "revision_conflict");
    assert_eq!(refused.json["current"]["revision"], 3);
    replace_session(&founder, 1, &json!({})).await.refused(412, "revision_conflict");
    founder
        .request(Method::DELETE, "/onboarding/session")
        .send()
        .await
        .refused(503, "dependency_unavailable");
    // Members may not, here too.
    let mut member = world.founder().await;
    add_member(&world, &founder, &mut member, "member").await;
    save_step(&member, "company", 3, merge).await.refused(403, "role_not_allowed");
    // Redis comes back empty and learns from Postgres.
    world.stack.restart(Part::Redis).await.unwrap();
    until("Redis is used again", || async { read_session(&founder).await.header("degraded").is_none() })
        .await;
    let back = read_session(&founder).await;
    assert_saved(&back, 3);
    assert_eq!(back.json["answers"], json!({"industry": "Cocoa", "company_name": "चाय कथा"}));
}

#[tokio::test]
async fn a_redis_that_was_away_for_one_save_is_told_what_it_missed() {
    let world = World::shared().await;
    let founder = world.founder().await;
    kept(world, &founder, json!({"industry": "Tea"})).await;
    let request = if_match(founder.request(Method::PATCH, "/onboarding/steps/company"), 1);
    let lost = Fault { drop: true, times: Some(1), request_id: Some(request.id.clone()), ..Fault::default() };
    world.stack.faults().set(Part::Upstash, lost).unwrap();
    let reply = request.body(json!({"answers": {"industry": "Cocoa"}}).to_string()).send().await;
    assert_saved(&reply, 2);
    assert_eq!(reply.header("degraded"), Some("redis"));
    until("Redis has the newer copy", || async { read_session(&founder).await.json["revision"] == 2 }).await;
    // Even when Redis missed the save: a tab that knows more makes the Worker ask Postgres.
    let key = format!("onb:{}", founder.workspace_id);
    world.redis(&["HSET", &key, "revision", "1", "industry", "\"Tea\""]).await;
    let reply = save_step(&founder, "company", 2, json!({"answers": {"business_stage": "Seed"}})).await;
    assert_saved(&reply, 3);
    assert_eq!(reply.calls, [SESSION_SCRIPT, READ_SNAPSHOT, SESSION_SCRIPT]);
    assert_eq!(reply.json["answers"], json!({"industry": "Cocoa", "business_stage": "Seed"}));
}

/// A Redis that cannot be reached and keeps what it has, for as long as the fault is set.
fn unreachable(world: &World) {
    world.stack.faults().set(Part::Upstash, Fault { drop: true, ..Fault::default() }).unwrap();
}

/// The Worker has tried to tell Redis of a save that it could not reach.
async fn wait_for_failed_sync(world: &World, reply: &Reply) {
    until("the sync with Redis is tried", || async {
        world.stack.calls(&reply.id).iter().filter(|call| call.part == Part::Upstash).count() >= 2
    })
    .await;
}

/// Neither a second look nor the next save writes a snapshot.
async fn no_snapshots(world: &World, founder: &Founder<'_>) {
    let lease = format!("onb:{}:snapshot", founder.workspace_id);
    world.redis(&["SET", &lease, "held by a test", "PX", "600000"]).await;
}

#[tokio::test]
async fn saves_made_while_redis_could_not_be_reached_are_finalized() {
    let world = World::own().await;
    let founder = world.founder().await;
    kept(&world, &founder, answers()).await;
    unreachable(&world);
    for (revision, industry) in (1..).zip(["T", "Te", "Tea"]) {
        let reply =
            save_step(&founder, "company", revision, json!({"answers": {"industry": industry}})).await;
        assert_saved(&reply, revision + 1);
        wait_for_failed_sync(&world, &reply).await;
    }
    // It comes back with the first revision.
    world.stack.faults().clear_all();
    assert_eq!(world.redis(&["HINCRBY", &format!("onb:{}", founder.workspace_id), "revision", "0"]).await, 1);
    let made = founder.post("/onboarding/finalize", None).await;
    assert_eq!(made.status, 201, "{made:?}");
    let session = read_session(&founder).await;
    assert_eq!(
        (&session.json["state"], &session.json["answers"]["industry"]),
        (&json!("submitted"), &json!("Tea"))
    );
    let stored = format!(
        "select count(*) from business_context_manifests where workspace_id = '{}' and answers ->> 'industry' = 'Tea'",
        founder.workspace_id
    );
    assert_eq!(world.count(&stored).await, 1);
}

#[tokio::test]
async fn what_only_redis_has_stays_when_one_save_cannot_reach_it() {
    let world = World::shared().await;
    for after in [false, true] {
        let founder = world.founder().await;
        kept(world, &founder, json!({"industry": "Tea"})).await;
        no_snapshots(world, &founder).await;
        assert_saved(
            &save_step(&founder, "offer", 1, json!({"answers": {"pricing_model": "₹549"}})).await,
            2,
        );
        assert_saved(
            &save_step(&founder, "offer", 2, json!({"answers": {"primary_offer": "A pouch"}})).await,
            3,
        );
        let request = if_match(founder.request(Method::PATCH, "/onboarding/steps/company"), 3);
        let lost = Fault {
            drop: true,
            after,
            times: Some(1),
            request_id: Some(request.id.clone()),
            ..Fault::default()
        };
        world.stack.faults().set(Part::Upstash, lost).unwrap();
        let reply = request.body(json!({"answers": {"industry": "Cocoa"}}).to_string()).send().await;
        assert_saved(&reply, 4);
        assert_eq!(reply.header("degraded"), Some("redis"));
        let all = json!({"industry": "Cocoa", "pricing_model": "₹549", "primary_offer": "A pouch"});
        until("Redis has joined both", || async { read_session(&founder).await.json["answers"] == all })
            .await;
        // And so has Postgres, of which Redis knows no more.
        wait_for_snapshot(world, &founder, 5).await;
        world.redis(&["DEL", &format!("onb:{}", founder.workspace_id)]).await;
        let back = read_session(&founder).await;
        assert_eq!(back.json["answers"], all, "after: {after}");
    }
}

#[tokio::test]
async fn a_save_on_an_older_copy_in_redis_joins_what_postgres_has() {
    let world = World::own().await;
    let founder = world.founder().await;
    kept(&world, &founder, json!({"industry": "Tea"})).await;
    unreachable(&world);
    for (revision, answers) in
        (1..).zip([json!({"company_name": "चाय कथा"}), json!({"business_stage": "Seed"})])
    {
        let reply = save_step(&founder, "company", revision, json!({"answers": answers})).await;
        assert_saved(&reply, revision + 1);
        wait_for_failed_sync(&world, &reply).await;
    }
    world.stack.faults().clear_all();
    // Another tab has only heard of the first revision, as Redis has.
    world.redis(&["DEL", &format!("onb:{}:snapshot", founder.workspace_id)]).await;
    assert_saved(&save_step(&founder, "offer", 1, json!({"answers": {"pricing_model": "₹549"}})).await, 2);
    let all = json!({"industry": "Tea", "company_name": "चाय कथा", "business_stage": "Seed", "pricing_model": "₹549"});
    until("Redis has joined both", || async { read_session(&founder).await.json["answers"] == all }).await;
    wait_for_snapshot(&world, &founder, 4).await;
    world.redis(&["FLUSHALL"]).await;
    assert_eq!(read_session(&founder).await.json["answers"], all);
}

#[tokio::test]
async fn without_redis_a_revision_from_nowhere_is_a_conflict() {
    let world = World::own().await;
    let founder = world.founder().await;
    kept(&world, &founder, json!({"industry": "Tea"})).await;
    unreachable(&world);
    replace_session(&founder, 1_002, &json!({})).await.refused(412, "revision_conflict");
    replace_session(&founder, 1_999_999_999, &json!({})).await.refused(412, "revision_conflict");
    assert_saved(&replace_session(&founder, 1_001, &json!({})).await, 1_002);
}

#[tokio::test]
async fn every_script_comes_back_as_it_was_written() {
    let world = World::shared().await;
    let founder = world.founder().await;
    read_session(&founder).await;
    let company = json!({
        "company_name": "चाय कथा — ಚಹಾ, தேநீர் ☕️👩‍🌾", "company_description": "पहली पंक्ति\nदूसरी \"पंक्ति\" \\ / \u{2028} </script>",
        "industry": "च".repeat(200),
    });
    let reply = save_step(&founder, "company", 0, json!({"answers": company})).await;
    assert_saved(&reply, 1);
    assert_eq!(read_session(&founder).await.json["answers"], company);
    wait_for_snapshot(world, &founder, 1).await;
    world.redis(&["DEL", &format!("onb:{}", founder.workspace_id)]).await;
    assert_eq!(read_session(&founder).await.json["answers"], company);
    // The fullest answers there can be: 20 items of 300 characters in every list, three bytes each.
    let items: Vec<String> = (0..20).map(|n| format!("{n:02}{}", "च".repeat(298))).collect();
    let lists = json!({"answers": {"top_pain_points": items, "top_goals": items}});
    assert_saved(&save_step(&founder, "customer", 1, lists).await, 2);
    // An unfinished session is refused by name, and stays a draft.
    let refused = founder.post("/onboarding/finalize", None).await;
    refused.refused(422, "answers_invalid");
    let missing = refused.json["errors"].as_array().unwrap();
    assert!(missing.iter().any(|error| error["pointer"] == format!("/answers/{}", FieldId::PrimaryOffer)));
    assert_saved(&read_session(&founder).await, 2);
    assert_eq!(read_session(&founder).await.json["state"], "draft");
    let ttls = world.keys(&format!("onb:{}*", founder.workspace_id)).await;
    assert!(!ttls.is_empty());
    for key in ttls {
        let ttl = world.redis(&["PTTL", &key]).await;
        assert!(ttl > 0 || ttl == -2, "{key} has no time to live");
    }
}

#[tokio::test]
async fn a_redis_that_is_flushed_in_mid_edit_loses_nothing_that_was_saved_before_the_lease() {
    let world = World::own().await;
    let founder = world.founder().await;
    read_session(&founder).await;
    assert_saved(&replace_session(&founder, 0, &answers()).await, 1);
    let lease = world.redis(&["PTTL", &format!("onb:{}:snapshot", founder.workspace_id)]).await;
    assert!(lease <= 4_000, "5 s, less the time to write: {lease}");
    // The founder types on within the lease, and then thinks. Nothing but the first save's second look writes this.
    assert_saved(&save_step(&founder, "company", 1, json!({"answers": {"industry": "Tea"}})).await, 2);
    assert_saved(
        &save_step(&founder, "company", 2, json!({"answers": {"industry": "Tea and spices"}})).await,
        3,
    );
    wait_for_snapshot(&world, &founder, 3).await;
    world.redis(&["FLUSHALL"]).await;
    assert_saved(&save_step(&founder, "offer", 3, json!({"answers": {"pricing_model": "₹549"}})).await, 4);
    wait_for_snapshot(&world, &founder, 4).await;
    world.redis(&["FLUSHALL"]).await;
    let made = founder.post("/onboarding/finalize", None).await;
    assert_eq!(made.status, 201, "{made:?}");
    let mut expected = answers();
    expected["industry"] = json!("Tea and spices");
    expected["pricing_model"] = json!("₹549");
    assert_eq!(read_session(&founder).await.json["answers"], expected);
    let stored = format!(
        "select count(*) from business_context_manifests where workspace_id = '{}' and version = 1
           and answers ->> 'industry' = 'Tea and spices' and answers ->> 'pricing_model' = '₹549'",
        founder.workspace_id
    );
    assert_eq!(world.count(&stored).await, 1);
}
