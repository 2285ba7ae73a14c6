//! The plans of the hot statements over many rows, as the functions really run them. `GATEHOUSE_ROWS` sets how many rows
//! each table gets (50,000 without it).

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::plans_reader::Reader;
use crate::stack::Fresh;
use crate::support::Who;

/// Tables with what fills row `i` of them. Columns that must not be null and are not named here get something of their
/// type, so a column that is added later asks for nothing.
const FILL: &[(&str, &str, &str)] = &[
    ("auth.users", "id", "md5('a' || i)::uuid"),
    (
        "public.users",
        "id, auth_user_id, email",
        "md5('u' || i)::uuid, md5('a' || i)::uuid, i || '@example.in'",
    ),
    ("public.workspaces", "id, name, slug, owner_id", "md5('w' || i)::uuid, 'W', 'w' || i, md5('u' || i)::uuid"),
    (
        "public.workspace_members",
        "workspace_id, user_id, role",
        "md5('w' || i)::uuid, md5('u' || i)::uuid, 'owner'",
    ),
    (
        "public.business_context_manifests",
        "workspace_id, version, source, content, checksum, business_context, answers, token_estimate",
        "md5('w' || i)::uuid, 1, 'onboarding', '{}', repeat('0', 64), '{}', '{}', 1",
    ),
    ("public.workspace_context", "workspace_id, latest_version, confirmed_at", "md5('w' || i)::uuid, 1, now()"),
    ("public.onboarding_snapshots", "workspace_id, revision, answers", "md5('w' || i)::uuid, 1, '{}'"),
    (
        "public.subscriptions",
        "workspace_id, plan, status, billing_interval, current_period_start, current_period_end",
        "md5('w' || i)::uuid, 'glide', 'active', 'month', now(), now() + interval '30 days'",
    ),
    (
        "public.payment_transactions",
        "id, workspace_id, merchant_order_id, provider_order_id, plan, billing_interval, amount, status, next_check_at",
        "md5('t' || i)::uuid, md5('w' || i)::uuid, 'GH' || i, 'OM' || i, 'glide', 'month', 700000,
         case when i % 100 = 0 then 'pending' else 'completed' end, case when i % 100 = 0 then now() - interval '1 hour' end",
    ),
    (
        "public.payment_order_keys",
        "workspace_id, idempotency_key, transaction_id",
        "md5('w' || i)::uuid, 'k' || i, md5('t' || i)::uuid",
    ),
    (
        "public.payment_events",
        "transaction_id, source, state_seen, outcome, status",
        "md5('t' || i)::uuid, 'person', 'CREATED', 'created', 'pending'",
    ),
    (
        "public.payment_incidents",
        "order_id, transaction_id, kind, resolved_at",
        "'GH' || i, md5('t' || i)::uuid, 'amount_mismatch', now()",
    ),
    (
        "public.webhook_inbox",
        "raw_base64, sha256, verified, order_id, state, next_attempt_at",
        "'', encode(sha256(i::text::bytea), 'hex'), true, 'GH' || i,
         case when i % 100 = 0 then 'received' else 'applied' end, case when i % 100 = 0 then now() - interval '1 hour' end",
    ),
    (
        "public.webhook_rejections",
        "minute, seen",
        "date_trunc('minute', now()) - i * interval '1 minute', 1",
    ),
    (
        "public.email_outbox",
        "idempotency_key, to_email, template, state, next_attempt_at",
        "'e' || i, 'a@example.in', 'none', case when i % 100 = 0 then 'pending' else 'sent' end, now() - interval '1 hour'",
    ),
    ("public.audit_log", "workspace_id, actor, action", "md5('w' || i)::uuid, md5('a' || i)::uuid, 'test.made'"),
    ("public.signup_failures", "auth_user_id, sqlstate, message, healed_at", "md5('a' || i)::uuid, 'XX000', 'x', now()"),
];

/// Workspace 1 has this many versions, workspace 2 that many.
const VERSIONS: [i32; 2] = [10, 10_000];

/// Calls by the owner of workspace 500, with an index that each must use.
const BY_PEOPLE: &[(&str, &str)] = &[
    ("public.read_manifest(md5('w500')::uuid)", "bcm_workspace_id_version_key"),
    ("public.read_membership(md5('w500')::uuid)", "users_auth_user_id_key"),
    ("public.verify_profile()", "workspaces_owner_id_created_at_idx"),
    ("public.ensure_profile()", "workspaces_owner_id_created_at_idx"),
    ("public.manifest_history(md5('w500')::uuid, null, 20)", "bcm_workspace_id_version_key"),
    ("public.manifest_history(md5('w500')::uuid, 2, 20)", "bcm_workspace_id_version_key"),
    ("public.read_snapshot(md5('w500')::uuid)", "onboarding_snapshots_pkey"),
    ("public.save_snapshot(md5('w500')::uuid, 2, 'draft', '{}')", "onboarding_snapshots_pkey"),
    (FINALIZE, "bcm_workspace_id_version_key"),
    ("public.create_order(md5('w500')::uuid, 'soar', 'month', 'new', null)", "payment_order_keys_pkey"),
    ("public.read_order('GH500')", "payment_transactions_merchant_order_id_key"),
    ("public.list_orders(md5('w500')::uuid, 20)", "payment_transactions_workspace_id_created_at_idx"),
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
    ("public.claim_due_orders(10)", "payment_transactions_due_idx"),
    (
        "public.receive_webhook('', '{}', encode(sha256('500'::bytea), 'hex'), true, 'e', 'GH500', null)",
        "webhook_inbox_sha256_idx",
    ),
    ("public.receive_webhook('', '{}', repeat('0', 64), false, 'e', 'x', null)", "webhook_rejections_pkey"),
    ("public.claim_webhooks(10)", "webhook_inbox_due_idx"),
    ("public.finish_webhook(500, 'applied', null)", "webhook_inbox_pkey"),
    ("public.claim_emails(10)", "email_outbox_due_idx"),
    ("public.finish_email(500, true, 'x', null)", "email_outbox_pkey"),
    (
        "* from public.audit_log where workspace_id = md5('w500')::uuid order by id desc limit 50",
        "audit_log_workspace_id_id_idx",
    ),
];

const FINALIZE: &str = "public.finalize_onboarding(md5('w500')::uuid, '{}', '{}', '{}',
    '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a', 10,
    '{\"token_estimate\":10,\"dropped\":[],\"missing\":[]}', null)";

fn rows() -> i64 {
    std::env::var("GATEHOUSE_ROWS").map_or(50_000, |text| text.parse().expect("GATEHOUSE_ROWS is a number"))
}

/// An insert of `rows` rows, with something in every column that must not be empty.
async fn insert(reader: &Reader, table: &str, columns: &str, values: &str, rows: i64) -> String {
    let listed = columns.replace(' ', "").replace(',', "','");
    let more: Vec<String> = reader
        .one(&format!(
            "select array(select quote_ident(attname) || '=' || case format_type(atttypid, null)
               when 'uuid' then 'gen_random_uuid()' when 'jsonb' then $$'{{}}'$$ when 'bytea' then 'sha256(i::text::bytea)'
               when 'boolean' then 'false' when 'text' then $$'x' || i$$ when 'timestamp with time zone' then 'now()'
               else 'i' end
             from pg_attribute a where attrelid = '{table}'::regclass and attnum > 0 and not attisdropped and attnotnull
               and not atthasdef and attidentity = '' and attname <> all (array['{listed}']))"
        ))
        .await;
    let (names, defaults): (Vec<_>, Vec<_>) = more.iter().filter_map(|pair| pair.split_once('=')).unzip();
    let names: Vec<&str> = std::iter::once(columns).chain(names).collect();
    let values: Vec<&str> = std::iter::once(values).chain(defaults).collect();
    format!(
        "insert into {table} ({}) select {} from generate_series(1, {rows}) i",
        names.join(", "),
        values.join(", ")
    )
}

/// A database of its own with `rows()` rows in every table and two long histories.
async fn filled() -> (Fresh, Reader) {
    let fresh = Fresh::migrated().await;
    let reader = Reader::connect(&fresh.url()).await;
    for (table, columns, values) in FILL {
        reader.fill(&insert(&reader, table, columns, values, rows()).await).await;
    }
    for (workspace, versions) in (1..).zip(VERSIONS) {
        let (_, columns, values) = FILL[4];
        let values = values.replace("|| i)", &format!("|| {workspace})")).replace("uuid, 1,", "uuid, i + 1,");
        reader.fill(&insert(&reader, FILL[4].0, columns, &values, i64::from(versions) - 1).await).await;
        reader
            .fill(&format!(
                "update public.workspace_context set latest_version = {versions}
                 where workspace_id = md5('w{workspace}')::uuid"
            ))
            .await;
    }
    reader.fill("analyze").await;
    (fresh, reader)
}

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
    assert!(large.len() >= FILL.len() - 1, "the tables are filled: {large:?}");
    let owner = person(&reader, 500).await;
    let calls =
        BY_PEOPLE.iter().map(|call| (owner, call)).chain(BY_SERVICE.iter().map(|call| (Who::Service, call)));
    let (mut wrong, mut asserted) = (Vec::new(), 0);
    for (who, (call, index)) in calls {
        for generic in [false, true] {
            let plans = reader.explain(who, &format!("select {call}"), generic).await;
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
    let functions: Vec<String> = reader
        .one(
            "select array(select 'public.' || proname from pg_proc
                          where pronamespace = 'public'::regnamespace and prokind = 'f')",
        )
        .await;
    for function in functions {
        let named = format!("{function}(");
        if !BY_PEOPLE.iter().chain(BY_SERVICE).any(|(call, _)| call.starts_with(&named)) {
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
            let sql = format!("select {}", call.replace("w500", &format!("w{number}")));
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
    drop(reader);
    fresh.stop().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("counted: {asserted} plans asserted over {} rows a table", rows());
    println!("counted: pages touched at {VERSIONS:?} versions: {touched:?}");
}
