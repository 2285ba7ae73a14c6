//! A workspace with a row in every table, and everybody who stands in some relation to it.

use serde_json::json;
use uuid::Uuid;

use crate::support::{Db, Who, World};

/// How the rows of one table belong to a workspace. In both texts `$w` is the workspace and `$o` the owner's auth id.
pub struct Table {
    pub name: &'static str,
    /// Picks the workspace's rows; without a placeholder the rows belong to everybody.
    pub rows: &'static str,
    /// Makes one, after those of the tables before; empty where signing up has made it.
    pub seed: &'static str,
}

const fn table(name: &'static str, rows: &'static str, seed: &'static str) -> Table {
    Table { name, rows, seed }
}

/// Every table of the schema `public`: a test compares the names with the catalogue.
pub const TABLES: &[Table] = &[
    table("users", "auth_user_id = '$o'", ""),
    table("workspaces", "id = '$w'", ""),
    table("workspace_members", "workspace_id = '$w'", ""),
    table("audit_log", "workspace_id = '$w'", ""),
    table("plans", "true", ""),
    table(
        "signup_failures",
        "auth_user_id = '$o'",
        "(auth_user_id, sqlstate, message, healed_at) values ('$o', 'XX000', 'made by a test', now())",
    ),
    table(
        "business_context_manifests",
        "workspace_id = '$w'",
        "(workspace_id, version, source, content, checksum, business_context, answers, token_estimate)
         values ('$w', 1, 'onboarding', '{\"a\":\"secret of $w\"}', repeat('0', 64), '{}', '{}', 1)",
    ),
    table(
        "workspace_context",
        "workspace_id = '$w'",
        "(workspace_id, latest_version, confirmed_at, answers) values ('$w', 1, now(), '{\"a\":\"secret of $w\"}')",
    ),
    table(
        "onboarding_snapshots",
        "workspace_id = '$w'",
        "(workspace_id, revision, answers) values ('$w', 1, '{\"a\":\"secret of $w\"}')",
    ),
    table(
        "subscriptions",
        "workspace_id = '$w'",
        "(workspace_id, plan, status, current_period_start, current_period_end)
         values ('$w', 'glide', 'active', now(), now() + interval '30 days')",
    ),
    table(
        "payment_transactions",
        "workspace_id = '$w'",
        "(workspace_id, plan, billing_interval, amount) values ('$w', 'glide', 'month', 700000)",
    ),
    table(
        "payment_order_keys",
        "workspace_id = '$w'",
        "(workspace_id, idempotency_key, transaction_id)
         select '$w', 'seed', id from public.payment_transactions where workspace_id = '$w'",
    ),
    table(
        "payment_events",
        "transaction_id in (select id from public.payment_transactions where workspace_id = '$w')",
        "(transaction_id, source, state_seen, outcome, status)
         select id, 'person', 'CREATED', 'created', 'pending'
         from public.payment_transactions where workspace_id = '$w'",
    ),
    table(
        "refunds",
        "transaction_id in (select id from public.payment_transactions where workspace_id = '$w')",
        "(transaction_id, amount, status, requested_by, requested_as, reason, idempotency_key)
         select id, 100, 'failed', '$o', 'owner', 'secret of $w', 'seed'
         from public.payment_transactions where workspace_id = '$w'",
    ),
    table("payment_incidents", "order_id = '$w'", "(order_id, kind) values ('$w', 'unknown_order')"),
    table(
        "webhook_inbox",
        "order_id = '$w'",
        "(raw_base64, sha256, verified, order_id, state) values ('', repeat('0', 64), false, '$w', 'rejected')",
    ),
    table(
        "webhook_rejections",
        "true",
        "(minute, seen) values (now() - interval '29 days', 1) on conflict do nothing",
    ),
    table(
        "email_outbox",
        "idempotency_key = '$w'",
        "(idempotency_key, to_email, template, next_attempt_at) values ('$w', 'a@example.in', 'none', null)",
    ),
    table(
        "workspace_invitations",
        "workspace_id = '$w'",
        "(workspace_id, email, role, token_sha256, invited_by, expires_at)
         values ('$w', 'invited-$w@example.in', 'member', encode(sha256('$w'::bytea), 'hex'), '$o', now() + interval '1 day')",
    ),
    table(
        "moves",
        "workspace_id = '$w'",
        "(workspace_id, title, week, created_by) values ('$w', 'secret of $w', '2026-01-05', '$o')",
    ),
    table(
        "campaigns",
        "workspace_id = '$w'",
        "(workspace_id, name, created_by) values ('$w', 'secret of $w', '$o')",
    ),
    table(
        "suggestion_requests",
        "workspace_id = '$w'",
        "(workspace_id, fields, asked_by) values ('$w', '{brand_tone}', '$o')",
    ),
    table(
        "context_suggestions",
        "workspace_id = '$w'",
        "(workspace_id, request_id, field, answer, model)
         select '$w', id, 'brand_tone', '\"secret of $w\"', 'm' from public.suggestion_requests where workspace_id = '$w'",
    ),
];

impl Table {
    /// The rows of every tenant alike.
    pub fn is_everybodys(&self) -> bool {
        !self.rows.contains('$')
    }
}

/// The columns of the matrix, in the order of its header.
pub const PERSONAS: [&str; 8] =
    ["anon", "outsider", "ex-member", "disabled", "member", "admin", "owner", "service_role"];

/// A workspace, its rows and its people.
pub struct Tenant {
    pub workspace: Uuid,
    pub owner: Uuid,
    pub member: Uuid,
    pub outsider: Uuid,
    pub ex_member: Uuid,
    admin: Uuid,
    disabled: Uuid,
}

impl Tenant {
    /// A fresh one with at least one row in every table.
    pub async fn new(db: &Db) -> Tenant {
        let World { workspace, owner, admin, member, outsider } = World::new(db).await;
        let mut gone = Vec::new();
        for sql in [
            "update public.workspace_members set is_active = false where user_id = $1",
            "update public.users set is_active = false where id = $1",
        ] {
            let account = db.sign_up(Some(&format!("{}@example.in", Uuid::new_v4())), json!({})).await;
            let person: Uuid = db
                .one(
                    "insert into public.workspace_members (workspace_id, user_id, role)
                     select $1, id, 'admin' from public.users where auth_user_id = $2 returning user_id",
                    &[&workspace, &account],
                )
                .await;
            assert!(db.run(sql, &[&person]).await > 0, "{sql}");
            gone.push(account);
        }
        let [ex_member, disabled] = gone[..] else { panic!("two people") };
        let tenant = Tenant { workspace, owner, member, outsider, ex_member, admin, disabled };
        for table in TABLES {
            if !table.seed.is_empty() {
                db.run(&tenant.fill(&format!("insert into public.{} {}", table.name, table.seed)), &[]).await;
            }
            let sql = format!("select count(*) from public.{} where {}", table.name, table.rows);
            let rows: i64 = db.one(&tenant.fill(&sql), &[]).await;
            assert!(rows > 0, "{} has a row of the workspace", table.name);
        }
        tenant
    }

    /// A text of [`TABLES`] with this tenant's ids in it.
    pub fn fill(&self, sql: &str) -> String {
        sql.replace("$w", &self.workspace.to_string()).replace("$o", &self.owner.to_string())
    }

    /// Everybody, in the order of [`PERSONAS`].
    pub fn people(&self) -> [Who; 8] {
        [
            Who::Anon,
            Who::Person(self.outsider),
            Who::Person(self.ex_member),
            Who::Person(self.disabled),
            Who::Person(self.member),
            Who::Person(self.admin),
            Who::Person(self.owner),
            Who::Service,
        ]
    }

    /// One line per table with the number and the hash of this tenant's rows, read as the owner of the tables. Rows that
    /// are everybody's are left out: other tests write them meanwhile.
    pub fn checksum_sql(&self) -> String {
        let parts: Vec<String> = TABLES
            .iter()
            .filter(|table| !table.is_everybodys())
            .map(|table| {
                format!(
                    "select '{name} ' || count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '')
                     from public.{name} t where {rows}",
                    name = table.name,
                    rows = table.rows
                )
            })
            .collect();
        self.fill(&format!("select array({})", parts.join(" union all ")))
    }
}
