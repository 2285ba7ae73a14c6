//! Autosave: seven steps, two tabs, a Redis that forgets or is away, and a finalize that takes the saved answers.

mod abandoned;
mod durability;
mod finalize;
mod merge;
mod session;

use gatehouse_core::onboarding::{StepId, fields_in};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::support::{Founder, Reply, Request, World, answers, until};

pub const SESSION_SCRIPT: &str = "upstash EVALSHA onboarding_session";
pub const READ_SNAPSHOT: &str = "postgrest rpc/read_snapshot";

/// The journey's answers to one step.
pub fn step_answers(step: StepId) -> Value {
    let all = answers();
    let named = fields_in(step).filter_map(|field| {
        let id = field.id.as_str();
        all.get(id).map(|answer| (id.to_owned(), answer.clone()))
    });
    Value::Object(Map::from_iter(named))
}

pub fn if_match(request: Request<'_>, revision: u64) -> Request<'_> {
    request.header("if-match", &format!("\"{revision}\""))
}

pub async fn save_step(who: &Founder<'_>, step: &str, revision: u64, body: Value) -> Reply {
    let request = who.request(Method::PATCH, &format!("/onboarding/steps/{step}"));
    if_match(request, revision).body(body.to_string()).send().await
}

pub async fn read_session(who: &Founder<'_>) -> Reply {
    let reply = who.get("/onboarding/session").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply
}

pub async fn replace_session(who: &Founder<'_>, revision: u64, answers: &Value) -> Reply {
    let request = if_match(who.request(Method::PUT, "/onboarding/session"), revision);
    request.body(json!({"answers": answers}).to_string()).send().await
}

/// Insists on a saved session: its revision in body and ETag.
#[track_caller]
pub fn assert_saved(reply: &Reply, revision: u64) -> &Reply {
    assert_eq!((reply.status, &reply.json["revision"]), (200, &json!(revision)), "{reply:?}");
    assert_eq!(reply.header("etag"), Some(format!("\"{revision}\"").as_str()));
    reply
}

/// The revision of the snapshot in Postgres; 0 when there is none.
pub async fn snapshot_revision(world: &World, who: &Founder<'_>) -> i64 {
    let sql = format!(
        "select coalesce(max(revision), 0)::bigint from onboarding_snapshots where workspace_id = '{}'",
        who.workspace_id
    );
    world.count(&sql).await
}

pub async fn wait_for_snapshot(world: &World, who: &Founder<'_>, revision: i64) {
    until("the snapshot", || async { snapshot_revision(world, who).await >= revision }).await;
}

/// Makes another person a member of the founder's workspace.
pub async fn add_member(world: &World, owner: &Founder<'_>, other: &mut Founder<'_>, role: &str) {
    let (client, connection) =
        tokio_postgres::connect(world.stack.database_url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql = "insert into workspace_members (workspace_id, user_id, role)
               select $1::text::uuid, id, $3 from users where email = $2";
    client.execute(sql, &[&owner.workspace_id, &other.email, &role]).await.unwrap();
    other.workspace_id.clone_from(&owner.workspace_id);
}

/// Scripts known and keys fetched, as in an isolate that has served before.
pub async fn warm_up(world: &World) {
    let founder = world.founder().await;
    read_session(&founder).await;
    save_step(&founder, "company", 0, json!({"answers": {"industry": "Tea"}})).await;
    founder.finalize(&answers()).await;
}
