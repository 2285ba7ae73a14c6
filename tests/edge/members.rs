//! The people of a workspace: who may invite, join, change and leave, and how soon everybody notices.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Founder, Reply, World, answers, until};

pub async fn invite(who: &Founder<'_>, email: &str, role: &str) -> Reply {
    who.post("/members/invite", Some(&json!({"email": email, "role": role}))).await
}

/// Signs the other one up to the founder's workspace, by invitation.
pub async fn invite_and_join(owner: &Founder<'_>, other: &mut Founder<'_>, role: &str) {
    let invitation = invite(owner, &other.email, role).await;
    assert_eq!(invitation.status, 201, "{invitation:?}");
    let joined = other.post("/members/accept", Some(&json!({"token": invitation.json["token"]}))).await;
    assert_eq!((joined.status, &joined.json["joined"]), (200, &json!(true)), "{joined:?}");
    assert_eq!(joined.json["workspace_id"], owner.workspace_id.as_str());
    other.workspace_id.clone_from(&owner.workspace_id);
}

pub async fn user_id(who: &Founder<'_>) -> String {
    let list = who.get("/members").await;
    let me = list.json["members"].as_array().unwrap().iter().find(|member| member["is_you"] == true);
    me.unwrap()["user_id"].as_str().unwrap().to_owned()
}

async fn set_role(who: &Founder<'_>, user_id: &str, role: &str) -> Reply {
    let request = who.request(Method::PATCH, &format!("/members/{user_id}"));
    request.body(json!({"role": role}).to_string()).send().await
}

async fn remove(who: &Founder<'_>, user_id: &str) -> Reply {
    who.request(Method::DELETE, &format!("/members/{user_id}")).send().await
}

#[tokio::test]
async fn an_invited_person_joins_with_one_call_and_is_seen_by_everybody() {
    let world = World::shared().await;
    let owner = world.founder().await;
    let mut asha = world.founder().await;

    let invitation = invite(&owner, &asha.email.to_uppercase(), "member").await;
    assert_eq!((invitation.status, &invitation.json["email"]), (201, &json!(asha.email)), "{invitation:?}");
    assert_eq!(invitation.calls, ["postgrest rpc/invite_member"]);
    invite(&owner, &asha.email, "member").await.refused(409, "invitation_open");
    let list = owner.get("/members").await;
    assert_eq!(list.calls, ["postgrest rpc/list_members"]);
    assert_eq!(list.json["invitations"][0]["email"], asha.email.as_str());

    let token = json!({"token": invitation.json["token"]});
    let stranger = world.founder().await;
    stranger.post("/members/accept", Some(&token)).await.refused(403, "invitation_for_another");
    let joined = asha.post("/members/accept", Some(&token)).await;
    assert_eq!((joined.status, &joined.json["role"]), (200, &json!("member")), "{joined:?}");
    assert_eq!(joined.calls, ["postgrest rpc/accept_invitation"]);
    let again = asha.post("/members/accept", Some(&token)).await;
    assert_eq!((again.status, &again.json["joined"]), (200, &json!(false)));

    asha.workspace_id.clone_from(&owner.workspace_id);
    let list = asha.get("/members").await;
    let members = list.json["members"].as_array().unwrap();
    assert_eq!((members.len(), &list.json["invitations"]), (2, &Value::Null), "{list:?}");
    assert!(members.iter().all(|member| member["email"].is_null()), "a member sees no addresses: {list:?}");
}

#[tokio::test]
async fn a_link_that_is_withdrawn_or_made_up_joins_nothing() {
    let world = World::shared().await;
    let owner = world.founder().await;
    let other = world.founder().await;
    let invitation = invite(&owner, &other.email, "admin").await;
    let path = format!("/members/invitations/{}", invitation.json["invitation_id"].as_str().unwrap());
    let revoked = owner.request(Method::DELETE, &path).send().await;
    assert_eq!((revoked.status, &revoked.json["revoked"]), (200, &json!(true)), "{revoked:?}");
    let again = owner.request(Method::DELETE, &path).send().await;
    assert_eq!((again.status, &again.json["revoked"]), (200, &json!(false)));
    let token = json!({"token": invitation.json["token"]});
    other.post("/members/accept", Some(&token)).await.refused(410, "invitation_revoked");
    other
        .post("/members/accept", Some(&json!({"token": "made up"})))
        .await
        .refused(404, "invitation_not_found");
    other.post("/members/accept", Some(&json!({"tokens": "misspelt"}))).await.refused(400, "body_invalid");
    owner
        .request(Method::DELETE, "/members/invitations/none")
        .send()
        .await
        .refused(404, "invitation_not_found");
    // The other's own workspace does not have it.
    other.request(Method::DELETE, &path).send().await.refused(404, "invitation_not_found");
}

#[tokio::test]
async fn roles_bound_what_each_may_do_to_the_others() {
    let world = World::shared().await;
    let owner = world.founder().await;
    let (mut admin, mut member) = (world.founder().await, world.founder().await);
    invite_and_join(&owner, &mut admin, "admin").await;
    invite_and_join(&owner, &mut member, "member").await;
    let (owner_id, admin_id, member_id) =
        (user_id(&owner).await, user_id(&admin).await, user_id(&member).await);

    invite(&member, "new@example.in", "member").await.refused(403, "role_not_allowed");
    invite(&admin, "new@example.in", "admin").await.refused(403, "role_not_allowed");
    invite(&owner, "not an address", "member").await.refused(422, "email_invalid");
    invite(&owner, "new@example.in", "owner").await.refused(422, "role_unknown");
    set_role(&admin, &member_id, "admin").await.refused(403, "role_not_allowed");
    set_role(&owner, &owner_id, "member").await.refused(409, "owner_stays");
    set_role(&owner, &member_id, "owner").await.refused(422, "role_unknown");
    set_role(&owner, &Uuid::new_v4().to_string(), "admin").await.refused(404, "member_not_found");
    set_role(&owner, "none", "admin").await.refused(404, "member_not_found");
    remove(&member, &admin_id).await.refused(403, "role_not_allowed");
    remove(&admin, &owner_id).await.refused(409, "owner_stays");
    remove(&owner, &owner_id).await.refused(409, "owner_stays");

    let outsider = world.founder().await;
    let as_outsider = |method: Method, path: String| {
        let body = matches!(method, Method::POST | Method::PATCH)
            .then_some(r#"{"role": "admin", "email": "a@b.in"}"#);
        let request =
            world.request(method, &path).header("authorization", &format!("Bearer {}", outsider.token));
        let request = request.header("x-workspace-id", &owner.workspace_id);
        if let Some(body) = body { request.body(body) } else { request }
    };
    for (method, path) in [
        (Method::GET, "/members".to_owned()),
        (Method::POST, "/members/invite".to_owned()),
        (Method::PATCH, format!("/members/{member_id}")),
        (Method::DELETE, format!("/members/{member_id}")),
        (Method::DELETE, format!("/members/invitations/{}", Uuid::new_v4())),
    ] {
        as_outsider(method, path).send().await.refused(404, "workspace_not_found");
    }
    let left = remove(&member, &member_id).await;
    assert_eq!((left.status, &left.json["removed"]), (200, &json!(true)), "anybody may leave: {left:?}");
}

/// Insists on what a person may do once whatever was cached about them is gone.
async fn wait_for_status(what: &str, who: &Founder<'_>, status: u16) {
    until(what, || async { save_answer(who).await.status == status }).await;
}

async fn save_answer(who: &Founder<'_>) -> Reply {
    let current = who.get("/onboarding/session").await;
    let revision = current.json["revision"].as_u64().unwrap_or_default();
    let request = who
        .request(Method::PATCH, "/onboarding/steps/company")
        .header("if-match", &format!("\"{revision}\""));
    request.body(r#"{"answers": {"industry": "Tea"}}"#).send().await
}

#[tokio::test]
async fn a_new_role_and_a_removal_are_felt_at_once() {
    let world = World::shared().await;
    let owner = world.founder().await;
    let mut other = world.founder().await;
    invite_and_join(&owner, &mut other, "member").await;
    let id = user_id(&other).await;
    let save_refused = save_answer(&other).await;
    save_refused.refused(403, "role_not_allowed");

    assert_eq!(set_role(&owner, &id, "admin").await.json["changed"], true);
    wait_for_status("an admin edits", &other, 200).await;
    assert_eq!(set_role(&owner, &id, "member").await.json["changed"], true);
    wait_for_status("a member edits no more", &other, 403).await;

    assert_eq!(owner.finalize(&answers()).await.status, 201);
    assert_eq!(other.get("/context/manifest").await.status, 200);
    let removed = remove(&owner, &id).await;
    assert_eq!(
        (removed.status, removed.calls.as_slice()),
        (200, &["postgrest rpc/remove_member".to_owned()][..])
    );
    until("the removed one reads nothing", || async { other.get("/context/manifest").await.status == 404 })
        .await;
    other.get("/members").await.refused(404, "workspace_not_found");
}

#[tokio::test]
async fn a_person_with_two_workspaces_says_which_with_every_request() {
    let world = World::shared().await;
    let owner = world.founder().await;
    let mut other = world.founder().await;
    let own = other.workspace_id.clone();
    invite_and_join(&owner, &mut other, "admin").await;
    assert_eq!(save_answer(&other).await.json["answers"]["industry"], "Tea");
    other.workspace_id = own;
    let mine = other.get("/onboarding/session").await;
    assert_eq!((mine.status, mine.json["answers"].get("industry")), (200, None), "{mine:?}");
    let nowhere =
        world.request(Method::GET, "/members").header("authorization", &format!("Bearer {}", other.token));
    nowhere.send().await.refused(400, "workspace_header_missing");
}
