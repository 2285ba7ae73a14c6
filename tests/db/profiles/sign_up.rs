//! The profile of a new account: whole, one, and only for people.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{ENSURE, counts};
use crate::support::{Db, Who, own_database};

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
            "role": "owner", "plan": null, "plan_status": "none", "access_until": null, "paid_until": null,
            "grace_until": null, "onboarding_status": "pending", "manifest": null })
    );
}

/// Half of the callers come by the trigger that sign-up fires, which here fires once more at every update.
#[tokio::test]
async fn fifty_first_requests_at_once_make_one_profile() {
    let (fresh, db) = own_database().await;
    let account = db.sign_up_without_profile().await;
    db.client
        .batch_execute(
            "create trigger again after update on auth.users
             for each row execute function private.handle_new_auth_user()",
        )
        .await
        .expect("the trigger fires again");
    let mut running = tokio::task::JoinSet::new();
    for caller in 0..50 {
        let mut db = Db::connect(&fresh.url()).await;
        running.spawn(async move {
            if caller % 2 == 0 {
                Some(db.call(Who::Person(account), ENSURE, &[]).await.expect("a profile"))
            } else {
                db.run("update auth.users set updated_at = now() where id = $1", &[&account]).await;
                None
            }
        });
    }
    let answers: Vec<Value> = running.join_all().await.into_iter().flatten().collect();
    let workspaces: BTreeSet<String> =
        answers.iter().map(|answer| answer["workspace_id"].to_string()).collect();
    assert_eq!((answers.len(), workspaces.len()), (25, 1));
    assert_eq!(counts(&db, account).await, (1, 1, 1));
    let made: i64 = db
        .one(
            "select count(*) from public.audit_log where actor = $1 and action = 'auth.profile_created'",
            &[&account],
        )
        .await;
    assert_eq!(made, 2, "one for the sign-up, one for what was made again");
    drop(db);
    fresh.stop().await;
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

#[tokio::test]
async fn the_names_of_the_specification_answer_like_what_they_stand_for() {
    let mut db = Db::shared().await;
    let account = db.sign_up_without_profile().await;
    let who = Who::Person(account);
    let made = db.call(who, "select public.create_workspace_if_missing()", &[]).await.expect("a workspace");
    assert_eq!(made["created"], true);
    let ensured = db.call(who, "select public.ensure_profile_exists()", &[]).await.expect("a profile");
    assert_eq!((&ensured["workspace_id"], &ensured["created"]), (&made["workspace_id"], &json!(false)));
    assert_eq!(ensured, db.call(who, ENSURE, &[]).await.expect("a profile"));

    let complete = "select public.verify_profile_complete()";
    let workspace: Uuid = ensured["workspace_id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let answer = |facts: &Value| (facts["needs_payment"].clone(), facts["complete"].clone());
    let facts = db.call(who, complete, &[]).await.expect("facts");
    assert_eq!(answer(&facts), (json!(true), json!(false)), "nothing was paid");
    db.call(Who::Service, "select public.start_trial($1)", &[&workspace]).await.expect("a trial");
    let facts = db.call(who, complete, &[]).await.expect("facts");
    assert_eq!((answer(&facts), &facts["plan_status"]), ((json!(false), json!(true)), &json!("trial")));
    db.run("update public.subscriptions set trial_end = now() where workspace_id = $1", &[&workspace]).await;
    let facts = db.call(who, complete, &[]).await.expect("facts");
    assert_eq!(answer(&facts), (json!(true), json!(false)), "over");

    let stranger = db.sign_up_without_profile().await;
    let facts = db.call(Who::Person(stranger), complete, &[]).await.expect("facts");
    assert_eq!((&facts["complete"], &facts["profile_exists"]), (&json!(false), &json!(false)));
    for name in ["ensure_profile_exists", "create_workspace_if_missing", "verify_profile_complete"] {
        let refused = db.call(Who::Nobody, &format!("select public.{name}()"), &[]).await.expect_err(name);
        assert_eq!((refused.state.as_str(), refused.code.as_str()), ("PT401", "not_signed_in"), "{name}");
    }
}
