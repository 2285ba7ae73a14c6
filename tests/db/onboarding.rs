//! The completion instant follows the status and nothing else.

use serde_json::json;

use crate::manifests::submit;
use crate::members::subscribe;
use crate::support::{Db, Who, World};

#[tokio::test]
async fn completion_is_stamped_once_and_cleared_on_leaving() {
    let db = Db::shared().await;
    let owner = World::with_plan(&db).await.owner;
    let stamped = async |set: &str| -> (bool, bool) {
        let sql = format!(
            "update public.users set {set} where auth_user_id = $1
             returning onboarding_completed_at is not null, onboarding_completed_at > now() - interval '1 hour'"
        );
        let row =
            db.client.query_one(&sql, &[&owner]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        (row.get(0), row.get::<_, Option<bool>>(1).unwrap_or(false))
    };
    assert_eq!(stamped("onboarding_status = 'in_progress'").await, (false, false));
    assert_eq!(stamped("onboarding_completed_at = now()").await, (false, false), "not set by hand");
    assert_eq!(
        stamped("onboarding_status = 'completed', onboarding_completed_at = '2001-01-01'").await,
        (true, true)
    );
    assert_eq!(stamped("onboarding_completed_at = '2001-01-01'").await, (true, true), "not moved by hand");
    assert_eq!(stamped("onboarding_status = 'completed'").await, (true, true));
    assert_eq!(stamped("onboarding_status = 'abandoned'").await, (false, false));
}

#[tokio::test]
async fn an_admin_who_submits_completes_the_owner_and_not_themselves() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    submit(&mut db, Who::Person(world.admin), world.workspace, &json!({ "a": 1 })).await.expect("finalized");
    for (person, status) in [(world.owner, "completed"), (world.admin, "pending")] {
        let facts = db.call(Who::Person(person), "select public.verify_profile()", &[]).await.expect("facts");
        assert_eq!(facts["onboarding_status"], status);
    }
}

#[tokio::test]
async fn a_second_workspace_does_not_complete_the_first() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let second: uuid::Uuid = db
        .one(
            "with w as (insert into public.workspaces (name, slug, owner_id, created_at)
                        select 'Second', 'second-' || id, id, now() + interval '1 second'
                        from public.users where auth_user_id = $1 returning id, owner_id)
             insert into public.workspace_members (workspace_id, user_id, role)
             select id, owner_id, 'owner' from w returning workspace_id",
            &[&world.owner],
        )
        .await;
    subscribe(&db, second, "ascent").await;
    submit(&mut db, Who::Person(world.owner), second, &json!({ "a": 1 })).await.expect("finalized");
    let facts =
        db.call(Who::Person(world.owner), "select public.verify_profile()", &[]).await.expect("facts");
    assert_eq!(facts["workspace_id"], json!(world.workspace.to_string()));
    assert_eq!((&facts["onboarding_status"], &facts["manifest"]), (&json!("pending"), &json!(null)));
}
