//! The team: who may invite, join, promote and remove whom, and that seats never run over.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Db, Params, Refused, Who, World};

const INVITE: &str = "select public.invite_member($1, $2, $3, 'req-m')";
const ACCEPT: &str = "select public.accept_invitation($1, 'req-m')";
const REVOKE: &str = "select public.revoke_invitation($1, $2, 'req-m')";
const LIST: &str = "select public.list_members($1)";
const SET_ROLE: &str = "select public.set_member_role($1, $2, $3, 'req-m')";
const REMOVE: &str = "select public.remove_member($1, $2, 'req-m')";

/// Gives a workspace a plan for another 30 days; `legacy` is one of the older ladder.
pub async fn subscribe(db: &Db, workspace: Uuid, plan: &str) {
    db.run(
        "insert into public.subscriptions (workspace_id, plan, legacy_plan, status, current_period_start, current_period_end)
         values ($1, nullif($2, 'legacy'), case $2 when 'legacy' then 'growth' end, 'active', now(), now() + interval '30 days')
         on conflict (workspace_id) do update set plan = excluded.plan, legacy_plan = excluded.legacy_plan,
           status = 'active', current_period_start = now(), current_period_end = excluded.current_period_end",
        &[&workspace, &plan],
    )
    .await;
}

/// The plan of a workspace ended, grace included, a second ago.
pub async fn expire(db: &Db, workspace: Uuid) {
    let sql = "update public.subscriptions set current_period_start = now() - interval '40 days',
               current_period_end = now() - interval '72 hours 1 second' where workspace_id = $1";
    assert_eq!(db.run(sql, &[&workspace]).await, 1);
}

/// State and code of a refusal.
pub fn refusal(found: Result<Value, Refused>) -> (String, String) {
    found.map_err(|refused| (refused.state, refused.code)).expect_err("this call is refused")
}

/// What [`refusal`] should give.
pub fn said(state: &str, code: &str) -> (String, String) {
    (state.to_owned(), code.to_owned())
}

/// An account whose address is confirmed, and the address.
async fn newcomer(db: &Db) -> (Uuid, String) {
    let email = format!("New.{}@Example.in", Uuid::new_v4());
    let account = db.sign_up(Some(&email), json!({})).await;
    db.run("update auth.users set email_confirmed_at = now() where id = $1", &[&account]).await;
    (account, email)
}

async fn user_id(db: &Db, account: Uuid) -> Uuid {
    db.one("select id from public.users where auth_user_id = $1", &[&account]).await
}

async fn invite(db: &mut Db, world: &World, email: &str, role: &str) -> Value {
    db.call(Who::Person(world.owner), INVITE, &[&world.workspace, &email, &role])
        .await
        .expect("an invitation")
}

async fn accept(db: &mut Db, account: Uuid, token: &Value) -> Result<Value, Refused> {
    db.call(Who::Person(account), ACCEPT, &[&token.as_str()]).await
}

async fn seats(db: &Db, workspace: Uuid) -> i64 {
    db.one(
        "select count(*) from public.workspace_members where workspace_id = $1 and is_active",
        &[&workspace],
    )
    .await
}

async fn told(db: &Db, workspace: Uuid) -> Vec<String> {
    db.one(
        "select coalesce(array_agg(action order by seq), '{}') from public.audit_log
         where workspace_id = $1 and action like 'member.%'",
        &[&workspace],
    )
    .await
}

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
    assert_eq!(told(&db, world.workspace).await, ["member.invited", "member.joined"]);
    let leaked: i64 = db
        .one("select count(*) from public.audit_log where details::text like '%' || $1 || '%'", &[&token])
        .await;
    assert_eq!(leaked, 0, "the token is in no record");
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

#[tokio::test]
async fn a_token_that_is_not_good_any_more_says_why() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    subscribe(&db, world.workspace, "soar").await;
    let (account, email) = newcomer(&db).await;
    for token in [None, Some(""), Some("0"), Some("' or true --")] {
        let found = db.call(Who::Person(account), ACCEPT, &[&token]).await;
        assert_eq!(refusal(found), said("PT404", "invitation_not_found"), "{token:?}");
    }
    assert_eq!(refusal(db.call(Who::Nobody, ACCEPT, &[&"x"]).await), said("PT401", "not_signed_in"));

    let made = invite(&mut db, &world, &email, "member").await;
    let id = Uuid::parse_str(made["invitation_id"].as_str().expect("an id")).expect("a uuid");
    let stranger = newcomer(&db).await.0;
    assert_eq!(
        refusal(accept(&mut db, stranger, &made["token"]).await),
        said("PT403", "invitation_for_another")
    );
    for (change, state, code) in [
        ("auth.users set email_confirmed_at = null", "PT403", "email_unconfirmed"),
        ("public.users set is_active = false", "PT403", "account_disabled"),
        ("public.workspace_invitations set revoked_at = now()", "PT410", "invitation_revoked"),
        ("public.workspace_invitations set expires_at = now()", "PT410", "invitation_expired"),
    ] {
        assert_eq!(db.run(&format!("update {change} where lower(email) = lower($1)"), &[&email]).await, 1);
        assert_eq!(refusal(accept(&mut db, account, &made["token"]).await), said(state, code));
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
    assert_eq!(refusal(found), said("PT410", "invitation_used"));
    let user = user_id(&db, account).await;
    db.call(owner, REMOVE, &[&world.workspace, &user]).await.expect("removed");
    assert_eq!(
        refusal(accept(&mut db, account, &made["token"]).await),
        said("PT410", "invitation_used"),
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

#[tokio::test]
async fn who_may_invite_whom() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    subscribe(&db, world.workspace, "soar").await;
    let nowhere = Uuid::new_v4();
    for (who, workspace, role, expected) in [
        (Who::Nobody, world.workspace, "member", said("PT401", "not_signed_in")),
        (Who::Person(world.outsider), world.workspace, "member", said("PT404", "workspace_not_found")),
        (Who::Person(world.owner), nowhere, "member", said("PT404", "workspace_not_found")),
        (Who::Person(world.member), world.workspace, "member", said("PT403", "role_not_allowed")),
        (Who::Person(world.admin), world.workspace, "admin", said("PT403", "role_not_allowed")),
        (Who::Person(world.owner), world.workspace, "owner", said("PT422", "role_unknown")),
        (Who::Person(world.owner), world.workspace, "", said("PT422", "role_unknown")),
    ] {
        let found = db.call(who, INVITE, &[&workspace, &"a@example.in", &role]).await;
        assert_eq!(refusal(found), expected, "{who:?} {role}");
    }
    let long = format!("{}@example.in", "x".repeat(250));
    for email in [None, Some(""), Some("asha"), Some("a b@example.in"), Some("a@b@c"), Some(long.as_str())] {
        let found = db.call(Who::Person(world.owner), INVITE, &[&world.workspace, &email, &"member"]).await;
        assert_eq!(refusal(found), said("PT422", "email_invalid"), "{email:?}");
    }
    let (_, email) = newcomer(&db).await;
    let admin = Who::Person(world.admin);
    let made = db.call(admin, INVITE, &[&world.workspace, &email, &"member"]).await.expect("an invitation");
    let found = db.call(admin, INVITE, &[&world.workspace, &email.to_uppercase(), &"member"]).await;
    assert_eq!(refusal(found), said("PT409", "invitation_open"));
    let id = Uuid::parse_str(made["invitation_id"].as_str().expect("an id")).expect("a uuid");
    for (who, workspace, invitation, expected) in [
        (Who::Person(world.member), world.workspace, id, said("PT403", "role_not_allowed")),
        (Who::Person(world.outsider), world.workspace, id, said("PT404", "workspace_not_found")),
        (admin, world.workspace, nowhere, said("PT404", "invitation_not_found")),
    ] {
        assert_eq!(refusal(db.call(who, REVOKE, &[&workspace, &invitation]).await), expected, "{who:?}");
    }
    // Somebody else's workspace is no way to an invitation of this one.
    let theirs = World::new(&db).await;
    let found = db.call(Who::Person(theirs.owner), REVOKE, &[&theirs.workspace, &id]).await;
    assert_eq!(refusal(found), said("PT404", "invitation_not_found"));
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
    assert_eq!(refusal(found), said("PT409", "already_member"));
    db.run(
        "insert into public.workspace_invitations (workspace_id, email, role, token_sha256, invited_by, expires_at, revoked_at)
         select $1, n || '@example.in', 'member', encode(sha256(($1::uuid || n::text)::bytea), 'hex'), $2, now(), now()
         from generate_series(1, 50) n",
        &[&world.workspace, &world.owner],
    )
    .await;
    let found = db.call(admin, INVITE, &[&world.workspace, &"one.more@example.in", &"member"]).await;
    assert_eq!(refusal(found), said("PT429", "too_many_invitations"));
}

#[tokio::test]
async fn seats_are_the_plans_and_open_invitations_hold_theirs() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await; // three members
    let owner = Who::Person(world.owner);
    let email = || format!("{}@example.in", Uuid::new_v4());
    let found = db.call(owner, INVITE, &[&world.workspace, &email(), &"member"]).await;
    assert_eq!(refusal(found), said("PT403", "plan_required"));
    subscribe(&db, world.workspace, "ascent").await;
    let found = db.call(owner, INVITE, &[&world.workspace, &email(), &"member"]).await;
    assert_eq!(refusal(found), said("PT409", "plan_limit_reached"), "one seat, and the owner sits on it");
    subscribe(&db, world.workspace, "glide").await;
    let first = invite(&mut db, &world, &email(), "member").await;
    let (account, address) = newcomer(&db).await;
    let second = invite(&mut db, &world, &address, "member").await;
    let found = db.call(owner, INVITE, &[&world.workspace, &email(), &"member"]).await;
    assert_eq!(refusal(found), said("PT409", "plan_limit_reached"), "three sit, two are promised");
    let id = Uuid::parse_str(first["invitation_id"].as_str().expect("an id")).expect("a uuid");
    db.call(owner, REVOKE, &[&world.workspace, &id]).await.expect("withdrawn");
    invite(&mut db, &world, &email(), "member").await;

    // The plan became smaller, or ended, between asking and joining.
    subscribe(&db, world.workspace, "ascent").await;
    assert_eq!(
        refusal(accept(&mut db, account, &second["token"]).await),
        said("PT409", "plan_limit_reached")
    );
    expire(&db, world.workspace).await;
    assert_eq!(refusal(accept(&mut db, account, &second["token"]).await), said("PT403", "plan_required"));
    assert_eq!(seats(&db, world.workspace).await, 3);
    for plan in ["soar", "legacy"] {
        subscribe(&db, world.workspace, plan).await;
        for _ in 0..4 {
            invite(&mut db, &world, &email(), "member").await;
        }
    }
    accept(&mut db, account, &second["token"]).await.expect("joined");
}

#[tokio::test]
async fn fifty_people_at_once_do_not_share_the_last_seat() {
    let db = Db::shared().await;
    let world = World::new(&db).await;
    subscribe(&db, world.workspace, "glide").await;
    let mut people = Vec::new();
    for n in 0..50 {
        let (account, email) = newcomer(&db).await;
        let token = format!("{}-{n}", world.workspace);
        db.run(
            "insert into public.workspace_invitations (workspace_id, email, role, token_sha256, invited_by, expires_at)
             values ($1, lower($2), 'member', encode(sha256(convert_to($3, 'UTF8')), 'hex'), $4, now() + interval '1 day')",
            &[&world.workspace, &email, &token, &world.owner],
        )
        .await;
        people.push((account, token));
    }
    // Three sit, so two of the fifty find a seat.
    let calls = people.into_iter().map(|(account, token)| {
        tokio::spawn(async move {
            let mut db = Db::shared().await;
            accept(&mut db, account, &json!(token)).await.map_err(|refused| refused.code)
        })
    });
    let answers = futures_util::future::join_all(calls).await;
    let (joined, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().map(|answer| answer.expect("no panic")).partition(Result::is_ok);
    assert_eq!((joined.len(), refused.len()), (2, 48));
    assert!(refused.iter().all(|answer| *answer == Err("plan_limit_reached".to_owned())), "{refused:?}");
    assert_eq!(seats(&db, world.workspace).await, 5);
}

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
        (Who::Nobody, member, "admin", said("PT401", "not_signed_in")),
        (Who::Person(world.outsider), member, "admin", said("PT404", "workspace_not_found")),
        (Who::Person(world.admin), member, "admin", said("PT403", "role_not_allowed")),
        (Who::Person(world.member), member, "admin", said("PT403", "role_not_allowed")),
        (boss, member, "owner", said("PT422", "role_unknown")),
        (boss, owner, "member", said("PT409", "owner_stays")),
        (boss, stranger, "admin", said("PT404", "member_not_found")),
        (boss, world.member, "admin", said("PT404", "member_not_found")), // the other kind of id
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
    assert_eq!(told(&db, world.workspace).await, ["member.role_changed", "member.role_changed"]);
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
        (Who::Nobody, member, said("PT401", "not_signed_in")),
        (Who::Person(world.outsider), member, said("PT404", "workspace_not_found")),
        (Who::Person(world.member), admin, said("PT403", "role_not_allowed")),
        (Who::Person(world.member), Uuid::new_v4(), said("PT403", "role_not_allowed")),
        (Who::Person(world.admin), other_admin, said("PT403", "role_not_allowed")),
        (Who::Person(world.admin), owner, said("PT409", "owner_stays")),
        (Who::Person(world.owner), owner, said("PT409", "owner_stays")),
        (Who::Person(world.owner), Uuid::new_v4(), said("PT404", "member_not_found")),
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
        assert_eq!(refusal(left), said("PT404", "workspace_not_found"));
        let again = db.call(Who::Person(world.owner), REMOVE, params).await;
        assert_eq!(refusal(again), said("PT404", "member_not_found"));
    }
    assert_eq!(seats(&db, world.workspace).await, 1);
    let kept: i64 = db
        .one("select count(*) from public.workspace_members where workspace_id = $1", &[&world.workspace])
        .await;
    assert_eq!(kept, 4, "the rows stay as history");
}
