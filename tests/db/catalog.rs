//! Rules that hold for whatever is in the schema, read from the catalogue.

use crate::support::Db;

/// Every row of a query of one text column, in order.
async fn list(sql: &str) -> Vec<String> {
    let db = Db::shared().await;
    let rows = db.client.query(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let mut found: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    found.sort_unstable();
    found
}

/// Functions of ours that a role may execute.
async fn executable_by(role: &str) -> Vec<String> {
    list(&format!(
        "select pronamespace::regnamespace || '.' || proname from pg_proc
         where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
           and has_function_privilege('{role}', oid, 'execute')
           and not exists (select from pg_depend d where d.objid = pg_proc.oid and d.deptype = 'e')"
    ))
    .await
}

#[tokio::test]
async fn anon_executes_nothing() {
    assert_eq!(executable_by("anon").await, Vec::<String>::new());
}

#[tokio::test]
async fn every_function_may_be_called_by_whom_the_page_says_and_runs_with_those_rights() {
    let rows = list(
        "select '| `' || pronamespace::regnamespace || '.' || proname || '(' || oidvectortypes(proargtypes) || ')` | '
           || coalesce((select string_agg(role, ', ' order by role) from unnest('{anon,authenticated,service_role}'::text[]) role
                        where has_function_privilege(role, p.oid, 'execute')), 'nobody') || ' | '
           || case when prosecdef then 'owner' else 'caller' end || ' |'
         from pg_proc p where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
           and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')",
    )
    .await;
    let header = "| function | may be called by | runs as |\n|---|---|---|\n";
    crate::security_doc::assert_block("functions", &format!("{header}{}\n", rows.join("\n")));
    println!("counted: {} functions listed with their callers", rows.len());
}

#[tokio::test]
async fn no_function_looks_names_up_along_the_callers_path() {
    let loose = list(
        r#"select oid::regprocedure::text from pg_proc
           where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
             and not exists (select from pg_depend d where d.objid = pg_proc.oid and d.deptype = 'e')
             and coalesce('search_path=""' <> all (proconfig), true)"#,
    )
    .await;
    assert_eq!(loose, Vec::<String>::new());
}

#[tokio::test]
async fn every_table_has_row_level_security_and_a_policy() {
    let open = list(
        "select relname::text from pg_class c
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
           and (not relrowsecurity or not exists (select from pg_policy where polrelid = c.oid))",
    )
    .await;
    assert_eq!(open, Vec::<String>::new());
}

#[tokio::test]
async fn no_policy_lets_everybody_in_or_asks_for_the_caller_row_by_row() {
    let loose = list(
        r"select tablename || ': ' || policyname from pg_policies
          where schemaname = 'public'
            and (coalesce(qual, 'false') = 'true' or coalesce(with_check, 'false') = 'true'
              or roles = '{public}'
              or regexp_replace(concat(qual, with_check), 'SELECT auth\.uid\(\)', '', 'g') like '%auth.uid()%'
              or concat(qual, with_check) ~ 'user_metadata|auth\.role')",
    )
    .await;
    assert_eq!(loose, ["plans: Everybody reads the price list"]);
    // Two permissive policies for one verb and role are a door beside the door.
    let double = list(
        "select tablename || ' ' || cmd from pg_policies, unnest(roles) role
         where schemaname = 'public' and permissive = 'PERMISSIVE' group by tablename, cmd, role having count(*) > 1",
    )
    .await;
    assert_eq!(double, Vec::<String>::new());
}

#[tokio::test]
async fn every_foreign_key_has_an_index() {
    let bare = list(
        "select k.conrelid::regclass || ' ' || k.conname from pg_constraint k
         where k.contype = 'f' and k.connamespace = 'public'::regnamespace and not exists (
           select from pg_index i where i.indrelid = k.conrelid and i.indpred is null
             and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)",
    )
    .await;
    assert_eq!(bare, Vec::<String>::new());
}

#[tokio::test]
async fn every_table_and_function_says_what_it_is_for() {
    let silent = list(
        "select relname::text from pg_class
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v')
           and obj_description(oid, 'pg_class') is null
         union all
         select proname::text from pg_proc
         where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
           and obj_description(oid, 'pg_proc') is null",
    )
    .await;
    assert_eq!(silent, Vec::<String>::new());
}

#[tokio::test]
async fn what_a_later_migration_makes_starts_without_client_access() {
    let mut db = Db::shared().await;
    let tx = db.client.transaction().await.expect("a transaction opens");
    tx.batch_execute("create table public.made_later (id bigint generated always as identity)")
        .await
        .expect("a table is made");
    for role in ["anon", "authenticated"] {
        let open: bool = tx
            .query_one(
                "select has_table_privilege($1::text, 'public.made_later', 'select, insert, update, delete')",
                &[&role],
            )
            .await
            .expect("an answer")
            .get(0);
        assert!(!open, "{role} reaches a new table");
    }
}
