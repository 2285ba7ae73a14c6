//! Persona × table × verb: the matrix of docs/SECURITY.md, cell by cell, over SQL and over HTTP.

use std::collections::BTreeMap;

use reqwest::{Client, Url};
use serde_json::{Value, json};
use tokio_postgres::Transaction;
use tokio_postgres::error::SqlState;

use crate::security_doc;
use crate::stack::stack;
use crate::support::{Db, Who, World};
use crate::tenant::{PERSONAS, TABLES, Table, Tenant};

const VERBS: [char; 4] = ['S', 'I', 'U', 'D'];

/// The cells of each table as the page gives them, in the order of [`PERSONAS`].
fn matrix() -> BTreeMap<String, Vec<String>> {
    let mut rows = security_doc::rows("matrix").into_iter();
    let header = rows.next().expect("a header");
    assert_eq!(header[1..], PERSONAS, "the columns of the matrix");
    rows.map(|mut row| {
        let name = row.remove(0);
        assert_eq!(row.len(), PERSONAS.len(), "{name} has a cell for everybody");
        (name, row)
    })
    .collect()
}

/// One verb: how many rows a statement met, or nothing when it was refused for want of a right.
async fn attempt(tx: &mut Transaction<'_>, sql: &str) -> Option<u64> {
    let step = tx.transaction().await.expect("a savepoint opens");
    match step.execute(sql, &[]).await {
        Ok(rows) => Some(rows),
        Err(error) => match error.code().map(SqlState::code) {
            Some("42501") => None,
            // The insert of an empty row: the right was there, the columns were not.
            Some("23502" | "23503" | "23505" | "23514") => Some(1),
            _ => panic!("{sql}: {error:?}"),
        },
    }
}

/// A column that the role may set, or any that could be set at all.
async fn column(db: &Db, who: Who, table: &Table) -> String {
    db.one(
        "select attname::text from pg_attribute
         where attrelid = ('public.' || $1)::regclass and attnum > 0 and not attisdropped
           and attidentity = '' and attgenerated = ''
         order by has_column_privilege($2, attrelid, attnum, 'update') desc, attnum limit 1",
        &[&table.name, &who.role()],
    )
    .await
}

async fn cells(db: &mut Db, who: Who, table: &Table, tenant: &Tenant) -> String {
    let (name, rows, column) = (table.name, tenant.fill(table.rows), column(db, who, table).await);
    let mut tx = db.act(who).await;
    let mut found = String::new();
    for (verb, sql) in VERBS.into_iter().zip([
        format!("select 1 from public.{name} where {rows}"),
        format!("insert into public.{name} default values"),
        format!("update public.{name} set {column} = {column} where {rows}"),
        format!("delete from public.{name} where {rows}"),
    ]) {
        found.push(match attempt(&mut tx, &sql).await {
            None => '-',
            Some(0) => '0',
            Some(_) => verb,
        });
    }
    found
}

#[tokio::test]
async fn every_persona_can_do_to_every_table_what_the_matrix_says_and_no_more() {
    let mut db = Db::shared().await;
    let tenant = Tenant::new(&db).await;
    let matrix = matrix();
    let mut wrong = Vec::new();
    let mut asserted = 0;
    for table in TABLES {
        let expected =
            matrix.get(table.name).unwrap_or_else(|| panic!("{} stands in the matrix", table.name));
        for ((who, persona), expected) in tenant.people().into_iter().zip(PERSONAS).zip(expected) {
            let found = cells(&mut db, who, table, &tenant).await;
            asserted += found.len();
            if found != *expected {
                wrong.push(format!("{persona} on {}: {expected} expected, {found} found", table.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(asserted, PERSONAS.len() * matrix.len() * VERBS.len(), "no cell is left out");
    println!("counted: {asserted} matrix cells over SQL");
}

#[tokio::test]
async fn every_table_of_the_schema_public_stands_in_the_matrix() {
    let db = Db::shared().await;
    let tables: Vec<String> = db
        .one(
            "select array_agg(relname::text order by relname::text collate \"C\") from pg_class
             where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')",
            &[],
        )
        .await;
    assert_eq!(matrix().into_keys().collect::<Vec<_>>(), tables);
    let mut seeded: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    seeded.sort_unstable();
    assert_eq!(seeded, tables, "tests/db/tenant.rs says how rows of each table belong to a workspace");
}

/// The key of one row of the tenant's, as filters of a URL.
async fn filters(db: &Db, table: &Table, tenant: &Tenant) -> Vec<(String, String)> {
    let key: Value = db
        .one(
            &tenant.fill(&format!(
                "select jsonb_object_agg(a.attname, to_jsonb(t) ->> a.attname)
                 from (select * from public.{name} where {rows} limit 1) t, pg_index i
                 join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
                 where i.indrelid = 'public.{name}'::regclass and i.indisprimary",
                name = table.name,
                rows = table.rows
            )),
            &[],
        )
        .await;
    let key = key.as_object().unwrap_or_else(|| panic!("{} has a primary key", table.name)).clone();
    key.into_iter()
        .map(|(column, value)| (column, format!("eq.{}", value.as_str().expect("a key is never null"))))
        .collect()
}

/// What PostgREST answers to a read, as the letter of the matrix.
async fn read_over_http(who: Who, table: &Table, filters: &[(String, String)]) -> String {
    let stack = stack().await;
    let key = if matches!(who, Who::Service) { stack.secret_key() } else { stack.publishable_key() };
    let url = format!("{}/rest/v1/{}", stack.supabase_url(), table.name);
    let url = Url::parse_with_params(&url, filters).expect("an address");
    let mut request = Client::new().get(url).header("apikey", key);
    if let Who::Person(id) = who {
        request = request.bearer_auth(stack.mint(&json!({ "sub": id.to_string(), "role": "authenticated" })));
    }
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let body: Value = response.json().await.expect("JSON");
    match (status, body.as_array().map(Vec::len), body["code"].as_str()) {
        (200, Some(0), _) => "0".into(),
        (200, Some(1), _) => "S".into(),
        (401 | 403, _, Some("42501")) => "-".into(),
        _ => format!("{status} {body}"),
    }
}

#[tokio::test]
async fn the_read_cells_hold_over_http_with_real_tokens() {
    let db = Db::shared().await;
    let tenant = Tenant::new(&db).await;
    let matrix = matrix();
    let mut asserted = 0;
    let mut wrong = Vec::new();
    for table in TABLES {
        let filters = filters(&db, table, &tenant).await;
        for ((who, persona), expected) in tenant.people().into_iter().zip(PERSONAS).zip(&matrix[table.name]) {
            let found = read_over_http(who, table, &filters).await;
            asserted += 1;
            if !expected.starts_with(&found) {
                wrong.push(format!("{persona} on {}: {expected} expected, {found} found", table.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(asserted, PERSONAS.len() * matrix.len());
    println!("counted: {asserted} matrix cells over HTTP");
}

#[tokio::test]
async fn of_two_tenants_each_sees_exactly_its_own_rows() {
    let mut db = Db::shared().await;
    let tenants = [Tenant::new(&db).await, Tenant::new(&db).await];
    let owner = PERSONAS.iter().position(|persona| *persona == "owner").expect("an owner");
    let matrix = matrix();
    let mut compared = 0;
    for (own, other) in [(&tenants[0], &tenants[1]), (&tenants[1], &tenants[0])] {
        for table in TABLES.iter().filter(|table| !table.is_everybodys()) {
            let count = |rows: &str| format!("select count(*) from public.{} where {rows}", table.name);
            let (own_rows, other_rows) = (count(&own.fill(table.rows)), count(&other.fill(table.rows)));
            let there: i64 = db.one(&own_rows, &[]).await;
            let reads = matrix[table.name][owner].starts_with('S');
            let tx = db.act(Who::Person(own.owner)).await;
            if !reads {
                let refused = tx.query_one(&own_rows, &[]).await.expect_err("no right to read");
                assert_eq!(refused.code().map(SqlState::code), Some("42501"), "{}", table.name);
                continue;
            }
            let mut seen = Vec::new();
            for sql in [&own_rows, &other_rows, &count("true")] {
                seen.push(tx.query_one(sql, &[]).await.expect("a number").get::<_, i64>(0));
            }
            assert_eq!(seen, [there, 0, there], "{}: own, the other's, all", table.name);
            compared += 1;
        }
    }
    assert!(compared > 0);
    println!("counted: {compared} tables compared between two tenants");
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
