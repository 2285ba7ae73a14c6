//! From an account to a profile: at sign-up, at once from many tabs, and after something went wrong.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::migrations::migrate;
use crate::stack::Fresh;
use crate::support::{Db, Who};

const ENSURE: &str = "select public.ensure_profile()";

/// What an account has: user rows, owned workspaces, owner memberships.
async fn counts(db: &Db, account: Uuid) -> (i64, i64, i64) {
    let row = db
        .client
        .query_one(
            "select (select count(*) from public.users where auth_user_id = $1),
                    (select count(*) from public.workspaces w join public.users u on u.id = w.owner_id
                     where u.auth_user_id = $1),
                    (select count(*) from public.workspace_members m join public.users u on u.id = m.user_id
                     where u.auth_user_id = $1 and m.role = 'owner')",
            &[&account],
        )
        .await
        .expect("counts");
    (row.get(0), row.get(1), row.get(2))
}

async fn slug_and_name(db: &Db, account: Uuid) -> (String, String) {
    let row = db
        .client
        .query_one(
            "select w.slug, w.name from public.workspaces w join public.users u on u.id = w.owner_id
             where u.auth_user_id = $1",
            &[&account],
        )
        .await
        .expect("a workspace");
    (row.get(0), row.get(1))
}

#[tokio::test]
async fn sign_up_makes_the_whole_profile() {
    let mut db = Db::shared().await;
    let email = format!("asha-{}@example.in", Uuid::new_v4());
    let account = db
        .sign_up(Some(&email), json!({ "full_name": "Asha Rao", "avatar_url": "https://x.in/a.png" }))
        .await;
    assert_eq!(counts(&db, account).await, (1, 1, 1));
    let ensured = db.call(Who::Person(account), ENSURE, &[]).await.expect("a profile");
    assert_eq!((&ensured["created"], &ensured["role"]), (&json!(false), &json!("owner")));
    let user: Value =
        db.one("select to_jsonb(u) from public.users u where auth_user_id = $1", &[&account]).await;
    assert_eq!(user["id"], ensured["user_id"]);
    assert_ne!(user["id"], json!(account.to_string()), "the id of the product is not the id of the token");
    assert_eq!((&user["email"], &user["full_name"]), (&json!(email), &json!("Asha Rao")));
    assert_eq!(user["avatar_url"], "https://x.in/a.png");

    let facts = db.call(Who::Person(account), "select public.verify_profile()", &[]).await.expect("facts");
    assert_eq!(
        facts,
        json!({ "profile_exists": true, "workspace_exists": true, "workspace_id": ensured["workspace_id"],
            "role": "owner", "plan": null, "plan_status": "none", "access_until": null,
            "onboarding_status": "pending", "manifest": null })
    );
}

#[tokio::test]
async fn twenty_first_requests_at_once_make_one_profile() {
    let db = Db::shared().await;
    let account = db.sign_up_without_profile().await;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..20 {
        running.spawn(async move {
            let mut db = Db::shared().await;
            db.call(Who::Person(account), ENSURE, &[]).await.expect("a profile")
        });
    }
    let answers = running.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer["created"] == json!(true)).count(), 1);
    let workspaces: BTreeSet<String> =
        answers.iter().map(|answer| answer["workspace_id"].to_string()).collect();
    assert_eq!(workspaces.len(), 1);
    assert_eq!(counts(&db, account).await, (1, 1, 1));
    let audited: i64 = db
        .one(
            "select count(*) from public.audit_log where actor = $1 and action = 'auth.profile_created'",
            &[&account],
        )
        .await;
    assert_eq!(audited, 2, "one for the sign-up, one for what was made again");
}

#[tokio::test]
async fn a_half_made_account_is_completed_and_keeps_what_it_had() {
    let mut db = Db::shared().await;
    for (damage, made) in [
        (
            "delete from public.workspaces w using public.users u where u.id = w.owner_id and u.auth_user_id = $1",
            json!(["workspace", "membership"]),
        ),
        (
            "delete from public.workspace_members m using public.users u where u.id = m.user_id and u.auth_user_id = $1",
            json!(["membership"]),
        ),
        (
            "update public.workspace_members m set role = 'member' from public.users u
          where u.id = m.user_id and u.auth_user_id = $1",
            json!(["membership"]),
        ),
        ("delete from public.users where auth_user_id = $1", json!(["user", "workspace", "membership"])),
    ] {
        let email = format!("{}@example.in", Uuid::new_v4());
        let account = db.sign_up(Some(&email), json!({})).await;
        db.run(damage, &[&account]).await;
        let before =
            db.call(Who::Person(account), "select public.verify_profile()", &[]).await.expect("facts");
        assert_ne!(
            (&before["profile_exists"], &before["workspace_exists"], &before["role"]),
            (&json!(true), &json!(true), &json!("owner")),
            "{damage}"
        );
        let ensured = db.call(Who::Person(account), ENSURE, &[]).await.expect("a profile");
        assert_eq!(ensured["created"], true, "{damage}");
        assert_eq!(counts(&db, account).await, (1, 1, 1), "{damage}");
        let told: Value = db
            .one(
                "select details -> 'made' from public.audit_log where actor = $1 order by id desc limit 1",
                &[&account],
            )
            .await;
        assert_eq!(told, made, "{damage}");
        let again = db.call(Who::Person(account), ENSURE, &[]).await.expect("a profile");
        assert_eq!((&again["created"], &again["workspace_id"]), (&json!(false), &ensured["workspace_id"]));
    }
}

#[tokio::test]
async fn a_failing_trigger_is_recorded_and_does_not_fail_the_sign_up() {
    let fresh = Fresh::start().await;
    let mut db = Db::connect(&fresh.url()).await;
    migrate(&db).await;
    db.client
        .batch_execute("alter table public.workspaces add constraint broken check (false) not valid")
        .await
        .expect("the profile cannot be made");
    let account = db.sign_up(Some("asha@example.in"), json!({})).await;
    let failure: Value =
        db.one("select to_jsonb(f) from public.signup_failures f where auth_user_id = $1", &[&account]).await;
    assert_eq!((&failure["sqlstate"], &failure["healed_at"]), (&json!("23514"), &json!(null)));
    assert_eq!(counts(&db, account).await, (0, 0, 0), "all of the profile or nothing of it");
    assert_eq!(db.call(Who::Person(account), ENSURE, &[]).await.expect_err("still broken").state, "23514");

    db.client.batch_execute("alter table public.workspaces drop constraint broken").await.expect("mended");
    let ensured = db.call(Who::Person(account), ENSURE, &[]).await.expect("a profile");
    assert_eq!(ensured["created"], true);
    assert_eq!(counts(&db, account).await, (1, 1, 1));
    let healed: bool = db
        .one("select healed_at is not null from public.signup_failures where auth_user_id = $1", &[&account])
        .await;
    assert!(healed);

    // Not even a lost failure table stops a person.
    db.client
        .batch_execute("drop table public.signup_failures; drop table public.workspaces cascade")
        .await
        .expect("both are gone");
    let account = db.sign_up(Some("second@example.in"), json!({})).await;
    let there: bool = db.one("select exists (select from auth.users where id = $1)", &[&account]).await;
    assert!(there);
    drop(db);
    fresh.stop().await;
}

#[tokio::test]
async fn slugs_are_lower_case_words_of_any_script() {
    let db = Db::shared().await;
    for (name, slug) in [
        (Some("Asha.Rao"), "asha-rao"),
        (Some("  ASHA   RAO  "), "asha-rao"),
        (Some("--Chaya & Co.--"), "chaya-co"),
        (Some("नमस्ते दुनिया"), "नमस्ते-दुनिया"),
        (Some("चाय।पानी"), "चाय-पानी"),
        (Some("தமிழ் தேநீர்"), "தமிழ்-தேநீர்"),
        (Some("Élan Café"), "elan-cafe"),
        (Some("ÜBER Straße"), "uber-straße"),
        (Some("ΑΘΗΝΑ"), "αθηνα"),
        (Some("東京カフェ"), "東京カフェ"),
        (Some("Tea 🍵 House"), "tea-house"),
        (Some("🍵🙂"), "workspace"),
        (Some("…—!?"), "workspace"),
        (Some(""), "workspace"),
        (None, "workspace"),
    ] {
        let found: String = db.one("select private.slugify($1)", &[&name]).await;
        assert_eq!(found, slug, "{name:?}");
    }
    let long: String = db.one("select private.slugify(repeat('ab ', 5000))", &[]).await;
    assert!(long.chars().count() <= 48 && !long.ends_with('-'), "{long}");
}

#[tokio::test]
async fn people_of_one_name_and_people_of_none_get_their_own_workspace() {
    let db = Db::shared().await;
    let mut slugs = BTreeSet::new();
    for (email, metadata, start, name) in [
        (None, Value::Null, "workspace-", "My workspace"),
        (None, json!({ "full_name": "Asha.Rao" }), "asha-rao-", "Asha.Rao's workspace"),
        (None, json!({ "full_name": "Asha.Rao" }), "asha-rao-", "Asha.Rao's workspace"),
        (Some("🙂"), json!({ "full_name": "  " }), "workspace-", "🙂's workspace"),
        (None, json!({ "full_name": { "nested": 1 } }), "nested-1-", "{\"nested\": 1}'s workspace"),
        (None, json!({ "full_name": "a\u{7}b", "avatar_url": "javascript:x" }), "a-b-", "a b's workspace"),
        (None, json!(["not", "an", "object"]), "workspace-", "My workspace"),
    ] {
        let email = email.map(|local: &str| format!("{local}@{}.in", Uuid::new_v4()));
        let account = db.sign_up(email.as_deref(), metadata.clone()).await;
        let (slug, found) = slug_and_name(&db, account).await;
        assert!(slug.starts_with(start), "{slug} for {metadata}");
        assert_eq!(found, name);
        assert!(slugs.insert(slug), "a slug of its own");
    }
    let account = db.sign_up(None, json!({ "full_name": "x".repeat(100_000) })).await;
    assert_eq!(slug_and_name(&db, account).await.1.chars().count(), 255);
}

#[tokio::test]
async fn anonymous_and_deleted_accounts_get_no_profile() {
    let mut db = Db::shared().await;
    let ghost = Uuid::new_v4();
    db.run("insert into auth.users (id, is_anonymous) values ($1, true)", &[&ghost]).await;
    assert_eq!(counts(&db, ghost).await, (0, 0, 0));
    let refused = db.call(Who::Person(ghost), ENSURE, &[]).await.expect_err("anonymous");
    assert_eq!((refused.state.as_str(), refused.code.as_str()), ("PT403", "anonymous_not_allowed"));
    let failures: i64 =
        db.one("select count(*) from public.signup_failures where auth_user_id = $1", &[&ghost]).await;
    assert_eq!(failures, 0, "an anonymous visit is no failure");

    let email = format!("{ghost}@example.in");
    db.run("update auth.users set is_anonymous = false, email = $2 where id = $1", &[&ghost, &email]).await;
    assert_eq!(db.call(Who::Person(ghost), ENSURE, &[]).await.expect("now a person")["created"], true);

    let refused = db.call(Who::Person(Uuid::new_v4()), ENSURE, &[]).await.expect_err("deleted");
    assert_eq!((refused.state.as_str(), refused.code.as_str()), ("PT401", "account_not_found"));
    let facts =
        db.call(Who::Person(Uuid::new_v4()), "select public.verify_profile()", &[]).await.expect("facts");
    assert_eq!(
        (&facts["profile_exists"], &facts["workspace_exists"], &facts["workspace_id"]),
        (&json!(false), &json!(false), &json!(null))
    );
}

#[tokio::test]
async fn a_changed_address_arrives_with_the_next_sign_in() {
    let mut db = Db::shared().await;
    let account = db.sign_up(Some(&format!("{}@example.in", Uuid::new_v4())), json!({})).await;
    let email = format!("{}@example.org", Uuid::new_v4());
    db.run("update auth.users set email = $2 where id = $1", &[&account, &email]).await;
    assert_eq!(db.call(Who::Person(account), ENSURE, &[]).await.expect("a profile")["created"], false);
    let found: String = db.one("select email from public.users where auth_user_id = $1", &[&account]).await;
    assert_eq!(found, email);
}
