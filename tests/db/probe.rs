//! Every function of the schema `public` called by people who should get nothing, with arguments that should get
//! nowhere. The list of functions is the catalogue's, so a new one is probed from its first day.

use serde_json::json;
use tokio_postgres::types::ToSql;

use crate::http::{access_token, answer, rpc};
use crate::probe_values::{Foreign, plausible};
use crate::support::{Db, Who};
use crate::tenant::Tenant;

/// What support may call with the service key, and people too; everybody else's functions ask it for a person.
const FOR_SUPPORT: [&str; 2] = ["audit_verify", "read_audit"];

/// A function and its arguments, each a name and a type.
struct Function {
    name: String,
    arguments: Vec<(String, String)>,
    by_people: bool,
}

async fn functions(db: &Db) -> Vec<Function> {
    let rows = db
        .client
        .query(
            "select proname::text, has_function_privilege('authenticated', oid, 'execute'),
               coalesce(proargnames[1:pronargs], '{}'),
               array(select format_type(kind, null) from unnest(proargtypes) with ordinality as a (kind, place) order by place)
             from pg_proc where pronamespace = 'public'::regnamespace and prokind = 'f' order by proname",
            &[],
        )
        .await
        .expect("the functions");
    rows.iter()
        .map(|row| {
            let (names, kinds): (Vec<String>, Vec<String>) = (row.get(2), row.get(3));
            assert_eq!(names.len(), kinds.len(), "{}: every argument has a name", row.get::<_, String>(0));
            Function {
                name: row.get(0),
                by_people: row.get(1),
                arguments: names.into_iter().zip(kinds).collect(),
            }
        })
        .collect()
}

impl Function {
    /// A call with every argument sent as text and cast, as PostgREST does.
    fn sql(&self) -> String {
        let arguments: Vec<String> = self
            .arguments
            .iter()
            .enumerate()
            .map(|(index, (name, kind))| format!("{name} => ${}::text::{kind}", index + 1))
            .collect();
        format!("select public.{}({})::text", self.name, arguments.join(", "))
    }

    /// For both workspaces: everything plausible, everything null, and each argument in turn hostile. What is heavy is
    /// tried on the second one, where a caller may get past the check of membership.
    fn calls(&self, foreign: &Foreign, workspaces: [&str; 2]) -> Vec<Vec<Option<String>>> {
        let mut calls = vec![vec![None; self.arguments.len()]];
        for (workspace, heavy) in workspaces.into_iter().zip([false, true]) {
            let base: Vec<_> =
                self.arguments.iter().map(|(name, kind)| plausible(name, kind, workspace)).collect();
            calls.push(base.clone());
            for (index, (_, kind)) in self.arguments.iter().enumerate() {
                for value in foreign.values(kind, heavy) {
                    let mut call = base.clone();
                    call[index] = value;
                    calls.push(call);
                }
            }
        }
        calls
    }
}

/// Codes that a caller may be shown: our own, a value of the wrong form, and no right.
fn is_an_answer(state: &str) -> bool {
    state.starts_with("PT") || state.starts_with("22") || state == "42501"
}

/// The start of an argument, for a message.
fn short(call: &[Option<String>]) -> String {
    let words: Vec<String> = call
        .iter()
        .map(|value| value.as_ref().map_or("null".into(), |value| value.chars().take(40).collect()))
        .collect();
    words.join(" | ")
}

/// Makes the calls as `who`; gives what each did wrong. A call that fails leaves nothing behind, so only after a success
/// are the victim's rows compared; then it is rolled back, and every call meets the same state.
async fn probe(
    db: &mut Db,
    who: Who,
    function: &Function,
    calls: &[Vec<Option<String>>],
    checksum_sql: &str,
    foreign: &Foreign,
) -> (usize, Vec<String>) {
    let before: Vec<String> = db.one(checksum_sql, &[]).await;
    let (mut answered, mut wrong) = (0, Vec::new());
    let mut tx = db.act(who).await;
    for call in calls {
        let step = tx.transaction().await.expect("a savepoint opens");
        let values: Vec<&(dyn ToSql + Sync)> = call.iter().map(|value| value as _).collect();
        let found = step.query_one(&function.sql(), &values).await;
        let said = match &found {
            Ok(row) => row.get::<_, Option<String>>(0).unwrap_or_default(),
            Err(error) => format!("{error:?}"),
        };
        if let Some(secret) = foreign.leaked(&said, call) {
            wrong.push(format!("{}({}) tells {secret}", function.name, short(call)));
        }
        match found {
            Err(error) => {
                let state = error.code().map_or_else(|| error.to_string(), |code| code.code().to_owned());
                if !is_an_answer(&state) {
                    wrong.push(format!("{}({}): {state} {error:?}", function.name, short(call)));
                }
            }
            Ok(_) => {
                answered += 1;
                step.batch_execute("reset role; set constraints all immediate").await.expect("the owner");
                let after: Vec<String> = step.query_one(checksum_sql, &[]).await.expect("sums").get(0);
                if after != before {
                    let changed: Vec<_> = after.iter().filter(|line| !before.contains(line)).collect();
                    wrong.push(format!("{}({}) changed {changed:?}", function.name, short(call)));
                }
            }
        }
    }
    (answered, wrong)
}

#[tokio::test]
async fn no_argument_of_any_function_reaches_another_tenant_or_breaks_out_of_the_error_codes() {
    let mut db = Db::shared().await;
    let (victim, own) = (Tenant::new(&db).await, Tenant::new(&db).await);
    let foreign = Foreign::of(&db, &victim).await;
    let workspaces = [victim.workspace.to_string(), own.workspace.to_string()];
    let checksum_sql = victim.checksum_sql();
    let (mut probed, mut made, mut answered, mut wrong) = (0, 0, 0, Vec::new());
    for function in functions(&db).await.iter().filter(|function| function.by_people) {
        let calls = function.calls(&foreign, [&workspaces[0], &workspaces[1]]);
        for who in [victim.outsider, victim.ex_member, own.member, own.owner] {
            let (more, faults) =
                probe(&mut db, Who::Person(who), function, &calls, &checksum_sql, &foreign).await;
            answered += more;
            wrong.extend(faults);
            made += calls.len();
        }
        probed += 1;
    }
    assert!(probed > 0 && answered > 0, "some calls get past the checks");
    assert!(wrong.is_empty(), "{} calls went wrong:\n{}", wrong.len(), wrong.join("\n"));
    println!("counted: {probed} functions probed with {made} hostile calls, {answered} of them answered");
}

#[tokio::test]
async fn every_function_refuses_whoever_has_no_right_to_it_or_names_nobody() {
    let mut db = Db::shared().await;
    let tenant = Tenant::new(&db).await;
    let mut refused = 0;
    for function in functions(&db).await {
        let nulls: Vec<Option<String>> = vec![None; function.arguments.len()];
        for who in [Who::Anon, Who::Nobody, Who::Service, Who::Person(tenant.owner)] {
            let expected = match (function.by_people, who) {
                (_, Who::Anon) | (false, Who::Nobody | Who::Person(_)) => "42501",
                (true, Who::Service) if FOR_SUPPORT.contains(&function.name.as_str()) => continue,
                (true, Who::Nobody | Who::Service) => "PT401",
                _ => continue,
            };
            let values: Vec<&(dyn ToSql + Sync)> = nulls.iter().map(|value| value as _).collect();
            let tx = db.act(who).await;
            let error = tx.query_one(&function.sql(), &values).await.expect_err(&function.name);
            let state = error.code().map(|code| code.code());
            assert_eq!(state, Some(expected), "{} as {who:?}", function.name);
            refused += 1;
        }
    }
    println!("counted: {refused} calls refused for want of a right");
}

#[tokio::test]
async fn nothing_private_is_reachable_over_http() {
    let db = Db::shared().await;
    let names: Vec<String> = db
        .one(
            "select array(select distinct proname::text from pg_proc where pronamespace = 'private'::regnamespace
                          union select relname::text from pg_class
                          where relnamespace = 'private'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f'))",
            &[],
        )
        .await;
    assert!(!names.is_empty());
    let token = access_token().await;
    for name in &names {
        let (status, problem) = answer(rpc(name, &json!({})).await.bearer_auth(&token)).await;
        assert_eq!((status, &problem["code"]), (404, &json!("PGRST202")), "{name}");
        let private = rpc(name, &json!({})).await.bearer_auth(&token).header("content-profile", "private");
        assert_eq!(answer(private).await.0, 406, "{name}");
    }
    println!("counted: {} private names out of reach over HTTP", names.len());
}
