//! Autosave: seven steps, two tabs, a Redis that forgets or is away, and a finalize that takes the saved answers.

use gatehouse_core::onboarding::{FieldId, STEPS, StepId, fields_of};
use gatehouse_core::route::{ROUTES, RouteId};
use gatehouse_devstack::{Fault, Part};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::support::{Ask, Founder, Reply, World, answers, seen, until};

const LOOK: &str = "upstash EVALSHA onboarding_session";
const SNAPSHOT: &str = "postgrest rpc/read_snapshot";

/// The journey's answers to one step.
fn step_answers(step: StepId) -> Value {
    let all = answers();
    let named = fields_of(step).filter_map(|field| {
        let id = field.id.as_str();
        all.get(id).map(|answer| (id.to_owned(), answer.clone()))
    });
    Value::Object(Map::from_iter(named))
}

fn if_match(ask: Ask<'_>, revision: u64) -> Ask<'_> {
    ask.header("if-match", &format!("\"{revision}\""))
}

async fn save(who: &Founder<'_>, step: &str, revision: u64, body: Value) -> Reply {
    let ask = who.ask(Method::PATCH, &format!("/onboarding/steps/{step}"));
    if_match(ask, revision).body(body.to_string()).send().await
}

async fn load(who: &Founder<'_>) -> Reply {
    let reply = who.get("/onboarding/session").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply
}

async fn put(who: &Founder<'_>, revision: u64, answers: &Value) -> Reply {
    let ask = if_match(who.ask(Method::PUT, "/onboarding/session"), revision);
    ask.body(json!({"answers": answers}).to_string()).send().await
}

/// Insists on a saved session: its revision in body and ETag.
#[track_caller]
fn saved(reply: &Reply, revision: u64) -> &Reply {
    assert_eq!((reply.status, &reply.json["revision"]), (200, &json!(revision)), "{reply:?}");
    assert_eq!(reply.header("etag"), Some(format!("\"{revision}\"").as_str()));
    reply
}

/// The revision of the snapshot in Postgres; 0 when there is none.
async fn snapshot_revision(world: &World, who: &Founder<'_>) -> i64 {
    let sql = format!(
        "select coalesce(max(revision), 0)::bigint from onboarding_snapshots where workspace_id = '{}'",
        who.workspace_id
    );
    world.count(&sql).await
}

async fn snapshot_reaches(world: &World, who: &Founder<'_>, revision: i64) {
    until("the snapshot", || async { snapshot_revision(world, who).await >= revision }).await;
}

/// Makes another person a member of the founder's workspace.
async fn join(world: &World, owner: &Founder<'_>, other: &mut Founder<'_>, role: &str) {
    let (client, connection) =
        tokio_postgres::connect(world.stack.database_url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql = "insert into workspace_members (workspace_id, user_id, role)
               select $1::text::uuid, id, $3 from users where email = $2";
    client.execute(sql, &[&owner.workspace_id, &other.email, &role]).await.unwrap();
    other.workspace_id.clone_from(&owner.workspace_id);
}

/// Scripts known and keys fetched, as in an isolate that has served before.
async fn warm(world: &World) {
    let founder = world.founder().await;
    load(&founder).await;
    save(&founder, "company", 0, json!({"answers": {"industry": "Tea"}})).await;
    founder.finalize(&answers()).await;
}

#[tokio::test]
async fn seven_steps_are_saved_with_one_call_each_and_submitted_once() {
    let world = World::shared().await;
    warm(world).await;
    let founder = world.founder().await;

    // Nobody has looked lately: Redis, Postgres, Redis.
    let first = load(&founder).await;
    assert_eq!(first.calls, [LOOK, SNAPSHOT, LOOK]);
    seen(world, &first.id, &["upstash EVALSHA", "/rest/v1/rpc/read_snapshot", "upstash EVALSHA"]).await;
    saved(&first, 0);
    assert_eq!(first.json["progress"], json!({"answered": 0, "required": 16}));

    for (revision, step) in (0..).zip(STEPS) {
        let body = json!({"base": {}, "answers": step_answers(step.id)});
        world.redis(&["DEL", &format!("onb:{}:snapshot", founder.workspace_id)]).await;
        let reply = save(&founder, step.id.as_str(), revision, body).await;
        saved(&reply, revision + 1);
        assert_eq!(reply.calls, [LOOK]);
        // The snapshot comes after the answer.
        seen(world, &reply.id, &["upstash EVALSHA", "/rest/v1/rpc/save_snapshot"]).await;
    }
    let full = load(&founder).await;
    assert_eq!(full.calls, [LOOK]);
    seen(world, &full.id, &["upstash EVALSHA"]).await;
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
    seen(world, &made.id, &["upstash EVALSHA", "/rest/v1/rpc/finalize_onboarding", "upstash EVALSHA"]).await;
    let again = founder.post("/onboarding/finalize", Some(&json!({}))).await;
    assert_eq!((again.status, &again.json["created"]), (200, &json!(false)), "{again:?}");
    assert_eq!(again.calls.len(), 3);
    for member in ["version", "checksum", "content", "generated_at"] {
        assert_eq!(again.json["manifest"][member], made.json["manifest"][member], "{member}");
    }

    // Submitted is for good.
    let submitted = load(&founder).await;
    assert_eq!((&submitted.json["state"], &submitted.json["answers"]), (&json!("submitted"), &answers()));
    let revision = submitted.json["revision"].as_u64().unwrap();
    save(&founder, "company", revision, json!({"answers": {"industry": "Cocoa"}}))
        .await
        .refused(409, "session_submitted");
    put(&founder, revision, &json!({})).await.refused(409, "session_submitted");
    let reset = founder.ask(Method::DELETE, "/onboarding/session").send().await;
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
        let route = ROUTES.iter().find(|route| route.id == id).unwrap();
        assert_eq!(
            (route.calls.warm, route.calls.cold_extra, route.budget_ms),
            (1, 2, 300),
            "{}",
            route.path
        );
    }
}

#[tokio::test]
async fn two_tabs_merge_what_they_did_not_both_change() {
    let world = World::shared().await;
    let founder = world.founder().await;
    load(&founder).await;
    let start = json!({"industry": "Tea", "company_name": "Chaya", "top_goals": ["a"]});
    saved(&put(&founder, 0, &start).await, 1);
    // Both tabs have revision 1. One saves the industry, the other the name, and then both their steps' other fields.
    let one = json!({"base": {"industry": "Tea"}, "answers": {"industry": "Tea and coffee"}});
    saved(&save(&founder, "company", 1, one).await, 2);
    let two = json!({"base": {"industry": "Tea", "company_name": "Chaya"},
                     "answers": {"industry": "Tea", "company_name": "चाय कथा"}});
    let merged = save(&founder, "company", 1, two).await;
    saved(&merged, 3);
    assert_eq!(merged.calls, [LOOK, LOOK], "a merge costs one call more");
    assert_eq!(
        merged.json["answers"],
        json!({"industry": "Tea and coffee", "company_name": "चाय कथा", "top_goals": ["a"]})
    );
    // The same answer in both tabs is no conflict, and nothing new to save.
    let same = json!({"base": {"company_name": "Chaya"}, "answers": {"company_name": "चाय कथा"}});
    saved(&save(&founder, "company", 1, same).await, 3);
    // A field taken back is a change like any other.
    let back = json!({"base": {"top_goals": ["a"]}, "answers": {"top_goals": []}});
    let back = save(&founder, "customer", 1, back).await;
    saved(&back, 4);
    assert_eq!(back.json["answers"], json!({"industry": "Tea and coffee", "company_name": "चाय कथा"}));
}

#[tokio::test]
async fn a_true_conflict_is_refused_with_the_other_copy_and_the_fields() {
    let world = World::shared().await;
    let founder = world.founder().await;
    load(&founder).await;
    let list = |items: Value| json!({"base": {"competitors": ["Vahdam"]}, "answers": {"competitors": items}});
    saved(&save(&founder, "position", 0, list(json!(["Vahdam"]))).await, 1);
    saved(&save(&founder, "position", 1, list(json!(["Vahdam", "Teabox"]))).await, 2);
    let refused = save(&founder, "position", 1, list(json!(["Vahdam", "Blue Tokai"]))).await;
    refused.refused(412, "revision_conflict");
    assert_eq!(
        refused.json["current"],
        json!({"revision": 2, "answers": {"competitors": ["Vahdam", "Teabox"]}})
    );
    let field = &refused.json["errors"][0];
    assert_eq!(
        (field["pointer"].as_str(), field["code"].as_str()),
        (Some("/answers/competitors"), Some("changed_elsewhere"))
    );
    // Replacing everything is never merged.
    let refused = put(&founder, 1, &json!({})).await;
    refused.refused(412, "revision_conflict");
    assert_eq!(refused.json["current"]["revision"], 2);
    // Nothing was saved; with the other copy's revision the person's choice is.
    saved(&load(&founder).await, 2);
    saved(&save(&founder, "position", 2, list(json!(["Blue Tokai"]))).await, 3);
    // A revision from nowhere is a conflict too, once Postgres has been asked.
    put(&founder, 99, &json!({})).await.refused(412, "revision_conflict");
}

#[tokio::test]
async fn many_tabs_at_once_lose_nothing() {
    let world = World::shared().await;
    let founder = world.founder().await;
    load(&founder).await;
    let steps = ["company", "offer", "customer", "position"];
    let fields = ["industry", "core_problem", "ideal_customer_title", "key_differentiator"];
    let tab = |index: usize| {
        let body = json!({"answers": {fields[index]: format!("said in tab {index}")}});
        let founder = founder.clone();
        async move { save(&founder, steps[index], 0, body).await }
    };
    let (a, b, c, d) = tokio::join!(tab(0), tab(1), tab(2), tab(3));
    let mut taken = 0;
    for (index, reply) in [a, b, c, d].iter().enumerate() {
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.json["answers"][fields[index]], format!("said in tab {index}"));
        taken += 1;
    }
    let all = load(&founder).await;
    saved(&all, taken);
    assert_eq!(all.json["answers"].as_object().unwrap().len(), 4);
}

#[tokio::test]
async fn an_expired_membership_is_read_again_and_every_save_begins_the_time_to_live_anew() {
    let world = World::shared().await;
    warm(world).await;
    let founder = world.founder().await;
    load(&founder).await;
    let keys = world.keys(&format!("member:{}:*", founder.workspace_id)).await;
    assert_eq!(keys.len(), 1);
    world.redis(&["DEL", &keys[0]]).await;
    let key = format!("onb:{}", founder.workspace_id);
    world.redis(&["PEXPIRE", &key, "100000"]).await;
    let reply = save(&founder, "company", 0, json!({"answers": {"industry": "Tea"}})).await;
    saved(&reply, 1);
    assert_eq!(reply.calls, [LOOK, SNAPSHOT, LOOK]);
    assert!(world.redis(&["PTTL", &key]).await > 100_000);
    let expires = reply.json["expires_at"].as_str().unwrap();
    assert!(expires.ends_with('Z') && expires.len() == 24, "{expires}");
}

#[tokio::test]
async fn a_session_is_shown_to_members_and_edited_by_owners_and_admins() {
    let world = World::shared().await;
    let owner = world.founder().await;
    load(&owner).await;
    saved(&put(&owner, 0, &json!({"industry": "गुप्त"})).await, 1);
    let body = || json!({"answers": {"industry": "Taken over"}});

    let mut outsider = world.founder().await;
    outsider.workspace_id.clone_from(&owner.workspace_id);
    let reset = |who: &Founder<'static>| who.ask(Method::DELETE, "/onboarding/session");
    for reply in [
        outsider.get("/onboarding/session").await,
        save(&outsider, "company", 1, body()).await,
        put(&outsider, 1, &json!({})).await,
        reset(&outsider).send().await,
        // What is wrong with the answers is nothing for strangers either.
        outsider.post("/onboarding/finalize", None).await,
        outsider.get("/context/history").await,
    ] {
        reply.refused(404, "workspace_not_found");
        assert!(!reply.text.contains("गुप्त"), "{reply:?}");
    }

    let mut member = world.founder().await;
    join(world, &owner, &mut member, "member").await;
    assert_eq!(load(&member).await.json["answers"]["industry"], "गुप्त");
    for reply in [
        save(&member, "company", 1, body()).await,
        put(&member, 1, &json!({})).await,
        reset(&member).send().await,
        member.post("/onboarding/finalize", None).await,
    ] {
        reply.refused(403, "role_not_allowed");
    }
    let mut admin = world.founder().await;
    join(world, &owner, &mut admin, "admin").await;
    saved(&save(&admin, "company", 1, json!({"answers": {"industry": "Tea"}})).await, 2);
    saved(&load(&owner).await, 2);
}

#[tokio::test]
async fn starting_anew_keeps_counting_and_is_not_undone_by_an_older_snapshot() {
    let world = World::shared().await;
    let founder = world.founder().await;
    load(&founder).await;
    saved(&put(&founder, 0, &json!({"industry": "Tea"})).await, 1);
    snapshot_reaches(world, &founder, 1).await;
    let reset = || founder.ask(Method::DELETE, "/onboarding/session");
    if_match(reset(), 7).send().await.refused(412, "revision_conflict");
    let empty = reset().send().await;
    saved(&empty, 2);
    assert_eq!(empty.json["answers"], json!({}));
    snapshot_reaches(world, &founder, 2).await;
    world.redis(&["DEL", &format!("onb:{}", founder.workspace_id)]).await;
    let restored = load(&founder).await;
    saved(&restored, 2);
    assert_eq!(restored.json["answers"], json!({}));
}

#[tokio::test]
async fn snapshots_wait_for_the_lease_and_hold_the_newest_save() {
    let world = World::shared().await;
    let founder = world.founder().await;
    load(&founder).await;
    let lease = format!("onb:{}:snapshot", founder.workspace_id);
    world.redis(&["SET", &lease, "held by a test", "PX", "600000"]).await;
    let mut quiet = Vec::new();
    for (revision, name) in (0..).zip(["T", "Te", "Tea"]) {
        let reply = save(&founder, "company", revision, json!({"answers": {"industry": name}})).await;
        saved(&reply, revision + 1);
        quiet.push(reply.id);
    }
    world.redis(&["DEL", &lease]).await;
    saved(&save(&founder, "company", 3, json!({"answers": {"business_stage": "Seed"}})).await, 4);
    snapshot_reaches(world, &founder, 4).await;
    for id in quiet {
        assert_eq!(world.stack.calls(&id).len(), 1, "no snapshot while the lease is held");
    }
    world.redis(&["DEL", &format!("onb:{}", founder.workspace_id)]).await;
    assert_eq!(load(&founder).await.json["answers"], json!({"industry": "Tea", "business_stage": "Seed"}));
}

#[tokio::test]
async fn a_redis_that_forgot_everything_gets_the_session_back() {
    let world = World::own().await;
    let founder = world.founder().await;
    load(&founder).await;
    saved(&put(&founder, 0, &answers()).await, 1);
    snapshot_reaches(&world, &founder, 1).await;
    world.redis(&["FLUSHALL"]).await;
    let restored = load(&founder).await;
    saved(&restored, 1);
    assert_eq!(restored.json["answers"], answers());
    world.redis(&["FLUSHALL"]).await;
    saved(&save(&founder, "company", 1, json!({"answers": {"industry": "Tea"}})).await, 2);
    world.redis(&["FLUSHALL"]).await;
    let made = founder.post("/onboarding/finalize", None).await;
    assert_eq!(made.status, 201, "{made:?}");
}

#[tokio::test]
async fn without_redis_a_save_compares_and_swaps_the_snapshot() {
    let world = World::own().await;
    let founder = world.founder().await;
    load(&founder).await;
    saved(&put(&founder, 0, &json!({"industry": "Tea"})).await, 1);
    snapshot_reaches(&world, &founder, 1).await;
    world.stack.kill(Part::Redis).await.unwrap();
    let read = load(&founder).await;
    saved(&read, 1);
    assert_eq!((read.header("degraded"), &read.json["expires_at"]), (Some("redis"), &Value::Null));
    let reply = save(&founder, "company", 1, json!({"answers": {"company_name": "चाय कथा"}})).await;
    saved(&reply, 2);
    assert_eq!(reply.header("degraded"), Some("redis"));
    assert_eq!(reply.json["answers"], json!({"industry": "Tea", "company_name": "चाय कथा"}));
    // The rules are the same: a merge, a conflict, replacing with an old revision.
    let merge = json!({"base": {"industry": "Tea"}, "answers": {"industry": "Cocoa"}});
    saved(&save(&founder, "company", 1, merge.clone()).await, 3);
    let other = json!({"base": {"industry": "Tea"}, "answers": {"industry": "Coffee"}});
    let refused = save(&founder, "company", 1, other).await;
    refused.refused(412, "revision_conflict");
    assert_eq!(refused.json["current"]["revision"], 3);
    put(&founder, 1, &json!({})).await.refused(412, "revision_conflict");
    founder.ask(Method::DELETE, "/onboarding/session").send().await.refused(503, "dependency_unavailable");
    // Members may not, here too.
    let mut member = world.founder().await;
    join(&world, &founder, &mut member, "member").await;
    save(&member, "company", 3, merge).await.refused(403, "role_not_allowed");
    // Redis comes back empty and learns from Postgres.
    world.stack.restart(Part::Redis).await.unwrap();
    until("Redis is used again", || async { load(&founder).await.header("degraded").is_none() }).await;
    let back = load(&founder).await;
    saved(&back, 3);
    assert_eq!(back.json["answers"], json!({"industry": "Cocoa", "company_name": "चाय कथा"}));
}

#[tokio::test]
async fn a_redis_that_was_away_for_one_save_is_told_what_it_missed() {
    let world = World::shared().await;
    let founder = world.founder().await;
    load(&founder).await;
    saved(&put(&founder, 0, &json!({"industry": "Tea"})).await, 1);
    snapshot_reaches(world, &founder, 1).await;
    let ask = if_match(founder.ask(Method::PATCH, "/onboarding/steps/company"), 1);
    let lost = Fault { drop: true, times: Some(1), request_id: Some(ask.id.clone()), ..Fault::default() };
    world.stack.faults().set(Part::Upstash, lost).unwrap();
    let reply = ask.body(json!({"answers": {"industry": "Cocoa"}}).to_string()).send().await;
    saved(&reply, 2);
    assert_eq!(reply.header("degraded"), Some("redis"));
    until("Redis has the newer copy", || async { load(&founder).await.json["revision"] == 2 }).await;
    // Even when it was not told: a tab that knows more makes the Worker ask Postgres.
    let key = format!("onb:{}", founder.workspace_id);
    world.redis(&["HSET", &key, "revision", "1", "industry", "\"Tea\""]).await;
    let reply = save(&founder, "company", 2, json!({"answers": {"business_stage": "Seed"}})).await;
    saved(&reply, 3);
    assert_eq!(reply.calls, [LOOK, SNAPSHOT, LOOK]);
    assert_eq!(reply.json["answers"], json!({"industry": "Cocoa", "business_stage": "Seed"}));
}

#[tokio::test]
async fn bad_saves_are_refused_by_name_and_change_nothing() {
    let world = World::shared().await;
    let founder = world.founder().await;
    load(&founder).await;
    let path = "/onboarding/steps/company";
    let body = json!({"answers": {"industry": "Tea"}}).to_string();
    let patch = || founder.ask(Method::PATCH, path);
    patch().body(body.clone()).send().await.refused(428, "revision_missing");
    for wrong in ["0", "\"zero\"", "*", "\"-1\"", "\"4294967296\"", "\"0\", \"1\""] {
        patch().header("if-match", wrong).body(body.clone()).send().await.refused(428, "revision_missing");
    }
    founder
        .ask(Method::PUT, "/onboarding/session")
        .body(body.clone())
        .send()
        .await
        .refused(428, "revision_missing");
    for step in ["1", "Company", "company%20", "payment"] {
        let reply = save(&founder, step, 0, json!({"answers": {}})).await;
        reply.refused(404, "step_not_found");
        assert!(reply.calls.is_empty());
    }
    let wrong = json!({"answers": {"industry": 7, "company_website": "chaya", "top_goals": ["of another step"],
                       "company_name": "च".repeat(201)}, "base": {"business_stage": []}});
    let reply = save(&founder, "company", 0, wrong).await;
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
    let base = save(&founder, "company", 0, json!({"answers": {}, "base": {"industry": 7}})).await;
    base.refused(422, "answers_invalid");
    assert_eq!(base.json["errors"][0]["pointer"], "/base/industry");
    for broken in ["", "[]", "{}", "{\"answers\":", "{\"answers\":[]}"] {
        if_match(patch(), 0).body(broken).send().await.refused(400, "body_invalid");
    }
    let huge = || vec![b' '; 5_000_000];
    if_match(patch(), 0).body(huge()).send().await.refused(413, "body_too_large");
    let all = if_match(founder.ask(Method::PUT, "/onboarding/session"), 0);
    all.body(huge()).send().await.refused(413, "body_too_large");
    let wrong = founder.ask(Method::POST, path).send().await;
    wrong.refused(405, "method_not_allowed");
    assert_eq!(wrong.header("allow"), Some("PATCH"));
    let untouched = load(&founder).await;
    saved(&untouched, 0);
    founder.post("/onboarding/finalize", None).await.refused(404, "session_not_found");
}

#[tokio::test]
async fn every_script_comes_back_as_it_was_written() {
    let world = World::shared().await;
    let founder = world.founder().await;
    load(&founder).await;
    let company = json!({
        "company_name": "चाय कथा — ಚಹಾ, தேநீர் ☕️👩‍🌾", "company_description": "पहली पंक्ति\nदूसरी \"पंक्ति\" \\ / \u{2028} </script>",
        "industry": "च".repeat(200),
    });
    let reply = save(&founder, "company", 0, json!({"answers": company})).await;
    saved(&reply, 1);
    assert_eq!(load(&founder).await.json["answers"], company);
    snapshot_reaches(world, &founder, 1).await;
    world.redis(&["DEL", &format!("onb:{}", founder.workspace_id)]).await;
    assert_eq!(load(&founder).await.json["answers"], company);
    // The fullest answers there can be: 20 items of 300 characters in every list, three bytes each.
    let items: Vec<String> = (0..20).map(|n| format!("{n:02}{}", "च".repeat(298))).collect();
    let lists = json!({"answers": {"top_pain_points": items, "top_goals": items}});
    saved(&save(&founder, "customer", 1, lists).await, 2);
    // An unfinished session is refused by name, and stays a draft.
    let refused = founder.post("/onboarding/finalize", None).await;
    refused.refused(422, "answers_invalid");
    let missing = refused.json["errors"].as_array().unwrap();
    assert!(missing.iter().any(|error| error["pointer"] == format!("/answers/{}", FieldId::PrimaryOffer)));
    saved(&load(&founder).await, 2);
    assert_eq!(load(&founder).await.json["state"], "draft");
    let ttls = world.keys(&format!("onb:{}*", founder.workspace_id)).await;
    assert!(!ttls.is_empty());
    for key in ttls {
        let ttl = world.redis(&["PTTL", &key]).await;
        assert!(ttl > 0 || ttl == -2, "{key} has no time to live");
    }
}

#[tokio::test]
async fn a_body_with_answers_still_finalizes_and_becomes_the_submitted_session() {
    let world = World::shared().await;
    warm(world).await;
    let founder = world.founder().await;
    load(&founder).await;
    saved(&put(&founder, 0, &json!({"industry": "A draft"})).await, 1);
    let made = founder.finalize(&answers()).await;
    assert_eq!((made.status, made.calls.len()), (201, 3), "{made:?}");
    let session = load(&founder).await;
    assert_eq!((&session.json["state"], &session.json["answers"]), (&json!("submitted"), &answers()));
    let again = founder.post("/onboarding/finalize", None).await;
    assert_eq!((again.status, &again.json["manifest"]["version"]), (200, &json!(1)), "{again:?}");
    // The snapshot too holds what was submitted, and not the draft.
    world.redis(&["DEL", &format!("onb:{}", founder.workspace_id)]).await;
    let again = founder.post("/onboarding/finalize", None).await;
    assert_eq!((again.status, &again.json["manifest"]["version"]), (200, &json!(1)), "{again:?}");
}

#[tokio::test]
async fn a_commit_that_could_not_say_so_submits_the_session_all_the_same() {
    let world = World::shared().await;
    let founder = world.founder().await;
    load(&founder).await;
    saved(&put(&founder, 0, &answers()).await, 1);
    let ask = founder.ask(Method::POST, "/onboarding/finalize");
    let lost = Fault {
        drop: true,
        after: true,
        path: Some("finalize_onboarding".into()),
        request_id: Some(ask.id.clone()),
        ..Fault::default()
    };
    world.stack.faults().set(Part::Postgrest, lost).unwrap();
    ask.send().await.refused(503, "dependency_unavailable");
    // A tab that has not heard goes on typing; what the membership's next reading brings ends that.
    saved(&save(&founder, "company", 1, json!({"answers": {"industry": "Cocoa"}})).await, 2);
    let keys = world.keys(&format!("member:{}:*", founder.workspace_id)).await;
    world.redis(&["DEL", &keys[0]]).await;
    save(&founder, "company", 2, json!({"answers": {"industry": "Coffee"}}))
        .await
        .refused(409, "session_submitted");
    let again = founder.post("/onboarding/finalize", None).await;
    assert_eq!((again.status, &again.json["manifest"]["version"]), (200, &json!(1)), "{again:?}");
}

#[tokio::test]
async fn the_history_has_every_version_page_by_page_in_one_call() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let empty = founder.get("/context/history").await;
    assert_eq!((empty.status, &empty.json["versions"]), (200, &json!([])), "{empty:?}");
    for goal in ["one", "two", "three"] {
        let mut next = answers();
        next["acquisition_goal"] = json!(goal);
        assert_eq!(founder.finalize(&next).await.status, 201);
    }
    let page = founder.get("/context/history?limit=2").await;
    assert_eq!(page.calls, ["postgrest rpc/manifest_history"]);
    seen(world, &page.id, &["/rest/v1/rpc/manifest_history"]).await;
    let versions = |page: &Reply| {
        let heads = page.json["versions"].as_array().unwrap().iter();
        heads.map(|head| head["version"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((versions(&page), &page.json["next_before"]), (vec![3, 2], &json!(2)));
    assert!(page.json["versions"][0]["generated_at"].as_str().unwrap().ends_with('Z'));
    let rest = founder.get("/context/history?before=2&limit=2").await;
    assert_eq!((versions(&rest), &rest.json["next_before"]), (vec![1], &Value::Null));
    for wrong in ["limit=0", "limit=101", "limit=", "before=0", "before=-1", "before=two"] {
        let reply = founder.get(&format!("/context/history?{wrong}")).await;
        reply.refused(400, "query_invalid");
        assert!(reply.calls.is_empty());
    }
}
