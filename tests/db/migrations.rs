//! The files themselves: twice over, and on top of an older installation.

use std::path::Path;

use serde_json::json;
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

#[tokio::test]
async fn an_older_installation_is_taken_over_and_closed() {
    let fresh = Fresh::start().await;
    let mut db = Db::connect(&fresh.url()).await;
    db.client.batch_execute(include_str!("older_installation.sql")).await.expect("the older schema");
    let old = Uuid::new_v4();
    db.run("insert into auth.users (id, email) values ($1, 'old@example.in')", &[&old]).await;
    let before: Uuid = db.one("select id from public.workspaces", &[]).await;
    migrate(&db).await;
    migrate(&db).await;

    let new = db.sign_up(Some("new@example.in"), json!({ "full_name": "Asha.Rao" })).await;
    let failures: i64 = db.one("select count(*) from public.signup_failures", &[]).await;
    assert_eq!(failures, 0);
    for (account, created) in [(old, false), (new, false)] {
        let ensured =
            db.call(Who::Person(account), "select public.ensure_profile()", &[]).await.expect("a profile");
        assert_eq!(ensured["created"], created);
        let facts =
            db.call(Who::Person(account), "select public.verify_profile()", &[]).await.expect("facts");
        assert_eq!((&facts["workspace_exists"], &facts["plan_status"]), (&json!(true), &json!("none")));
        if account == old {
            assert_eq!(
                ensured["workspace_id"],
                json!(before.to_string()),
                "the old workspace is still theirs"
            );
        }
    }
    db.run("update public.workspace_members set role = 'owner'", &[]).await;

    // The doors that the older installation left open.
    for sql in [
        "update public.users set subscription_plan = 'soar', subscription_status = 'active'",
        "update public.workspaces set name = 'taken'",
        "update public.plans_legacy set monthly_price = 1",
        "update public.plans set monthly_paise = 1",
        "select 1 from public.subscriptions_legacy",
        "insert into public.payment_transactions (workspace_id, merchant_order_id, amount)
         select id, 'mine', 100 from public.workspaces",
    ] {
        let tx = db.act(Who::Person(new)).await;
        let refused = tx.execute(sql, &[]).await.expect_err(sql);
        assert_eq!(refused.code().map(|code| code.code()), Some("42501"), "{sql}");
    }
    let seen: i64 = {
        let tx = db.act(Who::Person(new)).await;
        tx.query_one("select count(*) from public.users", &[]).await.expect("own row").get(0)
    };
    assert_eq!(seen, 1, "policies that let everybody in are gone");
    let kept: i64 = db.one("select count(*) from public.subscriptions_legacy", &[]).await;
    assert_eq!(kept, 1, "what was bought is kept");
    drop(db);
    fresh.stop().await;
}
