//! The audit log: who may write, read and verify it, and that no change to it goes unseen.

mod chain;
mod events;
mod reading;

use serde_json::Value;
use uuid::Uuid;

use crate::support::Db;

const VERIFY: &str = "select public.audit_verify($1)";

async fn append(db: &Db, workspace: Option<Uuid>, details: &Value) {
    let sql = "select private.audit($1, null, 'bcm.created', $2, 'req-1')::text";
    db.client.query_one(sql, &[&workspace, details]).await.expect("appended");
}
