//! A finalize that takes the saved answers, and what a crash leaves.

use futures_util::future::join_all;
use gatehouse_devstack::{Fault, Part};
use reqwest::Method;
use serde_json::json;

use super::{assert_saved, if_match, read_session, replace_session, save_step, snapshot_revision, warm_up};
use crate::support::{Founder, Reply, Request, World, answers, until};

#[tokio::test]
async fn a_body_with_answers_still_finalizes_and_becomes_the_submitted_session() {
    let world = World::shared().await;
    warm_up(world).await;
    let founder = world.founder().await;
    read_session(&founder).await;
    assert_saved(&replace_session(&founder, 0, &json!({"industry": "A draft"})).await, 1);
    let made = founder.finalize(&answers()).await;
    assert_eq!((made.status, made.calls.len()), (201, 3), "{made:?}");
    let session = read_session(&founder).await;
    assert_eq!((&session.json["state"], &session.json["answers"]), (&json!("submitted"), &answers()));
    assert_eq!(session.json["revision"], snapshot_revision(world, &founder).await, "one number in both");
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
    read_session(&founder).await;
    assert_saved(&replace_session(&founder, 0, &answers()).await, 1);
    let request = founder.request(Method::POST, "/onboarding/finalize");
    let lost = Fault {
        drop: true,
        after: true,
        path: Some("finalize_onboarding".into()),
        request_id: Some(request.id.clone()),
        ..Fault::default()
    };
    world.stack.faults().set(Part::Postgrest, lost).unwrap();
    request.send().await.refused(503, "dependency_unavailable");
    // A tab that has not heard goes on typing; what the membership's next reading brings ends that.
    assert_saved(&save_step(&founder, "company", 1, json!({"answers": {"industry": "Cocoa"}})).await, 2);
    let keys = world.keys(&format!("member:{}:*", founder.workspace_id)).await;
    world.redis(&["DEL", &keys[0]]).await;
    save_step(&founder, "company", 2, json!({"answers": {"industry": "Coffee"}}))
        .await
        .refused(409, "session_submitted");
    let again = founder.post("/onboarding/finalize", None).await;
    assert_eq!((again.status, &again.json["manifest"]["version"]), (200, &json!(1)), "{again:?}");
}

/// Finalizes, and between its look at the session and its commit does what `meanwhile` asks for.
async fn finalize_during(world: &World, founder: &Founder<'_>, meanwhile: Request<'_>) -> (Reply, Reply) {
    let request = founder.request(Method::POST, "/onboarding/finalize");
    let id = request.id.clone();
    let slow = Fault {
        delay_ms: 1_000,
        times: Some(1),
        path: Some("finalize_onboarding".into()),
        request_id: Some(id.clone()),
        ..Fault::default()
    };
    world.stack.faults().set(Part::Postgrest, slow).unwrap();
    let meanwhile = async {
        until("the session was looked at", || async { !world.stack.calls(&id).is_empty() }).await;
        meanwhile.send().await
    };
    tokio::join!(request.send(), meanwhile)
}

/// What becomes of the snapshot that follows a request.
fn set_snapshot_fault(world: &World, request: &Request<'_>, fault: Fault) {
    let (path, request_id) = (Some("save_snapshot".into()), Some(request.id.clone()));
    world.stack.faults().set(Part::Postgrest, Fault { path, request_id, ..fault }).unwrap();
}

#[tokio::test]
async fn answers_saved_while_others_are_submitted_are_submitted_too() {
    let world = World::shared().await;
    warm_up(world).await;
    // The save's snapshot: before the commit, which then goes on with it; after the commit, by which it is refused; never.
    let late = Fault { delay_ms: 1_300, ..Fault::default() };
    let never = Fault { drop: true, ..Fault::default() };
    for (industry, snapshot, versions) in [
        ("Cocoa", Fault { delay_ms: 1, ..Fault::default() }, 1..=2),
        ("Cocoa", late, 1..=2),
        ("Cocoa", never.clone(), 2..=2),
        ("D2C / Beverages", never, 1..=1),
    ] {
        let founder = world.founder().await;
        read_session(&founder).await;
        assert_saved(&replace_session(&founder, 0, &answers()).await, 1);
        world.redis(&["DEL", &format!("onb:{}:snapshot", founder.workspace_id)]).await;
        let request = if_match(founder.request(Method::PATCH, "/onboarding/steps/company"), 1);
        set_snapshot_fault(world, &request, snapshot);
        let request = request.body(json!({"answers": {"industry": industry}}).to_string());
        let (made, save) = finalize_during(world, &founder, request).await;
        assert_saved(&save, 2);
        assert_eq!((made.status, &made.json["created"]), (201, &json!(true)), "{made:?}");
        let version = made.json["manifest"]["version"].as_u64().unwrap();
        assert!(versions.contains(&version), "{industry}: version {version}");
        let session = read_session(&founder).await;
        let stands = (&session.json["state"], &session.json["answers"]["industry"]);
        assert_eq!(stands, (&json!("submitted"), &json!(industry)));
        assert_eq!(session.json["revision"], snapshot_revision(world, &founder).await, "one number in both");
        let kept = format!(
            "select count(*) from onboarding_snapshots where workspace_id = '{}' and state = 'submitted'
               and answers ->> 'industry' = '{industry}'",
            founder.workspace_id
        );
        assert_eq!(world.count(&kept).await, 1);
    }
}

#[tokio::test]
async fn a_draft_that_is_emptied_while_it_is_submitted_leaves_what_was_submitted() {
    let world = World::shared().await;
    warm_up(world).await;
    let founder = world.founder().await;
    read_session(&founder).await;
    assert_saved(&replace_session(&founder, 0, &answers()).await, 1);
    let request = founder.request(Method::DELETE, "/onboarding/session");
    set_snapshot_fault(world, &request, Fault { drop: true, ..Fault::default() });
    let (made, emptied) = finalize_during(world, &founder, request).await;
    assert_eq!((made.status, emptied.status), (201, 200), "{made:?} {emptied:?}");
    let again = founder.post("/onboarding/finalize", None).await;
    assert_eq!((again.status, &again.json["manifest"]["version"]), (200, &json!(1)), "{again:?}");
    let session = read_session(&founder).await;
    assert_eq!((&session.json["state"], &session.json["answers"]), (&json!("submitted"), &answers()));
}

#[tokio::test]
async fn twenty_finalizes_at_once_make_one_version() {
    let world = World::shared().await;
    let founder = world.founder().await;
    read_session(&founder).await;
    assert_saved(&replace_session(&founder, 0, &answers()).await, 1);
    let replies = join_all((0..20).map(|_| founder.post("/onboarding/finalize", None))).await;
    let mut statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [&[200; 19][..], &[201]].concat(), "{replies:?}");
    for reply in &replies {
        assert_eq!((&reply.json["manifest"]["version"], reply.header("degraded")), (&json!(1), None));
        assert_eq!(reply.json["manifest"]["checksum"], replies[0].json["manifest"]["checksum"]);
    }
    assert_eq!(rows_written(world, &founder).await, [1; 4]);
}

/// What one transaction makes: versions, the current one, the submitted snapshot, the owner who is through.
async fn rows_written(world: &World, founder: &Founder<'_>) -> [i64; 4] {
    let mut found = [0; 4];
    for (found, from) in found.iter_mut().zip([
        "business_context_manifests where workspace_id",
        "workspace_context where workspace_id",
        "onboarding_snapshots where state = 'submitted' and workspace_id",
        "users u join workspaces w on w.owner_id = u.id where u.onboarding_status = 'completed' and w.id",
    ]) {
        *found = world.count(&format!("select count(*) from {from} = '{}'", founder.workspace_id)).await;
    }
    found
}

/// The calls of a finalize, by how many of the part's calls come before them.
const CALLS: [(Part, u32); 3] = [(Part::Upstash, 0), (Part::Postgrest, 0), (Part::Upstash, 1)];

#[tokio::test]
async fn a_crash_at_any_call_leaves_everything_or_a_draft_to_go_on_with() {
    let world = World::shared().await;
    warm_up(world).await;
    for (call, after) in [(0, false), (0, true), (1, false), (1, true), (2, false), (2, true)] {
        let what = format!("call {call}, {}", if after { "its answer lost" } else { "the request lost" });
        let founder = world.founder().await;
        read_session(&founder).await;
        assert_saved(&replace_session(&founder, 0, &answers()).await, 1);
        let request = founder.request(Method::POST, "/onboarding/finalize");
        let (part, before) = CALLS[call];
        let fault = Fault { request_id: Some(request.id.clone()), ..Fault::default() };
        if before > 0 {
            world
                .stack
                .faults()
                .set(part, Fault { delay_ms: 1, times: Some(before), ..fault.clone() })
                .unwrap();
        }
        world.stack.faults().set(part, Fault { drop: true, after, ..fault }).unwrap();
        let reply = request.send().await;

        // Committed or not is decided by the database's one call, and by nothing else.
        let committed = (call, after) >= (1, true);
        assert_eq!(rows_written(world, &founder).await, [i64::from(committed); 4], "{what}");
        if call == 2 {
            assert_eq!((reply.status, reply.header("degraded")), (201, Some("redis")), "{what}: {reply:?}");
        } else {
            reply.refused(503, "dependency_unavailable");
        }
        let manifest = founder.get("/context/manifest").await;
        assert_eq!(manifest.status, if committed { 200 } else { 404 }, "{what}: {manifest:?}");
        let mut revision = 1;
        if !committed {
            let draft = read_session(&founder).await;
            assert_eq!(
                (&draft.json["state"], &draft.json["answers"]),
                (&json!("draft"), &answers()),
                "{what}"
            );
            let more = json!({"answers": {"industry": "Tea"}});
            assert_saved(&save_step(&founder, "company", revision, more).await, 2);
            revision = 2;
        }
        let again = founder.post("/onboarding/finalize", None).await;
        assert_eq!(again.status, if committed { 200 } else { 201 }, "{what}: {again:?}");
        assert_eq!(rows_written(world, &founder).await, [1; 4], "{what}");
        let submitted = read_session(&founder).await;
        assert_eq!(submitted.json["state"], "submitted", "{what}");
        assert!(submitted.json["revision"].as_u64().unwrap() >= revision, "{what}");
    }
}
