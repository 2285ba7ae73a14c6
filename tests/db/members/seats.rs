//! The plan's seats: members and open invitations share them, and no race makes one more.

use serde_json::json;
use uuid::Uuid;

use super::{INVITE, REVOKE, accept, expire, invite, newcomer, seats, subscribe};
use crate::support::{Db, Who, World, refusal, refused_with};

#[tokio::test]
async fn seats_are_the_plans_and_open_invitations_hold_theirs() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await; // three members
    let owner = Who::Person(world.owner);
    let email = || format!("{}@example.in", Uuid::new_v4());
    let found = db.call(owner, INVITE, &[&world.workspace, &email(), &"member"]).await;
    assert_eq!(refusal(found), refused_with("PT403", "plan_required"));
    subscribe(&db, world.workspace, "ascent").await;
    let found = db.call(owner, INVITE, &[&world.workspace, &email(), &"member"]).await;
    assert_eq!(
        refusal(found),
        refused_with("PT409", "plan_limit_reached"),
        "one seat, and the owner sits on it"
    );
    subscribe(&db, world.workspace, "glide").await;
    let first = invite(&mut db, &world, &email(), "member").await;
    let (account, address) = newcomer(&db).await;
    let second = invite(&mut db, &world, &address, "member").await;
    let found = db.call(owner, INVITE, &[&world.workspace, &email(), &"member"]).await;
    assert_eq!(refusal(found), refused_with("PT409", "plan_limit_reached"), "three sit, two are promised");
    let id = Uuid::parse_str(first["invitation_id"].as_str().expect("an id")).expect("a uuid");
    db.call(owner, REVOKE, &[&world.workspace, &id]).await.expect("withdrawn");
    invite(&mut db, &world, &email(), "member").await;

    // The plan became smaller, or ended, between asking and joining.
    subscribe(&db, world.workspace, "ascent").await;
    assert_eq!(
        refusal(accept(&mut db, account, &second["token"]).await),
        refused_with("PT409", "plan_limit_reached")
    );
    expire(&db, world.workspace).await;
    assert_eq!(
        refusal(accept(&mut db, account, &second["token"]).await),
        refused_with("PT403", "plan_required")
    );
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
