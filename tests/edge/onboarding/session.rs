//! Seven steps saved and submitted, who may, and what is refused.

use gatehouse_core::onboarding::STEPS;
use gatehouse_core::route::{self, RouteId};
use reqwest::Method;
use serde_json::json;

use super::{
    READ_SNAPSHOT, SESSION_SCRIPT, add_member, assert_saved, if_match, read_session, replace_session,
    save_step, step_answers, wait_for_snapshot, warm_up,
};
use crate::support::{Founder, World, answers, assert_recorded};

#[tokio::test]
async fn seven_steps_are_saved_with_one_call_each_and_submitted_once() {
    let world = World::shared().await;
    warm_up(world).await;
    let founder = world.founder().await;

    // Nobody has looked lately: Redis, Postgres, Redis.
    let first = read_session(&founder).await;
    assert_eq!(first.calls, [SESSION_SCRIPT, READ_SNAPSHOT, SESSION_SCRIPT]);
    assert_recorded(world, &first.id, &["upstash EVALSHA", "postgrest rpc/read_snapshot", "upstash EVALSHA"])
        .await;
    assert_saved(&first, 0);
    assert_eq!(first.json["progress"], json!({"answered": 0, "required": 16}));

    for (revision, step) in (0..).zip(STEPS) {
        let body = json!({"base": {}, "answers": step_answers(step.id)});
        world.redis(&["DEL", &format!("onb:{}:snapshot", founder.workspace_id)]).await;
        let reply = save_step(&founder, step.id.as_str(), revision, body).await;
        assert_saved(&reply, revision + 1);
        assert_eq!(reply.calls, [SESSION_SCRIPT]);
        // The snapshot comes after the answer.
        assert_recorded(world, &reply.id, &["upstash EVALSHA", "postgrest rpc/save_snapshot"]).await;
    }
    let full = read_session(&founder).await;
    assert_eq!(full.calls, [SESSION_SCRIPT]);
    assert_recorded(world, &full.id, &["upstash EVALSHA"]).await;
    assert_eq!(full.json["progress"], json!({"answered": 16, "required": 16}));
    assert_eq!((&full.json["state"], &full.json["answers"]), (&json!("draft"), &answers()));

    // Finalize takes the saved answers, whichever way an empty body is sent.
    let made = founder.post("/onboarding/finalize", None).await;
    assert_eq!((made.status, &made.json["created"]), (201, &json!(true)), "{made:?}");
    assert_eq!(
        made.calls,
        [
            "upstash EVALSHA raise_fence",
            "postgrest rpc/finalize_onboarding",
            "upstash EVALSHA publish_manifest"
        ]
    );
    assert_recorded(
        world,
        &made.id,
        &["upstash EVALSHA", "postgrest rpc/finalize_onboarding", "upstash EVALSHA"],
    )
    .await;
    let again = founder.post("/onboarding/finalize", Some(&json!({}))).await;
    assert_eq!((again.status, &again.json["created"]), (200, &json!(false)), "{again:?}");
    assert_eq!(again.calls.len(), 3);
    for member in ["version", "checksum", "content", "generated_at"] {
        assert_eq!(again.json["manifest"][member], made.json["manifest"][member], "{member}");
    }

    // Submitted is for good.
    let submitted = read_session(&founder).await;
    assert_eq!((&submitted.json["state"], &submitted.json["answers"]), (&json!("submitted"), &answers()));
    let revision = submitted.json["revision"].as_u64().unwrap();
    save_step(&founder, "company", revision, json!({"answers": {"industry": "Cocoa"}}))
        .await
        .refused(409, "session_submitted");
    replace_session(&founder, revision, &json!({})).await.refused(409, "session_submitted");
    let reset = founder.request(Method::DELETE, "/onboarding/session").send().await;
    reset.refused(409, "session_submitted");

    // Redis lets go of it soon; then the snapshot has what was submitted.
    let key = format!("onb:{}", founder.workspace_id);
    let ttl = world.redis(&["PTTL", &key]).await;
    assert!((1..=3_600_000).contains(&ttl), "{ttl}");
    world.redis(&["DEL", &key]).await;
    let later = founder.post("/onboarding/finalize", None).await;
    assert_eq!((later.status, &later.json["created"]), (200, &json!(false)), "{later:?}");
    assert_eq!(later.json["manifest"]["version"], 1);
    assert_eq!(later.calls.len(), 4, "Postgres is asked for the answers: {:?}", later.calls);
}

#[tokio::test]
async fn the_table_says_how_many_calls_an_autosave_makes() {
    for id in [RouteId::ReadSession, RouteId::ReplaceSession, RouteId::ResetSession, RouteId::SaveStep] {
        let route = route::of(id).unwrap();
        assert_eq!(
            (route.calls.warm, route.calls.cold_extra, route.budget_ms),
            (1, 2, 300),
            "{}",
            route.path
        );
    }
}

#[tokio::test]
async fn an_expired_membership_is_read_again_and_every_save_begins_the_time_to_live_anew() {
    let world = World::shared().await;
    warm_up(world).await;
    let founder = world.founder().await;
    read_session(&founder).await;
    let keys = world.keys(&format!("member:{}:*", founder.workspace_id)).await;
    assert_eq!(keys.len(), 1);
    world.redis(&["DEL", &keys[0]]).await;
    let key = format!("onb:{}", founder.workspace_id);
    world.redis(&["PEXPIRE", &key, "100000"]).await;
    let reply = save_step(&founder, "company", 0, json!({"answers": {"industry": "Tea"}})).await;
    assert_saved(&reply, 1);
    assert_eq!(reply.calls, [SESSION_SCRIPT, READ_SNAPSHOT, SESSION_SCRIPT]);
    assert!(world.redis(&["PTTL", &key]).await > 100_000);
    let expires = reply.json["expires_at"].as_str().unwrap();
    assert!(expires.ends_with('Z') && expires.len() == 24, "{expires}");
}

#[tokio::test]
async fn a_session_is_shown_to_members_and_edited_by_owners_and_admins() {
    let world = World::shared().await;
    let owner = world.founder().await;
    read_session(&owner).await;
    assert_saved(&replace_session(&owner, 0, &json!({"industry": "गुप्त"})).await, 1);
    let body = || json!({"answers": {"industry": "Taken over"}});

    let mut outsider = world.founder().await;
    outsider.workspace_id.clone_from(&owner.workspace_id);
    let reset = |who: &Founder<'static>| who.request(Method::DELETE, "/onboarding/session");
    for reply in [
        outsider.get("/onboarding/session").await,
        save_step(&outsider, "company", 1, body()).await,
        replace_session(&outsider, 1, &json!({})).await,
        reset(&outsider).send().await,
        // What is wrong with the answers is nothing for strangers either.
        outsider.post("/onboarding/finalize", None).await,
        outsider.get("/context/history").await,
    ] {
        reply.refused(404, "workspace_not_found");
        assert!(!reply.text.contains("गुप्त"), "{reply:?}");
    }

    let mut member = world.founder().await;
    add_member(world, &owner, &mut member, "member").await;
    assert_eq!(read_session(&member).await.json["answers"]["industry"], "गुप्त");
    for reply in [
        save_step(&member, "company", 1, body()).await,
        replace_session(&member, 1, &json!({})).await,
        reset(&member).send().await,
        member.post("/onboarding/finalize", None).await,
    ] {
        reply.refused(403, "role_not_allowed");
    }
    let mut admin = world.founder().await;
    add_member(world, &owner, &mut admin, "admin").await;
    assert_saved(&save_step(&admin, "company", 1, json!({"answers": {"industry": "Tea"}})).await, 2);
    assert_saved(&read_session(&owner).await, 2);
}

#[tokio::test]
async fn starting_anew_keeps_counting_and_is_not_undone_by_an_older_snapshot() {
    let world = World::shared().await;
    let founder = world.founder().await;
    read_session(&founder).await;
    assert_saved(&replace_session(&founder, 0, &json!({"industry": "Tea"})).await, 1);
    wait_for_snapshot(world, &founder, 1).await;
    let reset = || founder.request(Method::DELETE, "/onboarding/session");
    if_match(reset(), 7).send().await.refused(412, "revision_conflict");
    let empty = reset().send().await;
    assert_saved(&empty, 2);
    assert_eq!(empty.json["answers"], json!({}));
    wait_for_snapshot(world, &founder, 2).await;
    world.redis(&["DEL", &format!("onb:{}", founder.workspace_id)]).await;
    let restored = read_session(&founder).await;
    assert_saved(&restored, 2);
    assert_eq!(restored.json["answers"], json!({}));
}

#[tokio::test]
async fn bad_saves_are_refused_by_name_and_change_nothing() {
    let world = World::shared().await;
    let founder = world.founder().await;
    read_session(&founder).await;
    let path = "/onboarding/steps/company";
    let body = json!({"answers": {"industry": "Tea"}}).to_string();
    let patch = || founder.request(Method::PATCH, path);
    patch().body(body.clone()).send().await.refused(428, "revision_missing");
    for wrong in ["0", "\"zero\"", "*", "\"-1\"", "\"4294967296\"", "\"0\", \"1\""] {
        patch().header("if-match", wrong).body(body.clone()).send().await.refused(428, "revision_missing");
    }
    founder
        .request(Method::PUT, "/onboarding/session")
        .body(body.clone())
        .send()
        .await
        .refused(428, "revision_missing");
    for step in ["1", "Company", "company%20", "payment"] {
        let reply = save_step(&founder, step, 0, json!({"answers": {}})).await;
        reply.refused(404, "step_not_found");
        assert!(reply.calls.is_empty());
    }
    let wrong = json!({"answers": {"industry": 7, "company_website": "chaya", "top_goals": ["of another step"],
                       "company_name": "च".repeat(201)}, "base": {"business_stage": []}});
    let reply = save_step(&founder, "company", 0, wrong).await;
    reply.refused(422, "answers_invalid");
    let found: Vec<_> = reply.json["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("/answers/company_name", "too_long"),
            ("/answers/company_website", "not_a_url"),
            ("/answers/industry", "wrong_type"),
            ("/answers/top_goals", "unknown_field"),
        ]
    );
    assert!(reply.calls.is_empty());
    let base = save_step(&founder, "company", 0, json!({"answers": {}, "base": {"industry": 7}})).await;
    base.refused(422, "answers_invalid");
    assert_eq!(base.json["errors"][0]["pointer"], "/base/industry");
    for broken in ["", "[]", "{}", "{\"answers\":", "{\"answers\":[]}"] {
        if_match(patch(), 0).body(broken).send().await.refused(400, "body_invalid");
    }
    let huge = || vec![b' '; 5_000_000];
    if_match(patch(), 0).body(huge()).send().await.refused(413, "body_too_large");
    let all = if_match(founder.request(Method::PUT, "/onboarding/session"), 0);
    all.body(huge()).send().await.refused(413, "body_too_large");
    let wrong = founder.request(Method::POST, path).send().await;
    wrong.refused(405, "method_not_allowed");
    assert_eq!(wrong.header("allow"), Some("PATCH"));
    let untouched = read_session(&founder).await;
    assert_saved(&untouched, 0);
    founder.post("/onboarding/finalize", None).await.refused(404, "session_not_found");
}
