//! Joining by an invitation: once, for the invited person alone, and while the token is good.

use serde_json::json;
use uuid::Uuid;

use super::{ACCEPT, REMOVE, REVOKE, accept, invite, member_actions, newcomer, subscribe, user_id};
use crate::support::{Db, Who, World, refusal, refused_with};

#[tokio::test]
async fn an_invited_person_joins_once_and_can_read() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    subscribe(&db, world.workspace, "glide").await;
    let (account, email) = newcomer(&db).await;
    let made = invite(&mut db, &world, &format!("  {email} "), "admin").await;
    assert_eq!((&made["role"], &made["email"]), (&json!("admin"), &json!(email.to_lowercase())));
    let token = made["token"].as_str().expect("a token");
    assert_eq!(token.len(), 64);
    let stored: String = db
        .one(
            "select token_sha256 from public.workspace_invitations where id = $1::text::uuid",
            &[&made["invitation_id"].as_str()],
        )
        .await;
    assert_eq!(stored, gatehouse_core::context::sha256_hex(token), "only the hash is kept");
    let days: i32 = db
        .one(
            "select round(extract(epoch from expires_at - created_at) / 86400)::int from public.workspace_invitations where token_sha256 = $1",
            &[&stored],
        )
        .await;
    assert_eq!(days, 7);

    let joined = accept(&mut db, account, &made["token"]).await.expect("joined");
    assert_eq!(
        (&joined["role"], &joined["joined"], &joined["workspace_id"], &joined["auth_user_id"]),
        (&json!("admin"), &json!(true), &json!(world.workspace.to_string()), &json!(account.to_string()))
    );
    let again = accept(&mut db, account, &made["token"]).await.expect("no mistake");
    assert_eq!((&again["role"], &again["joined"]), (&json!("admin"), &json!(false)));
    let membership =
        db.call(Who::Person(account), "select public.read_membership($1)", &[&world.workspace]).await;
    assert_eq!(membership.expect("a member")["role"], "admin");
    assert_eq!(member_actions(&db, world.workspace).await, ["member.invited", "member.joined"]);
    let leaked: i64 = db
        .one("select count(*) from public.audit_log where details::text like '%' || $1 || '%'", &[&token])
        .await;
    assert_eq!(leaked, 0, "the token is in no record");
}

#[tokio::test]
async fn a_token_that_is_not_good_any_more_says_why() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    subscribe(&db, world.workspace, "soar").await;
    let (account, email) = newcomer(&db).await;
    for token in [None, Some(""), Some("0"), Some("' or true --")] {
        let found = db.call(Who::Person(account), ACCEPT, &[&token]).await;
        assert_eq!(refusal(found), refused_with("PT404", "invitation_not_found"), "{token:?}");
    }
    assert_eq!(refusal(db.call(Who::Nobody, ACCEPT, &[&"x"]).await), refused_with("PT401", "not_signed_in"));

    let made = invite(&mut db, &world, &email, "member").await;
    let id = Uuid::parse_str(made["invitation_id"].as_str().expect("an id")).expect("a uuid");
    let stranger = newcomer(&db).await.0;
    assert_eq!(
        refusal(accept(&mut db, stranger, &made["token"]).await),
        refused_with("PT403", "invitation_for_another")
    );
    for (change, state, code) in [
        ("auth.users set email_confirmed_at = null", "PT403", "email_unconfirmed"),
        ("public.users set is_active = false", "PT403", "account_disabled"),
        ("public.workspace_invitations set revoked_at = now()", "PT410", "invitation_revoked"),
        ("public.workspace_invitations set expires_at = now()", "PT410", "invitation_expired"),
    ] {
        assert_eq!(db.run(&format!("update {change} where lower(email) = lower($1)"), &[&email]).await, 1);
        assert_eq!(refusal(accept(&mut db, account, &made["token"]).await), refused_with(state, code));
        db.run("update auth.users set email_confirmed_at = now() where id = $1", &[&account]).await;
        db.run("update public.users set is_active = true where auth_user_id = $1", &[&account]).await;
        db.run(
            "update public.workspace_invitations set revoked_at = null, expires_at = now() + interval '1 day' where id = $1",
            &[&id],
        )
        .await;
    }
    accept(&mut db, account, &made["token"]).await.expect("good again");
    let owner = Who::Person(world.owner);
    let found = db.call(owner, REVOKE, &[&world.workspace, &id]).await;
    assert_eq!(refusal(found), refused_with("PT410", "invitation_used"));
    let user = user_id(&db, account).await;
    db.call(owner, REMOVE, &[&world.workspace, &user]).await.expect("removed");
    assert_eq!(
        refusal(accept(&mut db, account, &made["token"]).await),
        refused_with("PT410", "invitation_used"),
        "an old link does not bring a removed person back"
    );
    let fresh = invite(&mut db, &world, &email, "admin").await;
    accept(&mut db, account, &fresh["token"]).await.expect("back");
    let membership =
        db.call(Who::Person(account), "select public.read_membership($1)", &[&world.workspace]).await;
    assert_eq!(membership.expect("a member again")["role"], "admin");
    let rows: i64 = db
        .one(
            "select count(*) from public.workspace_members where workspace_id = $1 and user_id = $2",
            &[&world.workspace, &user],
        )
        .await;
    assert_eq!(rows, 1, "a former member is the same member again");
}
