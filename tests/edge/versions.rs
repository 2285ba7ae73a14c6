//! Versions after the first: compared, restored, rebuilt.

use gatehouse_core::rate_limit;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Founder, Reply, World, answers, until};

/// A founder with versions 1 and 2, which differ in the goal.
async fn with_two_versions(world: &World) -> Founder<'_> {
    let founder = world.founder().await;
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    let mut next = answers();
    next["acquisition_goal"] = json!("1,000 first orders a month");
    assert_eq!(founder.finalize(&next).await.status, 201);
    founder
}

/// The founder's workspace as one of its members sees it.
async fn member_of<'a>(world: &'a World, founder: &Founder<'_>) -> Founder<'a> {
    let mut member = world.founder().await;
    let (client, connection) =
        tokio_postgres::connect(world.stack.database_url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql = "insert into workspace_members (workspace_id, user_id, role)
               select $1::text::uuid, id, 'member' from users where email = $2";
    client.execute(sql, &[&founder.workspace_id, &member.email]).await.unwrap();
    member.workspace_id.clone_from(&founder.workspace_id);
    member
}

async fn outsider_of<'a>(world: &'a World, founder: &Founder<'_>) -> Founder<'a> {
    let mut outsider = world.founder().await;
    outsider.workspace_id.clone_from(&founder.workspace_id);
    outsider
}

async fn restore(who: &Founder<'_>, version: Value) -> Reply {
    who.post("/context/restore", Some(&json!({"version": version}))).await
}

async fn rebuild(who: &Founder<'_>, key: &str, body: &str) -> Reply {
    who.request(Method::POST, "/context/rebuild")
        .header("idempotency-key", key)
        .body(body.to_owned())
        .send()
        .await
}

fn new_key() -> String {
    Uuid::new_v4().to_string()
}

async fn versions(world: &World, founder: &Founder<'_>) -> i64 {
    let id = &founder.workspace_id;
    world.count(&format!("select count(*) from business_context_manifests where workspace_id = '{id}'")).await
}

#[tokio::test]
async fn an_older_version_is_restored_as_a_new_one_and_read_at_once() {
    let world = World::shared().await;
    let founder = with_two_versions(world).await;
    let first = restore(&founder, json!(1)).await;
    assert_eq!((first.status, &first.json["created"]), (201, &json!(true)), "{first:?}");
    assert_eq!(first.json["message"], "Version 3 is now the current manifest.");
    let read = founder.get("/context/manifest").await;
    assert_eq!(read.json, first.json["manifest"]);
    assert_eq!(
        (&read.json["version"], &read.json["source"], &read.json["meta"]["restored_from"]),
        (&json!(3), &json!("restore"), &json!(1))
    );
    until("every tier has it", || async {
        founder.get("/context/manifest").await.header("x-cache") == Some("tier0")
    })
    .await;
    assert_eq!(founder.get("/context/manifest").await.text, read.text);

    // Version 3 equals version 1: restoring either of them changes nothing, not even the confirmation.
    for version in [1, 3] {
        let again = restore(&founder, json!(version)).await;
        assert_eq!((again.status, &again.json["created"]), (200, &json!(false)), "{again:?}");
        assert_eq!(again.json["message"], "The content is the same as version 3; nothing was changed.");
        assert_eq!(again.json["manifest"], read.json);
    }
    assert_eq!(versions(world, &founder).await, 3);
}

#[tokio::test]
async fn what_cannot_be_restored_is_refused_and_changes_nothing() {
    let world = World::shared().await;
    let founder = with_two_versions(world).await;
    restore(&founder, json!(9)).await.refused(404, "version_not_found");
    for wrong in [json!(0), json!(-1), json!(1.5), json!("1"), json!(2_147_483_648_u32), Value::Null] {
        let reply = restore(&founder, wrong).await;
        reply.refused(400, "body_invalid");
        assert!(reply.calls.is_empty(), "{reply:?}");
    }
    founder.post("/context/restore", None).await.refused(400, "body_invalid");
    founder.post("/context/restore", Some(&json!([1]))).await.refused(400, "body_invalid");
    let member = member_of(world, &founder).await;
    restore(&member, json!(1)).await.refused(403, "role_not_allowed");
    let outsider = outsider_of(world, &founder).await;
    restore(&outsider, json!(1)).await.refused(404, "workspace_not_found");
    assert_eq!(versions(world, &founder).await, 2);
    until("no fence is left", || async {
        founder.get("/context/manifest").await.header("x-cache") == Some("tier0")
    })
    .await;
}

#[tokio::test]
async fn two_versions_are_compared_in_sentences_and_as_a_patch() {
    let world = World::shared().await;
    let founder = with_two_versions(world).await;
    let before = answers()["acquisition_goal"].as_str().unwrap().to_owned();
    let now = "1,000 first orders a month";
    let found = member_of(world, &founder).await.get("/context/diff?from=1&to=2").await;
    assert_eq!((found.status, &found.json["from"]["version"]), (200, &json!(1)), "{found:?}");
    assert_eq!(
        found.json["changes"],
        json!([{
            "kind": "changed", "sentence": format!("Growth goal: “{before}” became “{now}”."),
            "field": "acquisition_goal", "step": "proof",
        }])
    );
    assert_eq!(found.json["patch"], json!([{"op": "replace", "path": "/market/goal", "value": now}]));
    assert!(found.json["to"]["generated_at"].as_str().unwrap().ends_with('Z'));
    let back = founder.get("/context/diff?from=2&to=1").await;
    assert_eq!(back.json["patch"], json!([{"op": "replace", "path": "/market/goal", "value": before}]));
    let same = founder.get("/context/diff?from=2&to=2").await;
    assert_eq!((&same.json["changes"], &same.json["patch"]), (&json!([]), &json!([])));

    founder.get("/context/diff?from=1&to=3").await.refused(404, "version_not_found");
    let outsider = outsider_of(world, &founder).await;
    outsider.get("/context/diff?from=1&to=2").await.refused(404, "workspace_not_found");
    for wrong in ["", "?from=1", "?to=1", "?from=0&to=1", "?from=1&to=two", "?from=1&to=2147483648"] {
        let reply = founder.get(&format!("/context/diff{wrong}")).await;
        reply.refused(400, "query_invalid");
        assert!(reply.calls.is_empty());
    }
}

#[tokio::test]
async fn an_unchanged_rebuild_confirms_says_so_and_waits_an_hour() {
    let world = World::shared().await;
    let founder = with_two_versions(world).await;
    let before = founder.get("/context/manifest").await;
    let key = new_key();
    let first = rebuild(&founder, &key, "").await;
    assert_eq!((first.status, &first.json["created"]), (200, &json!(false)), "{first:?}");
    let message = "The content is the same as version 2; no new version was created, and the manifest is confirmed as of now.";
    assert_eq!(first.json["message"], message);
    let manifest = &first.json["manifest"];
    assert_eq!((&manifest["version"], &manifest["content"]), (&json!(2), &before.json["content"]));
    assert!(manifest["confirmed_at"].as_str() > before.json["confirmed_at"].as_str());
    assert_eq!(founder.get("/context/manifest").await.json, *manifest, "readers see the confirmation");

    until("the answer is kept", || async {
        rebuild(&founder, &key, "").await.header("idempotent-replayed") == Some("true")
    })
    .await;
    let repeat = rebuild(&founder, &key, "").await;
    assert_eq!(repeat.text, first.text);
    assert_eq!(repeat.calls, ["upstash EVALSHA raise_fence"], "a repeat raises no fence and writes nothing");
    rebuild(&founder, &key, r#"{"force": true}"#).await.refused(422, "idempotency_key_reused");

    let soon = rebuild(&founder, &new_key(), r#"{"force": false}"#).await;
    soon.refused(429, "rebuild_too_soon");
    let forced = rebuild(&founder, &new_key(), r#"{"force": true}"#).await;
    assert_eq!(forced.status, 200, "{forced:?}");
    assert_eq!(versions(world, &founder).await, 2);
}

#[tokio::test]
async fn a_rebuild_reduces_the_stored_source_again() {
    let world = World::shared().await;
    let founder = world.founder().await;
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    // As an older reducer had left it: a version whose content lacks what its source has.
    let (client, connection) =
        tokio_postgres::connect(world.stack.database_url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql = "insert into business_context_manifests
                 (workspace_id, version, parent_version, source, content, checksum, business_context, answers,
                  token_estimate, meta)
               select workspace_id, 2, 1, 'rebuild', '{}',
                 encode(sha256('{}'), 'hex'), business_context, answers, 1, meta
               from business_context_manifests where workspace_id = $1::text::uuid";
    assert_eq!(client.execute(sql, &[&founder.workspace_id]).await.unwrap(), 1);
    let made = rebuild(&founder, &new_key(), "{}").await;
    assert_eq!((made.status, &made.json["created"]), (201, &json!(true)), "{made:?}");
    let manifest = &made.json["manifest"];
    assert_eq!((&manifest["version"], &manifest["source"]), (&json!(3), &json!("rebuild")));
    let diff = founder.get("/context/diff?from=1&to=3").await;
    assert_eq!(diff.json["changes"], json!([]), "the whole content is back");
    let missing: i64 = world
        .count(&format!(
            "select count(*) from business_context_manifests a join business_context_manifests b
               using (workspace_id) where workspace_id = '{}' and a.version = 1 and b.version = 3
               and a.meta -> 'missing' = b.meta -> 'missing' and a.answers = b.answers",
            founder.workspace_id
        ))
        .await;
    assert_eq!(missing, 1, "with its source and what is missing in it");
}

#[tokio::test]
async fn who_may_not_rebuild_is_refused_and_leaves_no_fence() {
    let world = World::shared().await;
    let founder = with_two_versions(world).await;
    let new = world.founder().await;
    rebuild(&new, &new_key(), "").await.refused(404, "manifest_not_found");
    for key in ["", "short", "not a key at all"] {
        rebuild(&founder, key, "").await.refused(400, "idempotency_key_missing");
    }
    for body in ["[]", r#"{"force": "yes"}"#, r#"{"forse": true}"#, "null", "{"] {
        let reply = rebuild(&founder, &new_key(), body).await;
        reply.refused(400, "body_invalid");
        assert!(reply.calls.is_empty(), "{reply:?}");
    }
    let member = member_of(world, &founder).await;
    rebuild(&member, &new_key(), r#"{"force": true}"#).await.refused(403, "role_not_allowed");
    let outsider = outsider_of(world, &founder).await;
    for _ in 0..rate_limit::REBUILD.most[0] {
        rebuild(&outsider, &new_key(), "").await.refused(404, "workspace_not_found");
    }
    rebuild(&outsider, &new_key(), "").await.refused(429, "rate_limited");
    assert_eq!(versions(world, &founder).await, 2);
    until("no fence is left", || async {
        founder.get("/context/manifest").await.header("x-cache") == Some("tier0")
    })
    .await;
}
