//! The files themselves: twice over, and on top of an older installation.

use std::path::Path;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::stack::Fresh;
use crate::support::{Db, Who};

/// Applies every file in order, each in one transaction.
pub async fn migrate(db: &Db) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of migrations")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "there are migrations");
    for file in files {
        let sql = std::fs::read_to_string(&file).expect("a readable file");
        db.client
            .batch_execute(&format!("begin; {sql}\n; commit;"))
            .await
            .unwrap_or_else(|error| panic!("{}: {error:?}", file.display()));
    }
}

/// Everything that the catalogue knows about the schemas of ours, one line each.
pub async fn schema(db: &Db) -> Vec<String> {
    let rows = db
        .client
        .query(
            "with ours as (select oid from pg_namespace where nspname in ('public', 'private'))
             select 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
               || ' ' || a.attnotnull || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '') || ' ' || coalesce(a.attacl::text, '')
             from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
             where c.relnamespace in (select oid from ours) and c.relkind in ('r', 'v')
             union all select 'relation ' || relname || ' ' || relkind::text || ' ' || relrowsecurity || ' '
               || coalesce(array(select unnest(relacl)::text order by 1)::text, '') || ' ' || coalesce(obj_description(oid, 'pg_class'), '')
             from pg_class where relnamespace in (select oid from ours)
             union all select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
             from pg_constraint where connamespace in (select oid from ours)
             union all select 'index ' || indexdef from pg_indexes where schemaname in ('public', 'private')
             union all select 'policy ' || p::text from pg_policies p where schemaname in ('public', 'private')
             union all select 'trigger ' || pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = t.tgrelid
             where not t.tgisinternal and (c.relnamespace in (select oid from ours) or c.relnamespace = 'auth'::regnamespace)
             union all select 'function ' || pg_get_functiondef(oid) || coalesce(array(select unnest(proacl)::text order by 1)::text, '')
               || coalesce(obj_description(oid, 'pg_proc'), '')
             from pg_proc where pronamespace in (select oid from ours) and prokind = 'f'
             union all select 'schema ' || nspname || coalesce(array(select unnest(nspacl)::text order by 1)::text, '') from pg_namespace where oid in (select oid from ours)
             union all select 'default ' || defaclobjtype::text || coalesce(defaclacl::text, '') from pg_default_acl
             order by 1",
            &[],
        )
        .await
        .unwrap_or_else(|error| panic!("{error:?}"));
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn running_the_files_twice_changes_nothing() {
    let fresh = Fresh::start().await;
    let db = Db::connect(&fresh.url()).await;
    migrate(&db).await;
    let account = db.sign_up(Some("asha@example.in"), json!({})).await;
    let once = schema(&db).await;
    assert!(once.len() > 100, "the snapshot holds the schema");
    migrate(&db).await;
    let twice = schema(&db).await;
    let lost: Vec<_> = once.iter().filter(|line| !twice.contains(line)).collect();
    let new: Vec<_> = twice.iter().filter(|line| !once.contains(line)).collect();
    assert!(lost.is_empty() && new.is_empty(), "lost {lost:#?}\nnew {new:#?}");
    let rows: i64 = db.one("select count(*) from public.users where auth_user_id = $1", &[&account]).await;
    assert_eq!(rows, 1, "and the data stays");
    drop(db);
    fresh.stop().await;
}

/// Tables of the older installation, and what they are called once ours stand beside them.
const OLDER: [(&str, &str); 9] = [
    ("users", "users"),
    ("workspaces", "workspaces"),
    ("workspace_members", "workspace_members"),
    ("payment_transactions", "payment_transactions"),
    ("subscriptions", "subscriptions_legacy"),
    ("plans", "plans_legacy"),
    ("business_context_manifests", "business_context_manifests_legacy"),
    ("bcm_version_history", "bcm_version_history"),
    ("auth.users", "auth.users"),
];

/// The account of one of the older people, by the letter of their ids.
fn older(letter: char) -> Uuid {
    id('a', letter)
}

fn id(kind: char, letter: char) -> Uuid {
    format!("{kind}0000000-0000-4000-8000-00000000000{letter}").parse().expect("an id")
}

async fn older_installation() -> (Fresh, Db) {
    let fresh = Fresh::start().await;
    let db = Db::connect(&fresh.url()).await;
    db.client.batch_execute(include_str!("older_installation.sql")).await.expect("the older schema");
    (fresh, db)
}

#[tokio::test]
async fn an_older_installation_loses_no_row_and_its_people_go_on() {
    let (fresh, mut db) = older_installation().await;
    let broken =
        db.client.execute("insert into auth.users (id, email) values (gen_random_uuid(), 'x@x.in')", &[]);
    assert!(broken.await.is_err(), "nobody could sign up");
    let mut before = Vec::new();
    for (table, _) in OLDER {
        before.push(db.one::<i64>(&format!("select count(*) from {table}"), &[]).await);
    }
    assert!(before.iter().all(|&rows| rows > 0), "{before:?}");
    migrate(&db).await;
    let once: Value =
        db.one("select jsonb_agg(s order by workspace_id) from public.subscriptions s", &[]).await;
    db.run(
        "update public.subscriptions set current_period_end = '2035-01-01' where workspace_id = $1",
        &[&id('c', 'a')],
    )
    .await;
    migrate(&db).await;
    for ((_, table), before) in OLDER.iter().zip(before) {
        let after = db.one::<i64>(&format!("select count(*) from {table}"), &[]).await;
        assert_eq!(after, before, "rows of {table}");
    }
    assert_eq!(once.as_array().map(Vec::len), Some(6), "one per workspace");
    let kept: String = db
        .one(
            "select current_period_end::date::text from public.subscriptions where workspace_id = $1",
            &[&id('c', 'a')],
        )
        .await;
    assert_eq!(kept, "2035-01-01", "a newer row is not written over");
    db.run(
        "update public.subscriptions set current_period_end = '2031-01-10' where workspace_id = $1",
        &[&id('c', 'a')],
    )
    .await;

    // Everybody signs in and finds their workspace, with access to the end that the older row names.
    let until = |text: &str| Some(text.to_owned());
    for (letter, plan, status, access) in [
        ('a', "glide", "active", until("2031-01-13T00:00:00.000Z")),
        ('b', "trial", "trial", until("2031-02-01T00:00:00.000Z")),
        ('c', "soar", "cancelled", until("2031-03-01T00:00:00.000Z")),
        ('d', "soar", "active", until("2031-03-03T00:00:00.000Z")),
        ('e', "trial", "trial", until("2020-01-08T00:00:00.000Z")),
        ('f', "glide", "expired", None),
    ] {
        let who = Who::Person(older(letter));
        let ensured = db.call(who, "select public.ensure_profile()", &[]).await.expect("a profile");
        assert_eq!(ensured["workspace_id"], json!(id('c', letter).to_string()), "{letter}");
        assert_eq!(ensured["role"], "owner", "{letter}");
        let facts = db.call(who, "select public.verify_profile()", &[]).await.expect("facts");
        assert_eq!((&facts["plan"], &facts["plan_status"]), (&json!(null), &json!(status)), "{letter}");
        assert_eq!(facts["access_until"], json!(access), "{letter}");
        let legacy: String = db
            .one("select legacy_plan from public.subscriptions where workspace_id = $1", &[&id('c', letter)])
            .await;
        assert_eq!(legacy, plan, "{letter}");
    }
    let mapped: Vec<(String, String)> = db
        .client
        .query("select table_name || '.' || column_name, value from private.legacy_values order by 1, 2", &[])
        .await
        .expect("what was kept aside")
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    let expected = [
        ("public.users.avatar_url", ""),
        ("public.users.avatar_url", "c.png"),
        ("public.workspaces.name", ""),
    ];
    assert_eq!(mapped, expected.map(|(column, value)| (column.to_owned(), value.to_owned())));

    // Two tenants, and a third who was invited into the first one's workspace.
    let new = db.sign_up(Some("new@example.in"), json!({ "full_name": "Asha.Rao" })).await;
    assert_eq!(db.one::<i64>("select count(*) from public.signup_failures", &[]).await, 0);
    for (person, workspaces, payments, others) in
        [(older('a'), 1, 1, 0), (older('b'), 2, 2, 0), (older('d'), 1, 0, 0), (new, 1, 0, 0)]
    {
        let tx = db.act(Who::Person(person)).await;
        for (table, rows) in [
            ("workspaces", workspaces),
            ("payment_transactions", payments),
            ("users", 1),
            ("business_context_manifests", others),
        ] {
            let seen: i64 =
                tx.query_one(&format!("select count(*) from public.{table}"), &[]).await.expect(table).get(0);
            assert_eq!(seen, rows, "{table} of {person}");
        }
    }

    // Nothing of the older tables keeps a person from leaving.
    for letter in ['a', 'b', 'c'] {
        assert_eq!(db.run("delete from auth.users where id = $1", &[&older(letter)]).await, 1, "{letter}");
    }
    drop(db);
    fresh.stop().await;
}

#[tokio::test]
async fn the_doors_of_an_older_installation_are_closed() {
    let (fresh, mut db) = older_installation().await;
    migrate(&db).await;
    for sql in [
        "update public.users set subscription_plan = 'soar', subscription_status = 'active'",
        "update public.workspaces set name = 'taken'",
        "update public.plans_legacy set monthly_price = 1",
        "update public.plans set monthly_paise = 1",
        "select 1 from public.subscriptions_legacy",
        "select 1 from public.business_context_manifests_legacy",
        "select 1 from public.bcm_version_history",
        "select 1 from private.legacy_values",
        "insert into public.payment_transactions (workspace_id, merchant_order_id, amount)
         select id, 'mine', 100 from public.workspaces",
    ] {
        let tx = db.act(Who::Person(older('a'))).await;
        let refused = tx.execute(sql, &[]).await.expect_err(sql);
        assert_eq!(refused.code().map(|code| code.code()), Some("42501"), "{sql}");
    }
    let callable: i64 = db
        .one(
            "select count(*) from pg_proc where pronamespace = 'public'::regnamespace
               and proname in ('handle_new_user_workspace', 'handle_new_auth_user')
               and (has_function_privilege('anon', oid, 'execute') or has_function_privilege('authenticated', oid, 'execute'))",
            &[],
        )
        .await;
    assert_eq!(callable, 0);
    drop(db);
    fresh.stop().await;
}

#[tokio::test]
async fn words_of_other_ladders_are_mapped_and_kept() {
    let (fresh, db) = older_installation().await;
    db.client
        .batch_execute(
            "alter table public.workspace_members drop constraint workspace_members_role_check;
             alter table public.subscriptions drop constraint subscriptions_plan_check,
               drop constraint subscriptions_status_check, add grace_period_end timestamptz;
             alter table public.payment_transactions drop constraint payment_transactions_status_check;
             alter table public.users add onboarding_status text;
             alter table public.workspace_members disable trigger update_members;
             update public.workspace_members set role = 'viewer' where role = 'admin';
             alter table public.workspace_members enable trigger update_members;
             update public.users set onboarding_status = 'active' where email = 'a@example.in';
             update public.payment_transactions set status = 'SUCCESS' where merchant_order_id = 'old-1';
             update public.payment_transactions set status = 'canceled' where merchant_order_id = 'old-2';
             update public.subscriptions set plan = 'enterprise', status = 'unpaid' where workspace_id::text like '%a';
             update public.subscriptions set status = 'canceled', current_period_end = '2031-05-01' where workspace_id::text like '%b';
             update public.subscriptions set status = 'past_due', grace_period_end = '2031-06-01' where workspace_id::text like '%d';
             update public.subscriptions set status = null where workspace_id::text like '%e';
             update public.subscriptions set status = 'trialing', current_period_end = null where workspace_id::text like '%f';",
        )
        .await
        .expect("words that none of our constraints knows");
    migrate(&db).await;
    migrate(&db).await;
    for (letter, expected) in [
        ('a', "expired -"),
        ('b', "cancelled 2031-05-01"),
        ('c', "cancelled 2031-03-01"),
        ('d', "past_due 2031-06-01"),
        ('e', "expired -"),
        ('f', "trial 2020-01-08"),
    ] {
        let found: String = db
            .one(
                "select status || ' ' || coalesce(private.access_until(s)::date::text, '-')
                 from public.subscriptions s where workspace_id = $1",
                &[&id('c', letter)],
            )
            .await;
        assert_eq!(found, expected, "{letter}");
    }
    let kept: Vec<String> = db
        .one(
            "select array_agg(column_name || ' ' || value order by 1) from private.legacy_values
             where column_name in ('role', 'status', 'onboarding_status')",
            &[],
        )
        .await;
    let mut kept = kept;
    kept.sort_unstable();
    assert_eq!(kept, ["onboarding_status active", "role viewer", "status SUCCESS"]);
    let orders: Vec<String> = db
        .one(
            "select array_agg(status::text order by merchant_order_id) from public.payment_transactions",
            &[],
        )
        .await;
    assert_eq!(orders, ["failed", "cancelled"], "an unknown word is no proof of money");
    drop(db);
    fresh.stop().await;
}

#[tokio::test]
async fn the_smaller_older_base_is_taken_over_too() {
    let fresh = Fresh::start().await;
    let mut db = Db::connect(&fresh.url()).await;
    db.client.batch_execute(include_str!("older_base.sql")).await.expect("the older base");
    let old = db.sign_up(Some("old@example.in"), json!({})).await;
    let before: Uuid = db.one("select id from public.workspaces", &[]).await;
    migrate(&db).await;
    migrate(&db).await;
    let new = db.sign_up(Some("new@example.in"), json!({})).await;
    assert_eq!(db.one::<i64>("select count(*) from public.signup_failures", &[]).await, 0);
    for account in [old, new] {
        let ensured =
            db.call(Who::Person(account), "select public.ensure_profile()", &[]).await.expect("a profile");
        assert_eq!(ensured["created"], false);
        assert_eq!(ensured["workspace_id"] == json!(before.to_string()), account == old, "each their own");
        let tx = db.act(Who::Person(account)).await;
        let seen: i64 =
            tx.query_one("select count(*) from public.workspaces", &[]).await.expect("rows").get(0);
        assert_eq!(seen, 1);
    }
    drop(db);
    fresh.stop().await;
}
