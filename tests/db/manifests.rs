//! Finalize and read: versions without gaps, equal content without a new one, history that stays.

use std::collections::BTreeSet;

use crate::support::{canonical_json, checksum};
use serde_json::{Value, json};
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use crate::support::{Db, Refused, Who, World};

/// The call of the Worker, argument by argument.
pub const FINALIZE: &str = "select public.finalize_onboarding($1, $2, $3, $4, $5, $6, $7, $8)";

/// What the Worker sends as meta beside a token estimate.
pub fn meta(token_estimate: i32) -> Value {
    json!({ "token_estimate": token_estimate, "dropped": [], "missing": [] })
}

/// Submits `content` as the Worker does.
pub async fn submit(db: &mut Db, who: Who, workspace: Uuid, content: &Value) -> Result<Value, Refused> {
    let (answers, source, meta) =
        (json!({ "company_name": "Chaya" }), json!({ "version": "2.0" }), meta(400));
    let params: crate::support::Params<'_> = &[
        &workspace,
        &answers,
        &source,
        &canonical_json(content),
        &checksum(content),
        &400_i32,
        &meta,
        &"req-1",
    ];
    db.call(who, FINALIZE, params).await
}

/// Whether a person confirmed the manifest within the last hour.
pub async fn confirmed_recently(db: &Db, workspace: Uuid) -> bool {
    let sql = "select confirmed_at > now() - interval '1 hour' from public.workspace_context where workspace_id = $1";
    db.one(sql, &[&workspace]).await
}

#[tokio::test]
async fn a_submitted_onboarding_reads_back_as_version_one() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let content = json!({ "guardrails": ["कोई दावा नहीं", "No \"medical\" claims\n"], "icps": [{ "score": 0.85, "n": 3 }],
        "é": "\u{1f375}", "control": "\u{1}\u{7f}\u{2028}", "empty": { "list": [], "map": {}, "none": null } });
    let made = submit(&mut db, Who::Person(world.owner), world.workspace, &content).await.expect("finalized");
    assert_eq!(made["version"], 1);
    assert_eq!(made["created"], true);
    assert_eq!(made["source"], "onboarding");
    assert_eq!(made["checksum"], checksum(&content));
    for key in ["generated_at", "confirmed_at"] {
        let text = made[key].as_str().expect("a time");
        assert!(text.len() == 24 && text.ends_with('Z') && text.as_bytes()[10] == b'T', "{key} is {text}");
    }

    for person in [world.owner, world.admin, world.member] {
        let read = db
            .call(Who::Person(person), "select public.read_manifest($1)", &[&world.workspace])
            .await
            .expect("members read");
        assert_eq!(read["manifest"]["version"], 1);
        assert_eq!(read["manifest"]["token_estimate"], 400);
        assert_eq!(read["manifest"]["confirmed_at"], made["confirmed_at"]);
        assert_eq!(
            checksum(&read["manifest"]["content"]),
            checksum(&content),
            "a reader can verify what it got"
        );
    }
    let facts =
        db.call(Who::Person(world.owner), "select public.verify_profile()", &[]).await.expect("facts");
    assert_eq!(facts["onboarding_status"], "completed");
    assert_eq!(facts["manifest"], json!({ "version": 1, "confirmed_at": made["confirmed_at"] }));

    let audit: Value = db
        .one(
            "select to_jsonb(a) from public.audit_log a where workspace_id = $1 and action = 'onboarding.finalized'",
            &[&world.workspace],
        )
        .await;
    assert_eq!(audit["actor"], json!(world.owner.to_string()));
    assert_eq!(audit["request_id"], "req-1");
    assert_eq!(audit["details"]["version"], 1);
}

#[tokio::test]
async fn equal_content_makes_no_version_but_is_confirmed_again() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let (first, other) = (json!({ "a": 1 }), json!({ "a": 2 }));
    let one = submit(&mut db, Who::Person(world.owner), world.workspace, &first).await.expect("finalized");
    db.run(
        "update public.workspace_context set confirmed_at = now() - interval '8 days' where workspace_id = $1",
        &[&world.workspace],
    )
    .await;
    let again = submit(&mut db, Who::Person(world.admin), world.workspace, &first).await.expect("finalized");
    assert_eq!((&again["version"], &again["created"]), (&json!(1), &json!(false)));
    assert_eq!(again["generated_at"], one["generated_at"]);
    assert!(confirmed_recently(&db, world.workspace).await, "submitting unchanged content confirms it");

    assert_eq!(
        submit(&mut db, Who::Person(world.owner), world.workspace, &other).await.expect("two")["version"],
        2
    );
    // Equal to an older version is not equal to the current one.
    assert_eq!(
        submit(&mut db, Who::Person(world.owner), world.workspace, &first).await.expect("three")["version"],
        3
    );
}

#[tokio::test]
async fn ten_finalizes_at_once_make_ten_versions_in_a_row() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let (workspace, owner) = (world.workspace, world.owner);
    let mut running = tokio::task::JoinSet::new();
    for n in 0..10 {
        running.spawn(async move {
            let mut db = Db::shared().await;
            submit(&mut db, Who::Person(owner), workspace, &json!({ "n": n })).await.expect("finalized")
        });
    }
    let versions: BTreeSet<i64> =
        running.join_all().await.iter().map(|made| made["version"].as_i64().expect("a number")).collect();
    assert_eq!(versions, (1..=10).collect());

    let chained: bool = db
        .one(
            "select bool_and(parent_version is not distinct from nullif(version - 1, 0)) and count(*) = 10
             from public.business_context_manifests where workspace_id = $1",
            &[&workspace],
        )
        .await;
    assert!(chained, "each version names the one before it");
    let read =
        db.call(Who::Person(owner), "select public.read_manifest($1)", &[&workspace]).await.expect("read");
    assert_eq!(read["manifest"]["version"], 10);
}

#[tokio::test]
async fn manifest_versions_stay_until_their_workspace_goes() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    submit(&mut db, Who::Person(world.owner), world.workspace, &json!({ "a": 1 })).await.expect("finalized");
    let workspace = world.workspace;
    for sql in [
        format!(
            "update public.business_context_manifests set meta = '{{}}' where workspace_id = '{workspace}'"
        ),
        format!("delete from public.business_context_manifests where workspace_id = '{workspace}'"),
        "truncate public.business_context_manifests".to_owned(),
        format!("update public.audit_log set action = 'ui.none' where workspace_id = '{workspace}'"),
        format!("delete from public.audit_log where workspace_id = '{workspace}'"),
        "truncate public.audit_log".to_owned(),
    ] {
        let refused = Refused::from(db.client.execute(&sql, &[]).await.expect_err(&sql));
        assert_eq!((refused.state.as_str(), refused.code.as_str()), ("PT409", "append_only"), "{sql}");
    }

    db.run("delete from auth.users where id = $1", &[&world.owner]).await;
    let left: i64 = db
        .one("select count(*) from public.business_context_manifests where workspace_id = $1", &[&workspace])
        .await;
    assert_eq!(left, 0, "a deleted person takes their workspace along");
    let audited: i64 =
        db.one("select count(*) from public.audit_log where workspace_id = $1", &[&workspace]).await;
    assert!(audited > 0, "the audit log outlives them");
}

#[tokio::test]
async fn payments_outlive_the_workspace_and_do_not_hold_the_account() {
    let db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let order = Uuid::new_v4().to_string();
    let insert = "insert into public.payment_transactions (workspace_id, merchant_order_id, amount) values ($1, $2, $3)";
    db.run(insert, &[&world.workspace, &order, &500_000_i64]).await;
    db.run("delete from auth.users where id = $1", &[&world.owner]).await;
    let amount: i64 = db
        .one("select amount from public.payment_transactions where merchant_order_id = $1", &[&order])
        .await;
    assert_eq!(amount, 500_000);
    let small = db.client.execute(insert, &[&None::<Uuid>, &Uuid::new_v4().to_string(), &99_i64]).await;
    assert_eq!(small.expect_err("under one rupee").code(), Some(&SqlState::CHECK_VIOLATION));
}
