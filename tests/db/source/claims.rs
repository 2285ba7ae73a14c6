//! Automatic rebuilds: which workspaces the cron gets, and how often.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{CLAIM, FIRST, LAST, REBUILT, confirmed_eight_days_ago, context, meta};
use crate::manifests::confirmed_recently;
use crate::queues::service;
use crate::support::{Db, Params, canonical_json, checksum, own_database};

/// The workspaces of a claim.
fn ids(claimed: &Value) -> Vec<Uuid> {
    let rows = claimed.as_array().expect("a list").iter();
    rows.map(|row| row["workspace_id"].as_str().and_then(|id| id.parse().ok()).expect("an id")).collect()
}

#[tokio::test]
async fn a_newer_reducer_hands_out_each_workspace_once_and_an_unchanged_look_is_remembered() {
    let (fresh, mut db) = own_database().await;
    let mut all = BTreeSet::new();
    for _ in 0..5 {
        all.insert(confirmed_eight_days_ago(&mut db).await.workspace);
    }
    for none in [None, Some(0), Some(-1)] {
        assert_eq!(service(&mut db, CLAIM, &[&1, &FIRST, &LAST, &none]).await, json!([]), "{none:?}");
    }
    assert_eq!(service(&mut db, CLAIM, &[&0, &FIRST, &LAST, &9]).await, json!([]), "no older reducer");
    assert_eq!(
        service(&mut db, CLAIM, &[&1, &LAST, &LAST, &9]).await,
        json!([]),
        "no workspace is in this range"
    );
    // A workspace that somebody is writing to is passed over.
    let busy = *all.first().expect("five");
    let mut other = Db::connect(&fresh.url()).await;
    let lock = other.client.transaction().await.expect("a transaction");
    lock.execute("select from public.workspace_context where workspace_id = $1 for update", &[&busy])
        .await
        .expect("a lock");
    let two = service(&mut db, CLAIM, &[&1, &FIRST, &LAST, &2]).await;
    let rest = service(&mut db, CLAIM, &[&1, &FIRST, &LAST, &9]).await;
    lock.rollback().await.expect("a rollback");
    let last = service(&mut db, CLAIM, &[&1, &FIRST, &LAST, &9]).await;
    assert_eq!((ids(&two).len(), ids(&rest).len(), ids(&last)), (2, 2, vec![busy]));
    let handed: BTreeSet<_> = [&two, &rest, &last].into_iter().flat_map(ids).collect();
    assert_eq!(handed, all, "each once");
    assert_eq!(service(&mut db, CLAIM, &[&1, &FIRST, &LAST, &9]).await, json!([]), "for ten minutes");

    // A rebuild with equal content makes no version. This reducer does not get the workspace again, but the next one does.
    let row = &two[0];
    let rebuilt: Uuid = ids(&two)[0];
    let content = json!({ "n": 1 });
    let store: Params<'_> = &[
        &rebuilt,
        &row["answers"],
        &row["business_context"],
        &canonical_json(&content),
        &checksum(&content),
        &meta(1),
        &1,
        &0,
    ];
    assert_eq!(row["checksum"], checksum(&content));
    let same = service(&mut db, REBUILT, store).await;
    assert_eq!((&same["version"], &same["created"], &same["edits"]), (&json!(1), &json!(false), &json!(0)));
    // A source that the reducer cannot use is skipped.
    let skipped = ids(&two)[1];
    let skip = "select to_jsonb(public.skip_rebuild($1, 1, $2, $3))";
    for (version, edits, done) in [(2, 0, false), (1, 1, false), (1, 0, true)] {
        assert_eq!(service(&mut db, skip, &[&skipped, &version, &edits]).await, json!(done));
    }
    db.run("update public.workspace_context set rebuild_claimed_until = now() - interval '1 second'", &[])
        .await;
    let again: BTreeSet<_> =
        ids(&service(&mut db, CLAIM, &[&1, &FIRST, &LAST, &9]).await).into_iter().collect();
    assert_eq!(again, &all - &BTreeSet::from([rebuilt, skipped]), "claims that ran out come up again");
    db.run("update public.workspace_context set rebuild_claimed_until = null", &[]).await;
    assert_eq!(ids(&service(&mut db, CLAIM, &[&2, &FIRST, &LAST, &9]).await).len(), 5, "a newer reducer");
    let moved: i64 = db
        .one(
            "select count(*) from public.workspace_context where confirmed_at > now() - interval '1 hour'",
            &[],
        )
        .await;
    assert_eq!(moved, 0, "the cron confirms nothing");
    drop((db, other));
    fresh.stop().await;
}

#[tokio::test]
async fn a_source_that_was_changed_by_hand_is_handed_out_at_once() {
    let (fresh, mut db) = own_database().await;
    let world = confirmed_eight_days_ago(&mut db).await;
    let sql = "update public.workspace_context set business_context = $2 where workspace_id = $1";
    db.run(sql, &[&world.workspace, &context("by hand")]).await;
    let claimed = service(&mut db, CLAIM, &[&0, &LAST, &LAST, &9]).await;
    assert_eq!(
        (ids(&claimed), &claimed[0]["edits"], &claimed[0]["business_context"]["goal"]),
        (vec![world.workspace], &json!(1), &json!("by hand"))
    );
    let content = json!({ "n": 2 });
    let (text, sum) = (canonical_json(&content), checksum(&content));
    let store: Params<'_> = &[
        &world.workspace,
        &claimed[0]["answers"],
        &claimed[0]["business_context"],
        &text,
        &sum,
        &meta(1),
        &1,
        &1,
    ];
    let made = service(&mut db, REBUILT, store).await;
    assert_eq!(
        (&made["version"], &made["source"], &made["edits"]),
        (&json!(2), &json!("rebuild"), &json!(0))
    );
    assert!(!confirmed_recently(&db, world.workspace).await);
    assert_eq!(service(&mut db, CLAIM, &[&1, &FIRST, &LAST, &9]).await, json!([]), "its rebuild is stored");
    let gauges = service(&mut db, "select public.read_gauges()", &[]).await;
    let waiting = |gauges: &Value| {
        let rows = gauges.as_array().expect("a list").iter();
        rows.filter(|row| row["name"] == "sources_changed").map(|row| row["rows"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(waiting(&gauges), [json!(0)]);
    db.run(sql, &[&world.workspace, &context("again")]).await;
    assert_eq!(waiting(&service(&mut db, "select public.read_gauges()", &[]).await), [json!(1)]);
    drop(db);
    fresh.stop().await;
}
