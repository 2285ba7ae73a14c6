//! Invitations: who may make and withdraw them, how many are open, and what the e-mail keeps.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{INVITE, REVOKE, invite, newcomer, subscribe};
use crate::support::{Db, Who, World, refusal, refused_with};

#[tokio::test]
async fn who_may_invite_whom() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    subscribe(&db, world.workspace, "soar").await;
    let nowhere = Uuid::new_v4();
    for (who, workspace, role, expected) in [
        (Who::Nobody, world.workspace, "member", refused_with("PT401", "not_signed_in")),
        (
            Who::Person(world.outsider),
            world.workspace,
            "member",
            refused_with("PT404", "workspace_not_found"),
        ),
        (Who::Person(world.owner), nowhere, "member", refused_with("PT404", "workspace_not_found")),
        (Who::Person(world.member), world.workspace, "member", refused_with("PT403", "role_not_allowed")),
        (Who::Person(world.admin), world.workspace, "admin", refused_with("PT403", "role_not_allowed")),
        (Who::Person(world.owner), world.workspace, "owner", refused_with("PT422", "role_unknown")),
        (Who::Person(world.owner), world.workspace, "", refused_with("PT422", "role_unknown")),
    ] {
        let found = db.call(who, INVITE, &[&workspace, &"a@example.in", &role]).await;
        assert_eq!(refusal(found), expected, "{who:?} {role}");
    }
    let long = format!("{}@example.in", "x".repeat(250));
    for email in [None, Some(""), Some("asha"), Some("a b@example.in"), Some("a@b@c"), Some(long.as_str())] {
        let found = db.call(Who::Person(world.owner), INVITE, &[&world.workspace, &email, &"member"]).await;
        assert_eq!(refusal(found), refused_with("PT422", "email_invalid"), "{email:?}");
    }
    let (_, email) = newcomer(&db).await;
    let admin = Who::Person(world.admin);
    let made = db.call(admin, INVITE, &[&world.workspace, &email, &"member"]).await.expect("an invitation");
    let found = db.call(admin, INVITE, &[&world.workspace, &email.to_uppercase(), &"member"]).await;
    assert_eq!(refusal(found), refused_with("PT409", "invitation_open"));
    let id = Uuid::parse_str(made["invitation_id"].as_str().expect("an id")).expect("a uuid");
    for (who, workspace, invitation, expected) in [
        (Who::Person(world.member), world.workspace, id, refused_with("PT403", "role_not_allowed")),
        (Who::Person(world.outsider), world.workspace, id, refused_with("PT404", "workspace_not_found")),
        (admin, world.workspace, nowhere, refused_with("PT404", "invitation_not_found")),
    ] {
        assert_eq!(refusal(db.call(who, REVOKE, &[&workspace, &invitation]).await), expected, "{who:?}");
    }
    // Somebody else's workspace is no way to an invitation of this one.
    let theirs = World::new(&db).await;
    let found = db.call(Who::Person(theirs.owner), REVOKE, &[&theirs.workspace, &id]).await;
    assert_eq!(refusal(found), refused_with("PT404", "invitation_not_found"));
    for revoked in [true, false] {
        let found = db.call(admin, REVOKE, &[&world.workspace, &id]).await.expect("withdrawn");
        assert_eq!(found["revoked"], revoked);
    }
    invite(&mut db, &world, &email, "member").await;
    db.run(
        "update public.workspace_invitations set expires_at = now() where workspace_id = $1 and revoked_at is null",
        &[&world.workspace],
    )
    .await;
    invite(&mut db, &world, &email, "member").await;
    let member: String =
        db.one("select email from public.users where auth_user_id = $1", &[&world.member]).await;
    let found = db.call(admin, INVITE, &[&world.workspace, &member, &"member"]).await;
    assert_eq!(refusal(found), refused_with("PT409", "already_member"));
    db.run(
        "insert into public.workspace_invitations (workspace_id, email, role, token_sha256, invited_by, expires_at, revoked_at)
         select $1, n || '@example.in', 'member', encode(sha256(($1::uuid || n::text)::bytea), 'hex'), $2, now(), now()
         from generate_series(1, 50) n",
        &[&world.workspace, &world.owner],
    )
    .await;
    let found = db.call(admin, INVITE, &[&world.workspace, &"one.more@example.in", &"member"]).await;
    assert_eq!(refusal(found), refused_with("PT429", "too_many_invitations"));
}

#[tokio::test]
async fn the_mail_carries_the_token_until_it_is_sent_or_given_up() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    subscribe(&db, world.workspace, "soar").await;
    for (sent, attempts, kept) in [(true, 1, false), (false, 8, false), (false, 1, true)] {
        let email = newcomer(&db).await.1;
        let made = invite(&mut db, &world, &email, "member").await;
        let key = format!("invitation/{}", made["invitation_id"].as_str().expect("an id"));
        let row: Value =
            db.one("select to_jsonb(e) from public.email_outbox e where idempotency_key = $1", &[&key]).await;
        assert_eq!((&row["template"], &row["to_email"]), (&json!("invitation"), &made["email"]));
        assert_eq!((&row["data"]["token"], &row["data"]["role"]), (&made["token"], &json!("member")));
        // Out of the queue, so that no other test's claim takes it up.
        let wait = "update public.email_outbox set attempts = $2, next_attempt_at = now() + interval '1 hour' where idempotency_key = $1";
        assert_eq!(db.run(wait, &[&key, &attempts]).await, 1);
        let finish = "select public.finish_email($1, $2, 're_1', '503')";
        db.call(Who::Service, finish, &[&row["id"].as_i64(), &sent]).await.expect("finished");
        let data: Value =
            db.one("select data from public.email_outbox where idempotency_key = $1", &[&key]).await;
        assert_eq!(data.get("token").is_some(), kept, "sent {sent} after {attempts}");
        assert_eq!(data["role"], "member", "the rest stays");
    }
    // Claimed eight times by somebody who dies of it, and withdrawn before it went out.
    let email = newcomer(&db).await.1;
    let made = invite(&mut db, &world, &email, "member").await;
    let id = Uuid::parse_str(made["invitation_id"].as_str().expect("an id")).expect("a uuid");
    db.call(Who::Person(world.owner), REVOKE, &[&world.workspace, &id]).await.expect("withdrawn");
    let row: Value = db
        .one(
            "select to_jsonb(e) from public.email_outbox e where idempotency_key = 'invitation/' || $1::uuid",
            &[&id],
        )
        .await;
    assert_eq!((&row["state"], row["data"].get("token")), (&json!("failed"), None));
}
