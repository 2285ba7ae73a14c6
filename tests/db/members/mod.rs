//! The team: who may invite, join, promote and remove whom, and that seats never run over.

mod invitations;
mod joining;
mod roles;
mod seats;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Db, Refused, Who, World};

const INVITE: &str = "select public.invite_member($1, $2, $3, 'req-m')";
const ACCEPT: &str = "select public.accept_invitation($1, 'req-m')";
const REVOKE: &str = "select public.revoke_invitation($1, $2, 'req-m')";
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

/// The actions of the audit log that are about members, in order.
async fn member_actions(db: &Db, workspace: Uuid) -> Vec<String> {
    db.one(
        "select coalesce(array_agg(action order by seq), '{}') from public.audit_log
         where workspace_id = $1 and action like 'member.%'",
        &[&workspace],
    )
    .await
}
