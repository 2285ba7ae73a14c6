//! What a manifest is made from after its first version: edited by people, changed by hand, rebuilt by the cron.

mod claims;
mod edits;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::manifests::submit;
use crate::support::{Db, Refused, Who, World, canonical_json, checksum};

const EDIT: &str = "select public.edit_source($1, $2, $3, $4, $5, 400, $6, $7, $8, 'req-e')";
const CLAIM: &str = "select public.claim_rebuilds($1, $2, $3, $4)";
const REBUILT: &str = "select public.store_rebuilt_manifest($1, $2, $3, $4, $5, 400, $6, $7, 'req-c', $8)";
const FIRST: Uuid = Uuid::nil();
const LAST: Uuid = Uuid::max();

/// What the Worker sends as meta, by this reducer.
fn meta(reducer: i32) -> Value {
    json!({ "reducer": reducer, "token_estimate": 400, "dropped": [], "missing": [] })
}

fn context(goal: &str) -> Value {
    json!({ "version": "2.1", "generated_at": Uuid::new_v4().to_string(), "goal": goal })
}

/// An edit to `goal` by the reducer 1, of which it makes `content`.
async fn edit(
    db: &mut Db,
    who: Who,
    workspace: Uuid,
    (goal, content): (&str, &Value),
    (version, edits): (Option<i32>, Option<i32>),
) -> Result<Value, Refused> {
    let answers = json!({ "acquisition_goal": goal });
    let (text, sum) = (canonical_json(content), checksum(content));
    db.call(who, EDIT, &[&workspace, &answers, &context(goal), &text, &sum, &meta(1), &version, &edits]).await
}

/// A workspace at version 1 by the reducer that `submit` does not name, last confirmed eight days ago.
async fn confirmed_eight_days_ago(db: &mut Db) -> World {
    let world = World::with_plan(db).await;
    submit(db, Who::Person(world.owner), world.workspace, &json!({ "n": 1 })).await.expect("finalized");
    let sql = "update public.workspace_context set confirmed_at = now() - interval '8 days' where workspace_id = $1";
    assert_eq!(db.run(sql, &[&world.workspace]).await, 1);
    world
}
