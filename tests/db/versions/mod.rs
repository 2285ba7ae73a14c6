//! Manifest versions after the first: rebuild, import, restore and comparison, by people and by the cron.

mod rebuilds;
mod refusals;
mod restores;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::manifests::meta;
use crate::support::{Db, Refused, Who, canonical_json, checksum};

const STORE: &str =
    "select public.store_manifest($1, $2, $3, '{\"version\": \"2.0\"}', $4, $5, 400, $6, $7, 'req-s', $8)";
const REBUILT: &str =
    "select public.store_rebuilt_manifest($1, '{}', '{\"version\": \"2.0\"}', $2, $3, 400, $4, $5, 'req-c')";
const RESTORE: &str = "select public.restore_manifest($1, $2, 'req-r')";

/// The arguments of a rebuild that differ between tests.
struct Rebuild<'a> {
    source: &'a str,
    expected: Option<i32>,
    force: bool,
}

const FORCED: Rebuild<'static> = Rebuild { source: "rebuild", expected: None, force: true };

async fn store(
    db: &mut Db,
    who: Who,
    workspace: Uuid,
    content: &Value,
    how: Rebuild<'_>,
) -> Result<Value, Refused> {
    db.call(
        who,
        STORE,
        &[
            &workspace,
            &how.source,
            &json!({ "company_name": content }),
            &canonical_json(content),
            &checksum(content),
            &meta(400),
            &how.expected,
            &how.force,
        ],
    )
    .await
}

async fn store_by_cron(
    db: &mut Db,
    workspace: Uuid,
    content: &Value,
    expected: Option<i32>,
) -> Result<Value, Refused> {
    db.call(
        Who::Service,
        REBUILT,
        &[&workspace, &canonical_json(content), &checksum(content), &meta(400), &expected],
    )
    .await
}

/// Moves the last confirmation and rebuild eight days back.
async fn age_by_eight_days(db: &Db, workspace: Uuid) {
    let sql = "update public.workspace_context set confirmed_at = now() - interval '8 days',
               last_rebuilt_at = last_rebuilt_at - interval '8 days' where workspace_id = $1";
    assert_eq!(db.run(sql, &[&workspace]).await, 1);
}

async fn version_count(db: &Db, workspace: Uuid) -> i64 {
    db.one("select count(*) from public.business_context_manifests where workspace_id = $1", &[&workspace])
        .await
}
