//! A profile that is missing in part, or could not be made: the sign-up goes through, and the rest is made later.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{ENSURE, counts};
use crate::support::{Db, Who, own_database};

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
        let recorded: Value = db
            .one(
                "select details -> 'made' from public.audit_log where actor = $1 order by created_at desc limit 1",
                &[&account],
            )
            .await;
        assert_eq!(recorded, made, "{damage}");
        let again = db.call(Who::Person(account), ENSURE, &[]).await.expect("a profile");
        assert_eq!((&again["created"], &again["workspace_id"]), (&json!(false), &ensured["workspace_id"]));
    }
}

#[tokio::test]
async fn a_failing_trigger_is_recorded_and_does_not_fail_the_sign_up() {
    let (fresh, mut db) = own_database().await;
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

/// Whatever breaks inside of making a profile, the account is there, and the failure is on record where it can be.
#[tokio::test]
async fn no_failure_of_ours_fails_a_sign_up() {
    let (fresh, mut db) = own_database().await;
    let raising = |body: &str| {
        format!(
            "create or replace function private.create_profile(p_auth_user_id uuid) returns jsonb
             language plpgsql volatile set search_path = '' as $$ begin {body} end $$"
        )
    };
    for (number, (damage, state)) in [
        ("revoke all on public.users from postgres, service_role".to_owned(), Some("42501")),
        ("revoke all on public.workspaces from postgres, service_role".to_owned(), Some("42501")),
        ("alter table public.audit_log rename to lost".to_owned(), Some("42704")),
        (raising("raise exception 'broken';"), Some("P0001")),
        (raising("assert false; return null;"), Some("P0004")),
        (raising("raise exception using errcode = 'query_canceled';"), Some("57014")),
        ("drop function private.create_profile(uuid)".to_owned(), Some("42883")),
        ("revoke all on public.signup_failures from postgres".to_owned(), None),
    ]
    .into_iter()
    .enumerate()
    {
        db.client.batch_execute(&damage).await.expect(&damage);
        let account = Uuid::new_v4();
        let tx = db.client.transaction().await.expect("a transaction");
        tx.batch_execute("set local role supabase_auth_admin").await.expect("as the Auth service");
        let email = format!("{number}@example.in");
        tx.execute("insert into auth.users (id, email) values ($1, $2)", &[&account, &email])
            .await
            .expect(&damage);
        tx.commit().await.expect(&damage);
        assert_eq!(db.one::<i64>("select count(*) from auth.users where id = $1", &[&account]).await, 1);
        if let Some(state) = state {
            let recorded: Option<String> = db
                .one(
                    "select (select sqlstate from public.signup_failures where auth_user_id = $1)",
                    &[&account],
                )
                .await;
            assert_eq!(recorded.as_deref(), Some(state), "{damage}");
        }
        if damage.starts_with("revoke") || damage.starts_with("alter") {
            db.client
                .batch_execute(
                    "grant all on public.users, public.workspaces to postgres, service_role;
                     alter table if exists public.lost rename to audit_log",
                )
                .await
                .expect("mended");
        }
    }
    drop(db);
    fresh.stop().await;
}
