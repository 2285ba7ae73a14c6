//! The members: who sees them, changes their role and removes them.

use serde_json::json;
use uuid::Uuid;

use super::{REMOVE, invite, member_actions, seats, subscribe, user_id};
use crate::support::{Db, Params, Who, World, refusal, refused_with};

const LIST: &str = "select public.list_members($1)";
const SET_ROLE: &str = "select public.set_member_role($1, $2, $3, 'req-m')";

#[tokio::test]
async fn names_are_for_members_and_addresses_for_those_who_manage() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    subscribe(&db, world.workspace, "soar").await;
    invite(&mut db, &world, "guest@example.in", "member").await;
    for (who, state) in [(Who::Nobody, "PT401"), (Who::Person(world.outsider), "PT404")] {
        assert_eq!(refusal(db.call(who, LIST, &[&world.workspace]).await).0, state);
    }
    for (person, sees_all) in [(world.owner, true), (world.admin, true), (world.member, false)] {
        let list = db.call(Who::Person(person), LIST, &[&world.workspace]).await.expect("a list");
        let members = list["members"].as_array().expect("members");
        let names: Vec<_> = members.iter().filter_map(|one| one["full_name"].as_str()).collect();
        assert_eq!(names, ["owner", "admin", "member"]);
        assert!(members.iter().all(|one| one["email"].is_string() == sees_all));
        assert_eq!(members.iter().filter(|one| one["is_you"] == true).count(), 1);
        let open = list["invitations"]
            .as_array()
            .map(|open| open.iter().map(|one| one["email"].clone()).collect::<Vec<_>>());
        assert_eq!(open, sees_all.then(|| vec![json!("guest@example.in")]));
        assert!(!list.to_string().contains("token"));
    }
}

#[tokio::test]
async fn roles_are_the_owners_to_give() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let (owner, admin, member) =
        (user_id(&db, world.owner).await, user_id(&db, world.admin).await, user_id(&db, world.member).await);
    let stranger = user_id(&db, world.outsider).await;
    let boss = Who::Person(world.owner);
    for (who, target, role, expected) in [
        (Who::Nobody, member, "admin", refused_with("PT401", "not_signed_in")),
        (Who::Person(world.outsider), member, "admin", refused_with("PT404", "workspace_not_found")),
        (Who::Person(world.admin), member, "admin", refused_with("PT403", "role_not_allowed")),
        (Who::Person(world.member), member, "admin", refused_with("PT403", "role_not_allowed")),
        (boss, member, "owner", refused_with("PT422", "role_unknown")),
        (boss, owner, "member", refused_with("PT409", "owner_stays")),
        (boss, stranger, "admin", refused_with("PT404", "member_not_found")),
        (boss, world.member, "admin", refused_with("PT404", "member_not_found")), // the other kind of id
    ] {
        let found = db.call(who, SET_ROLE, &[&world.workspace, &target, &role]).await;
        assert_eq!(refusal(found), expected, "{who:?} {role}");
    }
    for changed in [true, false] {
        let found = db.call(boss, SET_ROLE, &[&world.workspace, &member, &"admin"]).await.expect("promoted");
        assert_eq!(
            found,
            json!({ "user_id": member.to_string(), "auth_user_id": world.member.to_string(), "role": "admin", "changed": changed })
        );
    }
    db.call(boss, SET_ROLE, &[&world.workspace, &admin, &"member"]).await.expect("demoted");
    assert_eq!(member_actions(&db, world.workspace).await, ["member.role_changed", "member.role_changed"]);
}

#[tokio::test]
async fn removed_is_out_at_once_and_the_owner_stays() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let (owner, admin, member) =
        (user_id(&db, world.owner).await, user_id(&db, world.admin).await, user_id(&db, world.member).await);
    let second = db.sign_up(Some(&format!("{}@example.in", Uuid::new_v4())), json!({})).await;
    db.run(
        "insert into public.workspace_members (workspace_id, user_id, role)
         select $1, id, 'admin' from public.users where auth_user_id = $2",
        &[&world.workspace, &second],
    )
    .await;
    let other_admin = user_id(&db, second).await;
    for (who, target, expected) in [
        (Who::Nobody, member, refused_with("PT401", "not_signed_in")),
        (Who::Person(world.outsider), member, refused_with("PT404", "workspace_not_found")),
        (Who::Person(world.member), admin, refused_with("PT403", "role_not_allowed")),
        (Who::Person(world.member), Uuid::new_v4(), refused_with("PT403", "role_not_allowed")),
        (Who::Person(world.admin), other_admin, refused_with("PT403", "role_not_allowed")),
        (Who::Person(world.admin), owner, refused_with("PT409", "owner_stays")),
        (Who::Person(world.owner), owner, refused_with("PT409", "owner_stays")),
        (Who::Person(world.owner), Uuid::new_v4(), refused_with("PT404", "member_not_found")),
    ] {
        let params: Params<'_> = &[&world.workspace, &target];
        assert_eq!(refusal(db.call(who, REMOVE, params).await), expected, "{who:?} {target}");
    }
    for (remover, target, account) in [
        (world.admin, member, world.member),
        (world.admin, admin, world.admin), // leaves
        (world.owner, other_admin, second),
    ] {
        let params: Params<'_> = &[&world.workspace, &target];
        let found = db.call(Who::Person(remover), REMOVE, params).await.expect("removed");
        assert_eq!(
            found,
            json!({ "user_id": target.to_string(), "auth_user_id": account.to_string(), "removed": true })
        );
        let left =
            db.call(Who::Person(account), "select public.read_membership($1)", &[&world.workspace]).await;
        assert_eq!(refusal(left), refused_with("PT404", "workspace_not_found"));
        let again = db.call(Who::Person(world.owner), REMOVE, params).await;
        assert_eq!(refusal(again), refused_with("PT404", "member_not_found"));
    }
    assert_eq!(seats(&db, world.workspace).await, 1);
    let kept: i64 = db
        .one("select count(*) from public.workspace_members where workspace_id = $1", &[&world.workspace])
        .await;
    assert_eq!(kept, 4, "the rows stay as history");
}
