//! What the plans are looked at over: `GATEHOUSE_ROWS` rows in every table (50,000 without it).

use crate::plans_reader::Reader;
use crate::stack::Fresh;

/// Tables with what fills row `i` of them. Columns that must not be null and are not named here get something of their
/// type, so a column that is added later asks for nothing.
const FILL: &[(&str, &str, &str)] = &[
    ("auth.users", "id, email, email_confirmed_at", "md5('a' || i)::uuid, i || '@example.in', now()"),
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
        "public.refunds",
        "transaction_id, merchant_refund_id, provider_refund_id, amount, status, requested_by, requested_as, reason, \
         idempotency_key, next_check_at",
        "md5('t' || i)::uuid, 'GR' || i, 'OMR' || i, 100, case when i % 100 = 0 then 'pending' else 'completed' end,
         md5('a' || i)::uuid, 'owner', 'r', 'k' || i, case when i % 100 = 0 then now() - interval '1 hour' end",
    ),
    (
        "public.payment_incidents",
        "order_id, transaction_id, kind, resolved_at",
        "'GH' || i, md5('t' || i)::uuid, 'amount_mismatch', now()",
    ),
    (
        "public.webhook_inbox",
        "raw_base64, sha256, verified, order_id, state, next_attempt_at, finished_at",
        "'', encode(sha256(i::text::bytea), 'hex'), true, 'GH' || i,
         case when i % 100 = 0 then 'received' else 'applied' end, case when i % 100 = 0 then now() - interval '1 hour' end,
         case when i % 100 > 0 then now() end",
    ),
    (
        "public.webhook_rejections",
        "minute, seen",
        // Nothing is older than the 30 days after which such rows go.
        "now() - i * interval '2 seconds', 1",
    ),
    (
        "public.email_outbox",
        "idempotency_key, to_email, template, state, next_attempt_at, finished_at",
        "'e' || i, 'a@example.in', 'none', case when i % 100 = 0 then 'pending' else 'sent' end, now() - interval '1 hour',
         case when i % 100 > 0 then now() end",
    ),
    ("public.audit_log", "workspace_id, seq, action", "md5('w' || i)::uuid, 1, 'bcm.created'"),
    ("private.audit_heads", "chain, seq, hash", "md5('w' || i)::uuid::text, 1, repeat('0', 64)"),
    // Workspace i asked person i - 1, whose token is 't' and that number.
    (
        "public.workspace_invitations",
        "id, workspace_id, email, role, token_sha256, expires_at",
        "md5('i' || i)::uuid, md5('w' || i)::uuid, (i - 1) || '@example.in', 'member',
         encode(sha256(('t' || i - 1)::bytea), 'hex'), now() + interval '1 day'",
    ),
    // Workspaces 500 to 999 have all of these: one move a week, one campaign in eleven active.
    (
        "public.moves",
        "id, workspace_id, title, week",
        "md5('m' || i)::uuid, md5('w' || 500 + i % 500)::uuid, 'M', date '2000-01-03' + 7 * (i / 500)",
    ),
    (
        "public.campaigns",
        "id, workspace_id, name, status",
        "md5('c' || i)::uuid, md5('w' || 500 + i % 500)::uuid, 'C', case when i % 11 = 5 then 'active' else 'draft' end",
    ),
    ("public.suggestion_requests", "id, workspace_id, fields, created_at", "md5('q' || i)::uuid, md5('w' || i)::uuid, '{brand_tone}', now()"),
    (
        "public.context_suggestions",
        "id, workspace_id, request_id, field, answer, model",
        "md5('s' || i)::uuid, md5('w' || i)::uuid, md5('q' || i)::uuid, 'brand_tone', '\"x\"', 'm'",
    ),
    ("public.signup_failures", "auth_user_id, sqlstate, message, healed_at", "md5('a' || i)::uuid, 'XX000', 'x', now()"),
];

/// Workspace 1 has this many versions, workspace 2 that many.
pub const VERSIONS: [i32; 2] = [10, 10_000];

/// Workspaces with an audit chain of so many rows: shorter than the tables, because each row costs a hash.
pub const CHAINS: [(u32, fn() -> i64); 2] = [(4, || rows() / 50), (5, || rows() / 5)];

/// How many rows each table gets.
pub fn rows() -> i64 {
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

/// An audit chain that verifies. Written past `private.audit`, which moves the chain's head at every row: in one
/// transaction all of the head's older copies stay, so 50,000 appends would take time that grows with the square.
fn chain(workspace: u32, rows: i64) -> String {
    format!(
        "do $$ declare
           v_row public.audit_log;
         begin
           v_row.workspace_id := md5('w{workspace}')::uuid;
           v_row.action := 'bcm.created';
           v_row.details := '{{}}';
           v_row.created_at := now();
           v_row.hash := repeat('0', 64);
           delete from public.audit_log where workspace_id = v_row.workspace_id;
           for n in 1..{rows} loop
             v_row.seq := n;
             v_row.prev_hash := v_row.hash;
             v_row.hash := private.audit_hash(v_row);
             insert into public.audit_log (seq, workspace_id, action, details, created_at, prev_hash, hash)
             values (n, v_row.workspace_id, v_row.action, v_row.details, v_row.created_at, v_row.prev_hash, v_row.hash);
           end loop;
           update private.audit_heads set seq = {rows}, hash = v_row.hash where chain = v_row.workspace_id::text;
         end $$"
    )
}

/// A database of its own with `rows()` rows in every table, two long histories and two long audit chains.
pub async fn filled() -> (Fresh, Reader) {
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
    // A plan without limits counts nothing.
    reader
        .fill("update public.plans set moves_per_week = 1000, active_campaigns = 1000 where plan = 'glide'")
        .await;
    // Workspace 3 never had a plan; workspace 500 has a second member.
    reader.fill("delete from public.subscriptions where workspace_id = md5('w3')::uuid").await;
    let member = "(workspace_id, user_id) values (md5('w500')::uuid, md5('u501')::uuid)";
    reader.fill(&format!("insert into public.workspace_members {member}")).await;
    for (workspace, length) in CHAINS {
        reader.fill(&chain(workspace, length())).await;
    }
    reader.fill("analyze").await;
    (fresh, reader)
}
