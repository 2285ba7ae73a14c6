//! Automatic rebuilds of manifests: for a newer reducer, each workspace at its minute, and for a source that was
//! changed by hand, at once.

use gatehouse_core::context::{REDUCER, due_ranges};
use gatehouse_devstack::{Fault, Part};
use reqwest::Method;
use serde_json::{Value, json};

use crate::cron::run;
use crate::operations::METRICS_TOKEN;
use crate::support::{Founder, World, answers, until};

const MINUTE_MS: i64 = 60_000;
/// A day that has long begun, and no full hour of it.
const DAY_MS: i64 = 86_400_000;

/// Runs statements in the database, as somebody with every right.
pub async fn run_sql(world: &World, text: &str) {
    let (client, connection) =
        tokio_postgres::connect(world.stack.database_url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(text).await.unwrap();
}

/// The first minute of the day at which it is the founder's turn, and one at which it is not; both past the full hour.
fn due_and_other_minute(founder: &Founder<'_>) -> (i64, i64) {
    let id = &founder.workspace_id;
    let due = |minute: &i64| {
        let ranges = due_ranges(u64::try_from(*minute).unwrap());
        ranges.iter().any(|range| range.first <= *id && *id <= range.last)
    };
    let ordinary = || (0..1_440).filter(|minute| minute % 60 != 0 && minute % 1_440 > 30);
    (ordinary().find(due).unwrap(), ordinary().find(|minute| !due(minute)).unwrap())
}

fn time_of_minute(minute: i64) -> i64 {
    DAY_MS + minute * MINUTE_MS
}

/// A founder whose current version lacks what its source has, as an older reducer had left it, and whom readers know.
async fn founder_with_older_reducer(world: &World) -> Founder<'_> {
    let founder = world.founder().await;
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    let id = &founder.workspace_id;
    run_sql(
        world,
        &format!(
            "insert into business_context_manifests (workspace_id, version, parent_version, source, content, checksum,
               business_context, answers, token_estimate, meta)
             select workspace_id, 2, 1, 'rebuild', '{{}}', encode(sha256('{{}}'), 'hex'), business_context, answers, 1,
               meta - 'reducer'
             from business_context_manifests where workspace_id = '{id}';
             update workspace_context set latest_version = 2, reducer = 0,
               confirmed_at = now() - interval '8 days' where workspace_id = '{id}'"
        ),
    )
    .await;
    for key in world.keys(&format!("bcm:{id}:*")).await {
        world.redis(&["DEL", &key]).await;
    }
    until("the hot tier has the older version", || async {
        let read = founder.get("/context/manifest").await;
        assert_eq!(read.json["version"], 2);
        read.header("x-cache") == Some("tier0")
    })
    .await;
    founder
}

async fn context_matches(world: &World, founder: &Founder<'_>, what: &str) -> bool {
    let id = &founder.workspace_id;
    world
        .count(&format!("select count(*) from workspace_context where workspace_id = '{id}' and {what}"))
        .await
        == 1
}

/// Waits for the line that a failed work leaves with the workspace's id.
async fn wait_for_log(world: &World, founder: &Founder<'_>, work: &str) {
    until(&format!("{work} is logged"), || async {
        world.worker.logs().iter().any(|line| {
            serde_json::from_str::<Value>(&line.message).is_ok_and(|line| {
                line["work"] == work && line["workspace_id"] == founder.workspace_id.as_str()
            })
        })
    })
    .await;
}

const QUIET: [&str; 3] = ["advance_subscriptions", "claim_due_work", "claim_rebuilds"];

#[tokio::test]
async fn a_newer_reducer_comes_at_the_workspaces_minute_and_confirms_nothing() {
    let world = World::own().await;
    let founder = founder_with_older_reducer(&world).await;
    let before = founder.get("/context/manifest").await.json;
    let (mine, others) = due_and_other_minute(&founder);
    assert_eq!(run(&world, time_of_minute(others)), QUIET, "it is not its turn");
    let calls = run(&world, time_of_minute(mine));
    assert_eq!(calls.iter().filter(|path| path.contains("store_rebuilt_manifest")).count(), 1, "{calls:?}");
    let read = founder.get("/context/manifest").await;
    assert_eq!(
        (&read.json["version"], read.header("x-cache")),
        (&json!(3), Some("tier0")),
        "published to readers"
    );
    assert_eq!((&read.json["source"], &read.json["meta"]["reducer"]), (&json!("rebuild"), &json!(REDUCER)));
    assert_eq!(read.json["confirmed_at"], before["confirmed_at"]);
    assert_eq!(founder.get("/context/diff?from=1&to=3").await.json["changes"], json!([]));
    assert_eq!(founder.get("/context/source").await.json["answers"], answers());
    assert_eq!(run(&world, time_of_minute(mine)), QUIET, "and it is done");
}

#[tokio::test]
async fn content_that_stays_the_same_makes_no_version_needs_no_fence_and_is_remembered() {
    let world = World::own().await;
    let founder = world.founder().await;
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    let id = &founder.workspace_id;
    run_sql(&world, &format!("update workspace_context set reducer = 0 where workspace_id = '{id}'")).await;
    let before = founder.get("/context/manifest").await.json;
    let (mine, _) = due_and_other_minute(&founder);
    assert_eq!(run(&world, time_of_minute(mine)), [&QUIET[..], &["store_rebuilt_manifest"]].concat());
    assert!(context_matches(&world, &founder, &format!("reducer = {REDUCER} and latest_version = 1")).await);
    assert_eq!(founder.get("/context/manifest").await.json, before);
    assert_eq!(run(&world, time_of_minute(mine)), QUIET);
}

#[tokio::test]
async fn a_crash_between_commit_and_publish_shows_nobody_the_older_version_and_heals() {
    let world = World::own().await;
    let founder = founder_with_older_reducer(&world).await;
    let (mine, _) = due_and_other_minute(&founder);
    // The first call raises the fence; the second would publish.
    let lost = Fault { drop: true, skip: 1, times: Some(1), ..Fault::default() };
    world.stack.faults().set(Part::Upstash, lost).unwrap();
    run(&world, time_of_minute(mine));
    assert!(context_matches(&world, &founder, "latest_version = 3").await, "it was committed");
    wait_for_log(&world, &founder, "publish_rebuild").await;
    let read = founder.get("/context/manifest").await;
    assert_eq!((&read.json["version"], read.header("x-cache")), (&json!(3), Some("origin")));
    // The fence's time is over, without a word from its writer.
    let over = "for _, token in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do redis.call('ZADD', KEYS[1], 1, token) end";
    world.redis(&["EVAL", over, "1", &format!("bcm:{}:fence", founder.workspace_id)]).await;
    until("the tiers have it", || async {
        let read = founder.get("/context/manifest").await;
        assert_eq!(read.json["version"], 3);
        read.header("x-cache") == Some("tier0")
    })
    .await;
}

#[tokio::test]
async fn a_run_that_dies_before_the_write_is_made_good_when_its_claim_runs_out() {
    let world = World::own().await;
    let founder = founder_with_older_reducer(&world).await;
    let (mine, _) = due_and_other_minute(&founder);
    let lost =
        Fault { drop: true, times: Some(1), path: Some("store_rebuilt_manifest".into()), ..Fault::default() };
    world.stack.faults().set(Part::Postgrest, lost).unwrap();
    run(&world, time_of_minute(mine));
    assert!(context_matches(&world, &founder, "latest_version = 2 and rebuild_claimed_until > now()").await);
    assert_eq!(founder.get("/context/manifest").await.json["version"], 2);
    assert_eq!(run(&world, time_of_minute(mine)), QUIET, "it is claimed");
    run_sql(&world, "update workspace_context set rebuild_claimed_until = now() - interval '1 second'").await;
    run(&world, time_of_minute(mine));
    assert_eq!(founder.get("/context/manifest").await.json["version"], 3);
}

#[tokio::test]
async fn a_source_that_was_changed_by_hand_is_made_anew_at_once_and_one_that_cannot_be_is_skipped() {
    let world = World::own().await;
    let founder = world.founder().await;
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    let id = &founder.workspace_id;
    let (_, others) = due_and_other_minute(&founder);
    run_sql(
        &world,
        &format!("update workspace_context set business_context = '{{\"company_profile\": 5}}' where workspace_id = '{id}'"),
    )
    .await;
    assert_eq!(run(&world, time_of_minute(others)), [&QUIET[..], &["skip_rebuild"]].concat());
    assert!(context_matches(&world, &founder, "source_changed_at is null and latest_version = 1").await);
    assert_eq!(run(&world, time_of_minute(others)), QUIET, "nobody tries for ever");
    wait_for_log(&world, &founder, "rebuild").await;
    run_sql(
        &world,
        &format!(
            "update workspace_context c set business_context = jsonb_set(m.business_context,
               '{{intelligence,market,primary_goal}}', '\"By hand\"')
             from business_context_manifests m where m.workspace_id = c.workspace_id and c.workspace_id = '{id}'"
        ),
    )
    .await;
    run(&world, time_of_minute(others));
    let read = founder.get("/context/manifest").await;
    assert_eq!(
        (&read.json["version"], &read.json["content"]["market"]["goal"]),
        (&json!(2), &json!("By hand"))
    );
}

#[tokio::test]
async fn what_became_of_each_workspace_is_counted_by_its_outcome() {
    let world = World::own().await;
    let founder = founder_with_older_reducer(&world).await;
    let (mine, _) = due_and_other_minute(&founder);
    let again = async |change: &str| {
        let id = &founder.workspace_id;
        let free = "rebuild_claimed_until = null";
        run_sql(&world, &format!("update workspace_context set {free}{change} where workspace_id = '{id}'"))
            .await;
    };
    let store = |fault: Fault| {
        let fault = Fault { times: Some(1), path: Some("store_rebuilt_manifest".into()), ..fault };
        world.stack.faults().set(Part::Postgrest, fault).unwrap();
    };
    // A person was faster; the database is away; all is well; nothing is new; nothing can be made of the source.
    let faster = json!({"code": "PT412", "message": "version_conflict", "details": "Somebody was faster."});
    store(Fault { status: Some(412), body: Some(faster), ..Fault::default() });
    run(&world, time_of_minute(mine));
    again("").await;
    store(Fault { drop: true, ..Fault::default() });
    run(&world, time_of_minute(mine));
    again("").await;
    run(&world, time_of_minute(mine));
    again(", reducer = 0").await;
    run(&world, time_of_minute(mine));
    again(", business_context = '{\"company_profile\": 5}'").await;
    run(&world, time_of_minute(mine));

    let outcomes = ["created", "failed", "overtaken", "skipped", "unchanged"];
    let expected: Vec<_> = outcomes
        .iter()
        .map(|outcome| format!("gatehouse_rebuilds_total{{outcome=\"{outcome}\"}} 1"))
        .collect();
    let counted = async || {
        let read = world.request(Method::GET, "/metrics").header("authorization", METRICS_TOKEN).send().await;
        let lines = read.text.lines().filter(|line| line.starts_with("gatehouse_rebuilds_total"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    until(&format!("{expected:?}"), || async { counted().await == expected }).await;
}
