//! The plans of the hot statements over many rows, as the functions really run them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::plans_fill::{CHAINS, VERSIONS, filled, rows};
use crate::plans_reader::Reader;
use crate::stack::Fresh;
use crate::support::{Db, Who};
use crate::tenant::TABLES;

/// Calls by the owner of workspace 500, with an index that each must use.
const BY_PEOPLE: &[(&str, &str)] = &[
    ("public.read_manifest(md5('w500')::uuid)", "bcm_workspace_id_version_key"),
    ("public.read_membership(md5('w500')::uuid)", "users_auth_user_id_key"),
    ("public.verify_profile()", "workspaces_owner_id_created_at_idx"),
    ("public.verify_profile_complete()", "workspaces_owner_id_created_at_idx"),
    ("public.read_gate()", "workspaces_owner_id_created_at_idx"),
    ("public.read_gate(md5('w500')::uuid)", "users_auth_user_id_key"),
    ("public.ensure_profile()", "workspaces_owner_id_created_at_idx"),
    ("public.ensure_profile_exists()", "workspaces_owner_id_created_at_idx"),
    ("public.create_workspace_if_missing()", "workspaces_owner_id_created_at_idx"),
    ("public.manifest_history(md5('w500')::uuid, null, 20)", "bcm_workspace_id_version_key"),
    ("public.manifest_history(md5('w500')::uuid, 2, 20)", "bcm_workspace_id_version_key"),
    ("public.read_snapshot(md5('w500')::uuid)", "onboarding_snapshots_pkey"),
    ("public.save_snapshot(md5('w500')::uuid, 2, 'draft', '{}')", "onboarding_snapshots_pkey"),
    (FINALIZE, "bcm_workspace_id_version_key"),
    ("public.create_order(md5('w500')::uuid, 'soar', 'month', 'new', null, null)", "payment_order_keys_pkey"),
    ("public.read_order('GH500')", "payment_transactions_merchant_order_id_key"),
    ("public.list_orders(md5('w500')::uuid, 20)", "payment_transactions_workspace_id_created_at_idx"),
    // The key names a refund that is there already.
    ("public.request_refund('GH500', null, 'r', 'k500', null)", "refunds_requested_by_idempotency_key_idx"),
    ("public.read_timeline('GH500')", "refunds_transaction_id_idx"),
    ("public.store_manifest(md5('w500')::uuid, 'import', EMPTY, 1, null)", "bcm_workspace_id_version_key"),
    ("public.restore_manifest(md5('w500')::uuid, 1)", "bcm_workspace_id_version_key"),
    ("public.read_source(md5('w500')::uuid)", "bcm_workspace_id_version_key"),
    ("public.edit_source(md5('w500')::uuid, EMPTY, 1, 0, null)", "bcm_workspace_id_version_key"),
    ("public.read_versions_pair(md5('w500')::uuid, 1, 1)", "bcm_workspace_id_version_key"),
    (
        "public.invite_member(md5('w500')::uuid, 'new@example.in', 'member')",
        "workspace_invitations_workspace_id_created_at_idx",
    ),
    ("public.accept_invitation('t500')", "workspace_invitations_token_sha256_key"),
    ("public.revoke_invitation(md5('w500')::uuid, md5('i500')::uuid)", "workspace_invitations_pkey"),
    ("public.list_members(md5('w500')::uuid)", "workspace_members_workspace_id_user_id_key"),
    ("public.set_member_role(md5('w500')::uuid, md5('u501')::uuid, 'admin')", "workspace_members_pkey"),
    (
        "public.remove_member(md5('w500')::uuid, md5('u501')::uuid)",
        "workspace_members_workspace_id_user_id_key",
    ),
    ("public.create_move(md5('w500')::uuid, 'M')", "moves_workspace_id_week_idx"),
    ("public.set_move_status(md5('w500')::uuid, md5('m500')::uuid, 'active')", "moves_pkey"),
    ("public.list_moves(md5('w500')::uuid)", "moves_workspace_id_created_at_idx"),
    ("public.list_moves(md5('w500')::uuid, md5('m500')::uuid)", "moves_workspace_id_created_at_idx"),
    ("public.create_campaign(md5('w500')::uuid, 'C', '', 'active')", "campaigns_active_idx"),
    ("public.set_campaign_status(md5('w500')::uuid, md5('c500')::uuid, 'paused')", "campaigns_pkey"),
    ("public.list_campaigns(md5('w500')::uuid)", "campaigns_workspace_id_created_at_idx"),
    (
        "public.begin_suggestions(md5('w500')::uuid, '{brand_tone}')",
        "suggestion_requests_workspace_id_created_at_idx",
    ),
    ("public.list_suggestions(md5('w500')::uuid)", "context_suggestions_workspace_id_idx"),
    (
        "public.decide_suggestion(md5('w500')::uuid, md5('s500')::uuid, 'accepted')",
        "context_suggestions_pkey",
    ),
    ("public.record_ui_events(md5('w500')::uuid, '[{\"action\":\"ui.page_viewed\"}]')", "audit_log_pkey"),
    ("public.read_audit(md5('w500')::uuid, null, 20)", "audit_log_pkey"),
    ("public.audit_verify(md5('w500')::uuid)", "audit_log_pkey"),
    // What a client may read past the functions, filtered as PostgREST does.
    (
        "* from public.business_context_manifests where workspace_id = md5('w500')::uuid",
        "bcm_workspace_id_version_key",
    ),
    (
        "* from public.workspace_members where workspace_id = md5('w500')::uuid",
        "workspace_members_workspace_id_user_id_key",
    ),
    ("* from public.users where auth_user_id = auth.uid()", "users_auth_user_id_key"),
];

/// Calls with the service key.
const BY_SERVICE: &[(&str, &str)] = &[
    (
        "public.apply_payment_event('GH500', 'cron', 'COMPLETED', 700000, 'OM500', '{}', null, 500, null)",
        "payment_transactions_merchant_order_id_key",
    ),
    (
        "public.save_checkout('GH500', 'OM500', 'https://pay.example/x', now(), now())",
        "payment_transactions_merchant_order_id_key",
    ),
    ("public.claim_due_work(10, 0, 0)", "payment_transactions_due_idx"),
    ("public.claim_due_work(0, 10, 0)", "webhook_inbox_due_idx"),
    ("public.claim_due_work(0, 0, 10)", "email_outbox_due_idx"),
    ("public.claim_due_work(0, 0, 0, 10)", "refunds_due_idx"),
    (
        "public.request_refund_as_support('GH501', null, md5('a7')::uuid, 'r', 'new', null)",
        "refunds_transaction_id_idx",
    ),
    (
        "public.apply_refund_event('GR500', 'cron', 'COMPLETED', 100, 'OMR500', '{}', null, null, null)",
        "refunds_merchant_refund_id_key",
    ),
    ("public.advance_subscriptions(10)", "subscriptions_due_idx"),
    ("public.sweep_queues()", "webhook_inbox_finished_idx"),
    ("public.keep_suggestions(md5('q500')::uuid, 'm', '[]', null)", "suggestion_requests_pkey"),
    ("public.sweep_abandoned_sessions(10, null)", "onboarding_snapshots_due_idx"),
    ("public.start_trial(md5('w3')::uuid)", "subscription_workspace_id_key"),
    ("public.store_rebuilt_manifest(md5('w500')::uuid, EMPTY, 1, null)", "bcm_workspace_id_version_key"),
    (
        "public.claim_rebuilds(1, md5('w500')::uuid, md5('w500')::uuid, 20)",
        "workspace_context_source_changed_at_idx",
    ),
    ("public.claim_rebuilds(1, md5('w500')::uuid, md5('w500')::uuid, 20)", "workspace_context_pkey"),
    ("public.skip_rebuild(md5('w500')::uuid, 1, 1, 0)", "workspace_context_pkey"),
    ("public.explain_workspace(md5('w500')::uuid, md5('a7')::uuid, null)", "workspaces_pkey"),
    (
        "public.record_events(jsonb_build_array(jsonb_build_object('action', 'bcm.exported',
           'workspace_id', md5('w500')::uuid)))",
        "workspaces_pkey",
    ),
    (
        "public.receive_webhook('', '{}', encode(sha256('500'::bytea), 'hex'), true, 'e', 'GH500', null)",
        "webhook_inbox_sha256_idx",
    ),
    ("public.receive_webhook('', '{}', repeat('0', 64), false, 'e', 'x', null)", "webhook_rejections_pkey"),
    ("public.finish_webhook(500, 'applied', null)", "webhook_inbox_pkey"),
    ("public.finish_email(500, true, 'x', null)", "email_outbox_pkey"),
    ("public.find_webhook('GH500')", "webhook_inbox_order_id_id_idx"),
    (
        "public.replay_webhook(500, 'GH500', '{\"state\":\"COMPLETED\",\"amount\":700000}', false, null)",
        "webhook_inbox_pkey",
    ),
    ("public.read_gauges()", "webhook_inbox_given_up_idx"),
    (
        "* from public.audit_log where chain = md5('w500')::uuid::text order by seq desc limit 50",
        "audit_log_pkey",
    ),
];

/// Reads no table; reads whole tables on purpose, once an hour.
const WITHOUT_INDEX: [&str; 2] = ["public.ping", "public.check_invariants"];

const FINALIZE: &str = "public.finalize_onboarding(md5('w500')::uuid, EMPTY, null)";

/// The empty manifest with all that comes with it, where a call says `EMPTY`.
const EMPTY: &str = r#"'{}', '{}', '{}', '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a', 10,
    '{"token_estimate":10,"dropped":[],"missing":[]}'"#;

async fn person(reader: &Reader, number: u32) -> Who {
    let id: Uuid = reader.one(&format!("select md5('a{number}')::uuid")).await;
    Who::Person(id)
}

#[tokio::test]
async fn hot_statements_use_their_index_and_never_read_a_large_table_from_end_to_end() {
    let (fresh, mut reader) = filled().await;
    let large: Vec<String> = reader
        .one("select array(select relname::text from pg_class where relkind = 'r' and reltuples > 1000)")
        .await;
    let large: BTreeSet<String> = large.into_iter().collect();
    let small: Vec<_> = TABLES
        .iter()
        .map(|table| table.name)
        .filter(|name| *name != "plans" && !large.contains(*name))
        .collect();
    assert!(small.is_empty(), "tests/db/plans_fill.rs fills every table but {small:?}");
    let owner = person(&reader, 500).await;
    let calls =
        BY_PEOPLE.iter().map(|call| (owner, call)).chain(BY_SERVICE.iter().map(|call| (Who::Service, call)));
    let (mut wrong, mut asserted) = (Vec::new(), 0);
    for (who, (call, index)) in calls {
        for generic in [false, true] {
            let plans =
                reader.explain(who, &format!("select {}", call.replace("EMPTY", EMPTY)), generic).await;
            let scanned: Vec<_> = plans.scanned.intersection(&large).collect();
            if !scanned.is_empty() || !plans.indexes.contains(*index) {
                wrong.push(format!(
                    "{call}{}: reads all of {scanned:?}; {index} expected among {:?}",
                    if generic { " (generic plan)" } else { "" },
                    plans.indexes
                ));
            }
            asserted += plans.statements;
        }
    }
    // A client that asks for everything costs as little: policies find its rows by their index.
    let readable: Vec<String> = reader
        .one(
            "select array(select relname::text from pg_class where relnamespace = 'public'::regnamespace
                          and relkind = 'r' and relname <> 'plans' and has_table_privilege('authenticated', oid, 'select'))",
        )
        .await;
    for table in readable {
        let plans = reader.explain(owner, &format!("select * from public.{table}"), false).await;
        if plans.scanned.contains(&table) || plans.indexes.is_empty() {
            wrong.push(format!("a client's read of all of {table}: {plans:?}"));
        }
        asserted += plans.statements;
    }
    let functions: Vec<String> = reader
        .one(
            "select array(select 'public.' || proname from pg_proc
                          where pronamespace = 'public'::regnamespace and prokind = 'f')",
        )
        .await;
    for function in functions {
        let named = format!("{function}(");
        if !WITHOUT_INDEX.contains(&function.as_str())
            && !BY_PEOPLE.iter().chain(BY_SERVICE).any(|(call, _)| call.starts_with(&named))
        {
            wrong.push(format!("{function} has no call in this file"));
        }
    }

    // A long history costs a writer and a reader no more than a short one: pages touched, not milliseconds.
    let mut touched: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for number in [1, 2] {
        let who = person(&reader, number).await;
        for (name, call) in [
            ("finalize", FINALIZE.to_owned()),
            ("read", "public.read_manifest(md5('w500')::uuid)".to_owned()),
            ("history", "public.manifest_history(md5('w500')::uuid, null, 10)".to_owned()),
        ] {
            let sql =
                format!("select {}", call.replace("EMPTY", EMPTY).replace("w500", &format!("w{number}")));
            // The first call of a session also reads the catalogue.
            reader.explain(who, &sql, false).await;
            touched.entry(name).or_default().push(reader.explain(who, &sql, false).await.buffers);
        }
    }
    for (name, pages) in &touched {
        if pages[0] == 0 || pages[1] > 2 * pages[0] {
            wrong.push(format!("{name} touches {pages:?} pages at {VERSIONS:?} versions"));
        }
    }
    let verified = audit_chains(&fresh).await;
    // Ten times the rows may cost ten times the pages, and some for the index above them.
    if verified[1] > 12 * verified[0] {
        wrong.push(format!("audit_verify touches {verified:?} pages"));
    }
    drop(reader);
    fresh.stop().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("counted: {asserted} plans asserted over {} rows a table", rows());
    println!("counted: pages touched at {VERSIONS:?} versions: {touched:?}");
}

/// The pages that verifying each of [`CHAINS`] touches.
async fn audit_chains(fresh: &Fresh) -> Vec<u64> {
    let mut db = Db::connect(&fresh.url()).await;
    let mut touched = Vec::new();
    for (workspace, rows) in CHAINS {
        let sql = format!("select public.audit_verify(md5('w{workspace}')::uuid)");
        let begun = Instant::now();
        let verified = db.call(Who::Service, &sql, &[]).await.expect("a verdict");
        assert_eq!((&verified["ok"], &verified["rows"]), (&json!(true), &json!(rows())), "{verified}");
        println!("counted: {} audit rows verified in {:?}", rows(), begun.elapsed());
        let explain = format!("explain (analyze, buffers, timing off, format json) {sql}");
        let explained: Value = {
            let tx = db.act(Who::Service).await;
            tx.query_one(&explain, &[]).await.expect("a plan").get(0)
        };
        let pages = |name: &str| explained[0]["Plan"][name].as_u64().expect("a number");
        touched.push(pages("Shared Hit Blocks") + pages("Shared Read Blocks"));
    }
    println!("counted: {touched:?} pages touched by audit_verify");
    touched
}
