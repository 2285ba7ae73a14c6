//! Persona × table × verb: what each role may do to the rows of somebody's workspace.

use serde_json::json;
use tokio_postgres::Transaction;
use tokio_postgres::error::SqlState;

use crate::manifests::submit;
use crate::support::{Db, Who, World};

/// Per persona four cells, select · insert · update · delete: a letter where the verb reaches a row (or, for insert, is
/// permitted), `0` where it is permitted and finds nothing, `-` where it is refused.
struct Line {
    table: &'static str,
    /// Picks the rows of the owner's workspace; `$w` is the workspace, `$o` the owner's auth id.
    rows: &'static str,
    /// The column that the update sets to itself.
    column: &'static str,
    cells: [&'static str; 6],
}

const PERSONAS: [&str; 6] = ["anon", "outsider", "member", "admin", "owner", "service_role"];

const MATRIX: &[Line] = &[
    Line {
        table: "users",
        rows: "auth_user_id = '$o'",
        column: "full_name",
        cells: ["----", "0-0-", "0-0-", "0-0-", "S-U-", "SIUD"],
    },
    Line {
        table: "workspaces",
        rows: "id = '$w'",
        column: "name",
        cells: ["----", "0---", "S---", "S---", "S---", "SIUD"],
    },
    Line {
        table: "workspace_members",
        rows: "workspace_id = '$w'",
        column: "role",
        cells: ["----", "0---", "S---", "S---", "S---", "SIUD"],
    },
    Line {
        table: "workspace_invitations",
        rows: "workspace_id = '$w'",
        column: "role",
        cells: ["----", "----", "----", "----", "----", "S---"],
    },
    Line {
        table: "moves",
        rows: "workspace_id = '$w'",
        column: "status",
        cells: ["----", "0---", "S---", "S---", "S---", "S---"],
    },
    Line {
        table: "campaigns",
        rows: "workspace_id = '$w'",
        column: "status",
        cells: ["----", "0---", "S---", "S---", "S---", "S---"],
    },
    Line {
        table: "payment_transactions",
        rows: "workspace_id = '$w'",
        column: "status",
        cells: ["----", "0---", "0---", "S---", "S---", "S---"],
    },
    Line {
        table: "payment_order_keys",
        rows: "workspace_id = '$w'",
        column: "idempotency_key",
        cells: ["----", "----", "----", "----", "----", "S---"],
    },
    Line {
        table: "payment_events",
        rows: "transaction_id in (select id from public.payment_transactions where workspace_id = '$w')",
        column: "source",
        cells: ["----", "0---", "0---", "S---", "S---", "S---"],
    },
    Line {
        table: "payment_incidents",
        rows: "order_id = '$w'",
        column: "kind",
        cells: ["----", "----", "----", "----", "----", "S---"],
    },
    Line {
        table: "webhook_inbox",
        rows: "order_id = '$w'",
        column: "state",
        cells: ["----", "----", "----", "----", "----", "S---"],
    },
    Line {
        table: "webhook_rejections",
        rows: "true",
        column: "seen",
        cells: ["----", "----", "----", "----", "----", "S---"],
    },
    Line {
        table: "email_outbox",
        rows: "idempotency_key = '$w'",
        column: "state",
        cells: ["----", "----", "----", "----", "----", "S---"],
    },
    Line {
        table: "onboarding_snapshots",
        rows: "workspace_id = '$w'",
        column: "answers",
        cells: ["----", "0---", "S---", "S---", "S---", "S---"],
    },
    Line {
        table: "plans",
        rows: "plan = 'glide'",
        column: "monthly_paise",
        cells: ["S---", "S---", "S---", "S---", "S---", "S---"],
    },
    Line {
        table: "business_context_manifests",
        rows: "workspace_id = '$w'",
        column: "source",
        cells: ["----", "0---", "S---", "S---", "S---", "SI--"],
    },
    Line {
        table: "workspace_context",
        rows: "workspace_id = '$w'",
        column: "confirmed_at",
        cells: ["----", "0---", "S---", "S---", "S---", "SIU-"],
    },
    Line {
        table: "subscriptions",
        rows: "workspace_id = '$w'",
        column: "status",
        cells: ["----", "0---", "S---", "S---", "S---", "SIU-"],
    },
    Line {
        table: "audit_log",
        rows: "workspace_id = '$w'",
        column: "action",
        cells: ["----", "----", "----", "----", "----", "S---"],
    },
    Line {
        table: "signup_failures",
        rows: "auth_user_id = '$o'",
        column: "message",
        cells: ["----", "----", "----", "----", "----", "S---"],
    },
];

/// One cell: how many rows a statement met, or nothing when it was refused for want of a right.
async fn attempt(tx: &mut Transaction<'_>, sql: &str) -> Option<u64> {
    let step = tx.transaction().await.expect("a savepoint opens");
    match step.execute(sql, &[]).await {
        Ok(rows) => Some(rows),
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => None,
        // The insert of an empty row: the right was there, the columns were not.
        Err(error) if error.code() == Some(&SqlState::NOT_NULL_VIOLATION) => Some(1),
        Err(error) => panic!("{sql}: {error:?}"),
    }
}

async fn cells(db: &mut Db, who: Who, line: &Line, world: &World) -> String {
    let (table, column) = (line.table, line.column);
    let rows = line.rows.replace("$w", &world.workspace.to_string()).replace("$o", &world.owner.to_string());
    let mut tx = db.act(who).await;
    let mut found = String::new();
    for (letter, sql) in [
        ('S', format!("select 1 from public.{table} where {rows}")),
        ('I', format!("insert into public.{table} default values")),
        ('U', format!("update public.{table} set {column} = {column} where {rows}")),
        ('D', format!("delete from public.{table} where {rows}")),
    ] {
        found.push(match attempt(&mut tx, &sql).await {
            None => '-',
            Some(0) => '0',
            Some(_) => letter,
        });
    }
    found
}

#[tokio::test]
async fn every_persona_can_do_to_every_table_what_the_matrix_says_and_no_more() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    submit(&mut db, Who::Person(world.owner), world.workspace, &json!({ "a": 1 })).await.expect("a manifest");
    db.run(
        "insert into public.subscriptions (workspace_id, plan, status, current_period_start, current_period_end)
         values ($1, 'glide', 'active', now(), now() + interval '30 days')",
        &[&world.workspace],
    )
    .await;
    db.run(
        "with t as (insert into public.payment_transactions (workspace_id, amount) values ($1, 700000) returning id),
           k as (insert into public.payment_order_keys (workspace_id, idempotency_key, transaction_id)
                 select $1, 'key', id from t),
           e as (insert into public.payment_events (transaction_id, source, state_seen, outcome, status)
                 select id, 'person', 'CREATED', 'created', 'pending' from t),
           i as (insert into public.payment_incidents (order_id, kind) values ($1::text, 'unknown_order')),
           w as (insert into public.webhook_inbox (raw_base64, sha256, verified, order_id, state)
                 values ('', repeat('0', 64), false, $1::text, 'rejected')),
           r as (insert into public.webhook_rejections (minute, seen) values (now() - interval '29 days', 1)
                 on conflict do nothing),
           m as (insert into public.email_outbox (idempotency_key, to_email, template, next_attempt_at)
                 values ($1::text, 'a@example.in', 'none', null))
         insert into public.onboarding_snapshots (workspace_id, revision, answers) values ($1, 1, '{}')
         on conflict do nothing",
        &[&world.workspace],
    )
    .await;
    db.run(
        "with i as (insert into public.workspace_invitations (workspace_id, email, role, token_sha256, invited_by, expires_at)
                    values ($1, 'a@example.in', 'member', md5($1::uuid::text) || md5('x'), gen_random_uuid(), now())),
           m as (insert into public.moves (workspace_id, title, week, created_by)
                 values ($1, 'made by a test', private.week_of(now()), gen_random_uuid()))
         insert into public.campaigns (workspace_id, name, created_by) values ($1, 'made by a test', gen_random_uuid())",
        &[&world.workspace],
    )
    .await;
    db.run(
        "insert into public.signup_failures (auth_user_id, sqlstate, message, healed_at)
         values ($1, 'XX000', 'made by a test', now())",
        &[&world.owner],
    )
    .await;

    let who = [
        Who::Anon,
        Who::Person(world.outsider),
        Who::Person(world.member),
        Who::Person(world.admin),
        Who::Person(world.owner),
        Who::Service,
    ];
    let mut wrong = Vec::new();
    for line in MATRIX {
        for (index, persona) in PERSONAS.iter().enumerate() {
            let found = cells(&mut db, who[index], line, &world).await;
            if found != line.cells[index] {
                wrong.push(format!(
                    "{persona} on {}: {} expected, {found} found",
                    line.table, line.cells[index]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let tables: Vec<String> = db
        .one(
            "select array_agg(relname::text order by relname) from pg_class
             where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')",
            &[],
        )
        .await;
    let mut listed: Vec<&str> = MATRIX.iter().map(|line| line.table).collect();
    listed.sort_unstable();
    assert_eq!(tables, listed, "every table and view of the schema public stands in the matrix");
}

#[tokio::test]
async fn a_person_edits_their_name_and_picture_and_nothing_else() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let columns: Vec<String> = db
        .one(
            "select array_agg(c.relname || '.' || a.attname order by 1)
             from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
               and c.relname <> 'plans' and (has_column_privilege('authenticated', c.oid, a.attnum, 'update')
                 or has_column_privilege('authenticated', c.oid, a.attnum, 'insert')
                 or has_column_privilege('anon', c.oid, a.attnum, 'select, insert, update'))",
            &[],
        )
        .await;
    let mut columns = columns;
    columns.sort_unstable();
    assert_eq!(columns, ["users.avatar_url", "users.full_name"]);

    for (sql, state) in [
        ("update public.users set full_name = 'Asha'", None),
        ("update public.users set full_name = 'Asha' returning id", None),
        ("update public.users set full_name = repeat('x', 256)", Some("23514")),
        ("update public.users set avatar_url = 'javascript:alert(1)'", Some("23514")),
        ("update public.users set onboarding_status = 'completed'", Some("42501")),
        ("update public.users set email = 'else@example.in'", Some("42501")),
        ("update public.users set auth_user_id = gen_random_uuid()", Some("42501")),
    ] {
        let tx = db.act(Who::Person(world.owner)).await;
        let found = tx.execute(sql, &[]).await;
        match state {
            None => assert_eq!(found.expect(sql), 1, "{sql}"),
            Some(state) => assert_eq!(found.expect_err(sql).code().map(SqlState::code), Some(state), "{sql}"),
        }
    }
}

#[tokio::test]
async fn a_disabled_person_or_membership_reaches_nothing() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let reached = "select to_jsonb(count(*)) from public.workspaces where id = $1";
    for (person, disable) in [
        (
            world.member,
            "update public.workspace_members m set is_active = false from public.users u
                        where u.id = m.user_id and u.auth_user_id = $1",
        ),
        (world.owner, "update public.users set is_active = false where auth_user_id = $1"),
    ] {
        assert_eq!(db.call(Who::Person(person), reached, &[&world.workspace]).await, Ok(json!(1)));
        db.run(disable, &[&person]).await;
        assert_eq!(db.call(Who::Person(person), reached, &[&world.workspace]).await, Ok(json!(0)));
        let refused = db
            .call(Who::Person(person), "select public.read_membership($1)", &[&world.workspace])
            .await
            .expect_err("no membership");
        assert_eq!((refused.state.as_str(), refused.code.as_str()), ("PT404", "workspace_not_found"));
    }
    let refused = db.call(Who::Person(world.owner), "select public.ensure_profile()", &[]).await;
    assert_eq!(refused.expect_err("disabled").code, "account_disabled");
}
