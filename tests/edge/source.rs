//! What the manifest is made from: read, edited, refused, and shown again after a restore.

use gatehouse_core::rate_limit;
use gatehouse_devstack::{Fault, Part};
use reqwest::Method;
use serde_json::{Value, json};

use crate::onboarding::{add_member, read_session};
use crate::support::{Founder, Reply, Request, World, answers, assert_recorded, until};

/// An edit on the state that `tag` names.
fn edit_request<'a>(who: &Founder<'a>, tag: &str, answers: &Value) -> Request<'a> {
    let body = json!({"answers": answers}).to_string();
    who.request(Method::PUT, "/context/source").header("if-match", tag).body(body)
}

async fn edit(who: &Founder<'_>, tag: &str, answers: &Value) -> Reply {
    edit_request(who, tag, answers).send().await
}

async fn source(who: &Founder<'_>) -> Reply {
    let reply = who.get("/context/source").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply
}

async fn finalized<'a>(world: &'a World, answers: &Value) -> Founder<'a> {
    let founder = world.founder().await;
    assert_eq!(founder.finalize(answers).await.status, 201);
    founder
}

fn with_goal(goal: &str) -> Value {
    let mut next = answers();
    next["acquisition_goal"] = json!(goal);
    next
}

/// Answers with more proof than a manifest has room for; `last` is the last of it, and finds none.
fn crowded(last: &str) -> Value {
    let mut next = answers();
    let proof =
        "Reordered within sixty days by every third customer of the estate shop in the spring quarter. "
            .repeat(3);
    let mut points: Vec<String> = (1..20).map(|n| format!("{n}: {proof}")).collect();
    points.push(last.to_owned());
    next["proof_points"] = json!(points.iter().map(|point| point.trim()).collect::<Vec<_>>());
    next
}

async fn versions(world: &World, founder: &Founder<'_>) -> i64 {
    let id = &founder.workspace_id;
    world.count(&format!("select count(*) from business_context_manifests where workspace_id = '{id}'")).await
}

#[tokio::test]
async fn an_edit_is_four_calls_and_is_read_at_once_everywhere() {
    let world = World::shared().await;
    let founder = finalized(world, &answers()).await;
    let before = source(&founder).await;
    assert_eq!(before.calls, ["postgrest rpc/read_source"]);
    assert_eq!(before.header("etag"), Some("\"1\""));
    assert_eq!(before.json, json!({"version": 1, "edits": 0, "answers": answers()}));
    // Warm, so that the scripts are known and the session is in Redis.
    assert_eq!(read_session(&founder).await.json["state"], "submitted");
    assert_eq!(edit(&founder, "\"1\"", &with_goal("warm")).await.status, 201);
    let confirmed = founder.get("/context/manifest").await.json["confirmed_at"].clone();

    let made = edit(&founder, "\"2\"", &with_goal("900 first orders")).await;
    assert_eq!((made.status, made.header("etag")), (201, Some("\"3\"")), "{made:?}");
    assert_eq!(
        made.calls,
        [
            "upstash EVALSHA raise_fence",
            "postgrest rpc/read_source",
            "postgrest rpc/edit_source",
            "upstash EVALSHA publish_manifest"
        ]
    );
    let all =
        ["upstash EVALSHA", "postgrest rpc/read_source", "postgrest rpc/edit_source", "upstash EVALSHA"];
    assert_recorded(world, &made.id, &all).await;
    assert_eq!(made.json["message"], "Version 3 is now the current manifest.");
    let read = founder.get("/context/manifest").await;
    assert_eq!(read.json, made.json["manifest"]);
    assert_eq!(
        (&read.json["source"], &read.json["content"]["market"]["goal"]),
        (&json!("rebuild"), &json!("900 first orders"))
    );
    assert!(read.json["confirmed_at"].as_str() > confirmed.as_str(), "a person edited it");
    let shown = read_session(&founder).await;
    assert_eq!(
        (&shown.json["state"], &shown.json["answers"]),
        (&json!("submitted"), &with_goal("900 first orders"))
    );
    world.redis(&["DEL", &format!("onb:{}", founder.workspace_id)]).await;
    assert_eq!(
        read_session(&founder).await.json["answers"],
        with_goal("900 first orders"),
        "from the snapshot too"
    );
    assert_eq!(
        source(&founder).await.json,
        json!({"version": 3, "edits": 0, "answers": with_goal("900 first orders")})
    );

    let rebuild =
        founder.request(Method::POST, "/context/rebuild").header("idempotency-key", "after-an-edit");
    assert_eq!(rebuild.send().await.status, 200, "an edit starts no cooldown");
}

#[tokio::test]
async fn an_edit_without_room_in_the_manifest_makes_no_version_and_loses_nothing() {
    let world = World::shared().await;
    let founder = finalized(world, &crowded("The last of them")).await;
    let before = founder.get("/context/manifest").await;
    let kept = edit(&founder, "\"1\"", &crowded("Another one")).await;
    assert_eq!((kept.status, &kept.json["created"]), (200, &json!(false)), "{kept:?}");
    assert_eq!(
        kept.json["message"],
        "The content is the same as version 1; the answers are saved, no new version was created, and the manifest is confirmed as of now."
    );
    assert_eq!((kept.header("etag"), &kept.json["manifest"]["version"]), (Some("\"1.1\""), &json!(1)));
    assert!(kept.json["manifest"]["confirmed_at"].as_str() > before.json["confirmed_at"].as_str());
    assert_eq!(founder.get("/context/manifest").await.json, kept.json["manifest"]);
    let now = source(&founder).await;
    assert_eq!((now.header("etag"), &now.json["answers"]), (Some("\"1.1\""), &crowded("Another one")));
    assert_eq!(read_session(&founder).await.json["answers"], crowded("Another one"));
    // Who worked from the version alone has not seen this edit.
    let late = edit(&founder, "\"1\"", &crowded("A third one")).await;
    late.refused(412, "version_conflict");
    assert_eq!(late.json["current_source"], now.json);
    // A rebuild starts from what was edited, and it is still the same content.
    let rebuild =
        founder.request(Method::POST, "/context/rebuild").header("idempotency-key", "the-same-again");
    assert_eq!(rebuild.send().await.json["created"], json!(false));
    assert_eq!(source(&founder).await.json, now.json);
    assert_eq!(edit(&founder, "\"1.1\"", &answers()).await.header("etag"), Some("\"2\""));
    assert_eq!(versions(world, &founder).await, 2);
}

#[tokio::test]
async fn of_two_editors_one_gets_the_others_copy_and_a_repeat_gets_its_own_answer() {
    let world = World::shared().await;
    let founder = finalized(world, &answers()).await;
    let (one, two) = tokio::join!(async { edit(&founder, "\"1\"", &with_goal("one")).await }, async {
        edit(&founder, "\"1\"", &with_goal("two")).await
    });
    let (won, lost, goal) = if one.status == 201 { (one, two, "one") } else { (two, one, "two") };
    assert_eq!(won.status, 201, "{won:?}");
    lost.refused(412, "version_conflict");
    assert_eq!(lost.json["current_source"], json!({"version": 2, "edits": 0, "answers": with_goal(goal)}));
    assert_eq!(source(&founder).await.json, lost.json["current_source"], "and nothing was lost");
    let again = edit(&founder, "\"1\"", &with_goal(goal)).await;
    assert_eq!((again.status, again.header("etag")), (200, Some("\"2\"")), "{again:?}");
    let merged = edit(&founder, "\"2\"", &with_goal("both")).await;
    assert_eq!(merged.status, 201, "the other copy's tag is taken");
    assert_eq!(versions(world, &founder).await, 3);
}

#[tokio::test]
async fn what_cannot_be_edited_is_refused_and_leaves_no_fence() {
    let world = World::shared().await;
    let founder = finalized(world, &answers()).await;
    for tag in ["", "1", "\"x\"", "\"1\", \"2\"", "*"] {
        let reply = edit(&founder, tag, &answers()).await;
        reply.refused(428, "revision_missing");
        assert!(reply.calls.is_empty(), "{tag}");
    }
    let mut wrong = answers();
    wrong["company_website"] = json!("chaya");
    wrong.as_object_mut().unwrap().remove("acquisition_goal");
    let reply = edit(&founder, "\"1\"", &wrong).await;
    reply.refused(422, "answers_invalid");
    let named = |reply: &Reply| {
        let errors = reply.json["errors"].as_array().unwrap().iter();
        errors.map(|error| (error["pointer"].clone(), error["step"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(
        named(&reply),
        [
            (json!("/answers/company_website"), json!("company")),
            (json!("/answers/acquisition_goal"), json!("proof"))
        ]
    );
    assert!(reply.calls.is_empty());
    for body in ["", "[]", "{}", r#"{"answers": null}"#, "{"] {
        let request = founder.request(Method::PUT, "/context/source").header("if-match", "\"1\"");
        request.body(body).send().await.refused(400, "body_invalid");
    }
    let new = world.founder().await;
    edit(&new, "\"1\"", &answers()).await.refused(404, "manifest_not_found");
    new.get("/context/source").await.refused(404, "manifest_not_found");
    let mut member = world.founder().await;
    add_member(world, &founder, &mut member, "member").await;
    edit(&member, "\"1\"", &with_goal("mine")).await.refused(403, "role_not_allowed");
    assert_eq!(source(&member).await.json["answers"], answers(), "members read");
    let mut admin = world.founder().await;
    add_member(world, &founder, &mut admin, "admin").await;
    edit(&admin, "\"7\"", &with_goal("mine")).await.refused(412, "version_conflict");
    let mut outsider = world.founder().await;
    outsider.workspace_id.clone_from(&founder.workspace_id);
    outsider.get("/context/source").await.refused(404, "workspace_not_found");
    for _ in 0..rate_limit::EDIT.most[0] {
        edit(&outsider, "\"1\"", &with_goal("theirs")).await.refused(404, "workspace_not_found");
    }
    edit(&outsider, "\"1\"", &with_goal("theirs")).await.refused(429, "rate_limited");
    assert_eq!(versions(world, &founder).await, 1);
    until("no fence is left", || async {
        founder.get("/context/manifest").await.header("x-cache") == Some("tier0")
    })
    .await;
    assert_eq!(edit(&admin, "\"1\"", &with_goal("an admin's")).await.status, 201);
}

#[tokio::test]
async fn a_restore_shows_the_answers_of_what_it_brought_back() {
    let world = World::shared().await;
    let founder = finalized(world, &answers()).await;
    read_session(&founder).await;
    assert_eq!(edit(&founder, "\"1\"", &with_goal("later")).await.status, 201);
    let back = founder.post("/context/restore", Some(&json!({"version": 1}))).await;
    assert_eq!((back.status, back.calls.len()), (201, 3), "{back:?}");
    assert_eq!(source(&founder).await.json, json!({"version": 3, "edits": 0, "answers": answers()}));
    assert_eq!(read_session(&founder).await.json["answers"], answers());
    world.redis(&["DEL", &format!("onb:{}", founder.workspace_id)]).await;
    assert_eq!(read_session(&founder).await.json["answers"], answers(), "from the snapshot too");
    let same = founder.post("/context/restore", Some(&json!({"version": 3}))).await;
    assert_eq!(same.json["message"], "The content is the same as version 3; nothing was changed.");
    edit(&founder, "\"2\"", &with_goal("too late")).await.refused(412, "version_conflict");
}

#[tokio::test]
async fn an_edit_whose_answer_is_lost_can_be_repeated_and_one_that_could_not_publish_is_read_at_once() {
    let world = World::shared().await;
    let founder = finalized(world, &answers()).await;
    founder.get("/context/manifest").await;
    let lost = edit_request(&founder, "\"1\"", &with_goal("lost"));
    let fault = Fault { drop: true, request_id: Some(lost.id.clone()), ..Fault::default() };
    let edits = Fault { after: true, path: Some("edit_source".into()), ..fault };
    world.stack.faults().set(Part::Postgrest, edits).unwrap();
    lost.send().await.refused(503, "dependency_unavailable");
    let read = founder.get("/context/manifest").await;
    assert_eq!((&read.json["version"], read.header("x-cache")), (&json!(2), Some("origin")));
    let again = edit(&founder, "\"1\"", &with_goal("lost")).await;
    assert_eq!((again.status, again.header("etag")), (200, Some("\"2\"")), "{again:?}");

    let unsaid = edit_request(&founder, "\"2\"", &with_goal("unsaid"));
    let fault = Fault { drop: true, skip: 1, request_id: Some(unsaid.id.clone()), ..Fault::default() };
    world.stack.faults().set(Part::Upstash, fault).unwrap();
    let made = unsaid.send().await;
    assert_eq!((made.status, made.header("degraded")), (201, Some("redis")), "{made:?}");
    let read = founder.get("/context/manifest").await;
    assert_eq!((&read.json["version"], read.header("x-cache")), (&json!(3), Some("origin")));
}

#[tokio::test]
async fn an_edit_that_a_newer_version_overtook_leaves_no_older_answers() {
    let world = World::shared().await;
    let founder = finalized(world, &answers()).await;
    assert_eq!(read_session(&founder).await.json["answers"], answers());
    // As if the cron had made a newer version and published it while this edit was on its way.
    world.redis(&["HSET", &format!("bcm:{}:head", founder.workspace_id), "version", "99"]).await;
    assert_eq!(edit(&founder, "\"1\"", &with_goal("overtaken")).await.status, 201);
    assert_eq!(read_session(&founder).await.json["answers"], with_goal("overtaken"));
}
