//! Older versions: restored as new ones, and read side by side.

use serde_json::json;

use super::{FORCED, RESTORE, age_by_eight_days, store};
use crate::manifests::confirmed_recently;
use crate::support::{Db, Who, World, checksum, refusal, refused_with};

#[tokio::test]
async fn an_older_version_comes_back_as_a_new_one() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let owner = Who::Person(world.owner);
    for n in 1..=3 {
        store(&mut db, owner, world.workspace, &json!({ "n": n }), FORCED).await.expect("stored");
    }
    age_by_eight_days(&db, world.workspace).await;
    let same = db.call(owner, RESTORE, &[&world.workspace, &3]).await.expect("unchanged");
    assert_eq!((&same["version"], &same["created"]), (&json!(3), &json!(false)));
    assert!(!confirmed_recently(&db, world.workspace).await, "nothing changed, and nothing was confirmed");

    let back = db.call(Who::Person(world.admin), RESTORE, &[&world.workspace, &1]).await.expect("restored");
    assert_eq!(
        (&back["version"], &back["source"], &back["created"]),
        (&json!(4), &json!("restore"), &json!(true))
    );
    assert_eq!(
        (&back["meta"]["restored_from"], &back["checksum"]),
        (&json!(1), &json!(checksum(&json!({ "n": 1 }))))
    );
    assert!(confirmed_recently(&db, world.workspace).await, "a restore by a person confirms");
    let equal: bool = db
        .one(
            "select a.content = b.content and a.answers = b.answers and a.business_context = b.business_context
               and a.token_estimate = b.token_estimate and b.parent_version = 3
             from public.business_context_manifests a, public.business_context_manifests b
             where a.workspace_id = $1 and b.workspace_id = $1 and a.version = 1 and b.version = 4",
            &[&world.workspace],
        )
        .await;
    assert!(equal, "with all that it was made from");
    let again = db.call(owner, RESTORE, &[&world.workspace, &1]).await.expect("unchanged");
    assert_eq!(
        (&again["version"], &again["created"]),
        (&json!(4), &json!(false)),
        "equal content, older number"
    );
    let audited: i64 = db
        .one(
            "select count(*) from public.audit_log where workspace_id = $1 and action = 'bcm.restored'",
            &[&world.workspace],
        )
        .await;
    assert_eq!(audited, 1);

    // A version of another workspace does not count.
    for version in [None, Some(0), Some(-1), Some(9), Some(i32::MAX)] {
        let outcome = db.call(owner, RESTORE, &[&world.workspace, &version]).await;
        assert_eq!(refusal(outcome), refused_with("PT404", "version_not_found"), "{version:?}");
    }
}

#[tokio::test]
async fn two_versions_are_read_side_by_side() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    for n in 1..=3 {
        store(&mut db, Who::Person(world.owner), world.workspace, &json!({ "n": n }), FORCED)
            .await
            .expect("stored");
    }
    let pair = "select public.read_versions_pair($1, $2, $3)";
    for (from, to) in [(1, 3), (3, 1), (2, 2)] {
        let versions =
            db.call(Who::Person(world.member), pair, &[&world.workspace, &from, &to]).await.expect("a pair");
        assert_eq!(versions["membership"]["role"], "member");
        for (side, n) in [("from", from), ("to", to)] {
            assert_eq!(
                (&versions[side]["version"], &versions[side]["content"]),
                (&json!(n), &json!({ "n": n }))
            );
            assert_eq!(versions[side]["checksum"], checksum(&json!({ "n": n })));
        }
    }
    for (from, to) in [(Some(1), Some(4)), (Some(0), Some(1)), (None, Some(1)), (Some(1), None)] {
        let outcome = db.call(Who::Person(world.member), pair, &[&world.workspace, &from, &to]).await;
        assert_eq!(refusal(outcome), refused_with("PT404", "version_not_found"), "{from:?} {to:?}");
    }
    let outcome = db.call(Who::Person(world.outsider), pair, &[&world.workspace, &1, &2]).await;
    assert_eq!(refusal(outcome), refused_with("PT404", "workspace_not_found"));
}
