//! Who may not store a version, and what is never stored as one.

use serde_json::json;
use uuid::Uuid;

use super::{FORCED, REBUILT, RESTORE, Rebuild, STORE, store, version_count};
use crate::manifests::meta;
use crate::support::{Db, Who, World, checksum, refusal, refused_with};

#[tokio::test]
async fn strangers_and_nonsense_leave_no_version() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let content = json!({ "a": 1 });
    for (who, workspace, expected) in [
        (Who::Nobody, world.workspace, refused_with("PT401", "not_signed_in")),
        (Who::Service, world.workspace, refused_with("PT401", "not_signed_in")),
        (Who::Person(world.outsider), world.workspace, refused_with("PT404", "workspace_not_found")),
        (Who::Person(world.owner), Uuid::new_v4(), refused_with("PT404", "workspace_not_found")),
        (Who::Person(world.member), world.workspace, refused_with("PT403", "role_not_allowed")),
    ] {
        assert_eq!(refusal(store(&mut db, who, workspace, &content, FORCED).await), expected, "{who:?}");
        assert_eq!(refusal(db.call(who, RESTORE, &[&workspace, &1]).await), expected, "{who:?}");
    }
    for who in [Who::Anon, Who::Nobody, Who::Person(world.owner)] {
        let sql = "select public.store_rebuilt_manifest($1, '{}', '{}', '', '', 1, '{}', 1, null)";
        assert_eq!(refusal(db.call(who, sql, &[&world.workspace]).await).0, "42501", "{who:?}");
    }
    let owner = Who::Person(world.owner);
    for source in ["onboarding", "restore", "", "Rebuild"] {
        let how = Rebuild { source, expected: None, force: true };
        let outcome = store(&mut db, owner, world.workspace, &content, how).await;
        assert_eq!(refusal(outcome), refused_with("PT422", "source_unknown"), "{source}");
    }
    // What finalize refuses is refused here too, from a person and from the cron.
    let good = checksum(&content);
    for (text, sum, meta, code) in [
        ("{ \"a\": 1 }", None, meta(400), "manifest_not_canonical"),
        ("{\"a\":1}", Some("0"), meta(400), "checksum_mismatch"),
        ("{\"a\":1}", Some(&*good), meta(399), "meta_invalid"),
        ("{\"a\":1}", Some(&*good), json!({ "token_estimate": 400 }), "meta_invalid"),
        ("[1]", None, meta(400), "manifest_invalid"),
        (&*format!("\"{}\"", "x".repeat(16_384)), None, meta(400), "manifest_too_large"),
    ] {
        let sum = sum.map_or_else(|| gatehouse_core::context::sha256_hex(text), str::to_owned);
        let outcome = db
            .call(
                owner,
                STORE,
                &[&world.workspace, &"import", &json!({}), &text, &sum, &meta, &None::<i32>, &false],
            )
            .await;
        assert_eq!(refusal(outcome), refused_with("PT422", code), "{text:.20}");
        let outcome = db.call(Who::Service, REBUILT, &[&world.workspace, &text, &sum, &meta, &Some(1)]).await;
        assert_eq!(refusal(outcome), refused_with("PT422", code), "{text:.20}");
    }
    assert_eq!(version_count(&db, world.workspace).await, 0);
}
