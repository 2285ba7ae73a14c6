//! Kill, restart, crashes, ports and clean-up.

use std::time::Duration;

use gatehouse_devstack::{Part, Ports, Stack, StackOptions};
use serde_json::{Value, json};

use crate::{call, fresh_email, own_stack, upstash};

/// Waits until PostgREST has reconnected to its database; it retries by itself, at growing intervals.
pub async fn wait_for_postgrest(stack: &Stack) {
    let recovered = async {
        while call(stack, "GET", "/rest/v1/notes", Value::Null, &[]).await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), recovered).await.expect("PostgREST recovers");
}

#[tokio::test]
async fn a_killed_postgres_keeps_its_commits_and_every_part_reconnects() {
    let stack = own_stack().await;
    let email = fresh_email();
    stack.sign_up(&email, "correct horse").await.unwrap();
    stack.kill(Part::Postgres).await.unwrap();
    assert!(stack.parts().iter().any(|p| p.name == "postgres" && !p.running));
    assert!(stack.sign_up(&fresh_email(), "correct horse").await.is_err());
    stack.health().await.expect("a part that was killed on purpose has not crashed");
    stack.restart(Part::Postgres).await.unwrap();
    let body = json!({"email": email, "password": "correct horse"});
    assert_eq!(call(&stack, "POST", "/auth/v1/token?grant_type=password", body, &[]).await.0, 200);
    wait_for_postgrest(&stack).await;
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn every_other_part_is_killed_and_restarted_at_the_same_address() {
    let stack = own_stack().await;
    upstash(&stack, "/", &json!(["SET", "kept", "1"])).await;
    stack.kill(Part::Redis).await.unwrap();
    assert_eq!(upstash(&stack, "/", &json!(["GET", "kept"])).await.0, 503);
    stack.restart(Part::Redis).await.unwrap();
    assert_eq!(
        upstash(&stack, "/", &json!(["GET", "kept"])).await,
        (200, json!({"result": null})),
        "memory only"
    );

    stack.kill(Part::Postgrest).await.unwrap();
    assert_eq!(call(&stack, "GET", "/rest/v1/notes", Value::Null, &[]).await.0, 502);
    assert_eq!(call(&stack, "POST", "/__devstack/parts/postgrest/restart", Value::Null, &[]).await.0, 200);
    assert_eq!(call(&stack, "GET", "/rest/v1/notes", Value::Null, &[]).await.0, 200);

    let session = stack.sign_up(&fresh_email(), "correct horse").await.unwrap();
    stack.kill(Part::Auth).await.unwrap();
    assert_eq!(call(&stack, "GET", "/auth/v1/health", Value::Null, &[]).await.0, 502);
    stack.restart(Part::Auth).await.unwrap();
    let body = json!({"refresh_token": session.refresh_token});
    assert_eq!(call(&stack, "POST", "/auth/v1/token?grant_type=refresh_token", body, &[]).await.0, 200);

    stack.kill(Part::Upstash).await.unwrap();
    assert!(reqwest::get(stack.upstash_url()).await.is_err());
    stack.restart(Part::Upstash).await.unwrap();
    assert_eq!(upstash(&stack, "/", &json!(["PING"])).await.0, 200);

    for (part, url) in [(Part::Phonepe, stack.phonepe().url()), (Part::Resend, stack.resend().url())] {
        let running = || stack.parts().iter().any(|p| p.name == part.name() && p.running);
        stack.kill(part).await.unwrap();
        assert!(reqwest::get(url).await.is_err() && !running());
        stack.restart(part).await.unwrap();
        assert!(reqwest::get(url).await.is_ok() && running());
    }
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_data_folder_keeps_sessions_after_a_stop() {
    let data = tempfile::tempdir_in("/tmp").unwrap();
    // Other users cannot read a folder of mkdtemp, and Postgres may run as another user.
    std::fs::set_permissions(data.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711)).unwrap();
    let options =
        StackOptions { migrations: None, data_dir: Some(data.path().into()), ..StackOptions::for_tests() };
    let stack = Stack::start(options.clone(), |_| {}).await.unwrap();
    let token = stack.sign_up(&fresh_email(), "correct horse").await.unwrap().access_token;
    stack.stop().await.unwrap();
    let stack = Stack::start(options, |_| {}).await.unwrap();
    let header = format!("Bearer {token}");
    assert_eq!(call(&stack, "GET", "/auth/v1/user", Value::Null, &[("authorization", &header)]).await.0, 200);
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn existing_servers_are_used_and_left_as_they_were() {
    let host = own_stack().await;
    let superuser = host.database_url().replace("postgres:postgres@", "supabase_admin:any@");
    let options = StackOptions {
        database_url: Some(superuser.clone()),
        redis_url: Some(host.redis_url().into()),
        ..StackOptions::for_tests()
    };
    let guest = Stack::start(options, |_| {}).await.unwrap();
    guest.sign_up(&fresh_email(), "correct horse").await.unwrap();
    assert_eq!(call(&guest, "GET", "/rest/v1/notes", Value::Null, &[]).await.0, 404, "not the host's tables");
    assert_eq!(upstash(&guest, "/", &json!(["SET", "shared", "yes"])).await.0, 200);
    assert_eq!(upstash(&host, "/", &json!(["GET", "shared"])).await.1["result"], "yes");
    for part in [Part::Postgres, Part::Redis] {
        let refused = guest.kill(part).await.unwrap_err().to_string();
        assert!(refused.contains("not ours to kill"), "{refused}");
    }
    guest.stop().await.unwrap();
    let (client, connection) = tokio_postgres::connect(&superuser, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let left: i64 = client
        .query_one("select count(*) from pg_database where datname like 'gatehouse%'", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(left, 0);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_part() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let options =
        StackOptions { ports: Ports { redis: port, ..Ports::default() }, ..StackOptions::for_tests() };
    let error = Stack::start(options, |_| {}).await.err().expect("the port is taken");
    let text = format!("{error:#}");
    assert!(text.contains(&format!("Port {port} for redis is taken")), "{text}");
}

#[tokio::test]
async fn a_wrong_migration_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("001_good.sql"), "create table public.good ();").unwrap();
    std::fs::write(
        folder.path().join("002_bad.sql"),
        "select 1;\nselect 'ए';\nselect nothing from nowhere;\n",
    )
    .unwrap();
    let options = StackOptions { migrations: Some(folder.path().into()), ..StackOptions::for_tests() };
    let error = Stack::start(options, |_| {}).await.err().expect("the migration fails");
    let text = format!("{error:#}");
    assert!(text.contains("002_bad.sql:3: relation \"nowhere\" does not exist (42P01)"), "{text}");
}

#[tokio::test]
async fn migrations_are_recorded_and_applied_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("001_first.sql"), "create table public.first (id int);").unwrap();
    let options = StackOptions { migrations: Some(folder.path().into()), ..StackOptions::for_tests() };
    let stack = Stack::start(options, |_| {}).await.unwrap();
    let (mut client, connection) =
        tokio_postgres::connect(stack.database_url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    std::fs::write(folder.path().join("002_second.sql"), "create table public.second (id int);").unwrap();
    let applied = gatehouse_devstack::migrate(&mut client, folder.path()).await.unwrap();
    assert_eq!(applied, ["002_second"]);
    let rows = client
        .query(
            "select version, name, statements[1] from supabase_migrations.schema_migrations order by 1",
            &[],
        )
        .await
        .unwrap();
    let rows: Vec<(String, String, String)> = rows.iter().map(|r| (r.get(0), r.get(1), r.get(2))).collect();
    assert_eq!(rows[0], ("001".into(), "first".into(), "create table public.first (id int);".into()));
    assert_eq!(rows.len(), 2);

    assert!(gatehouse_devstack::migrate(&mut client, folder.path()).await.unwrap().is_empty());
    std::fs::write(folder.path().join("001_first.sql"), "create table public.first (id bigint);").unwrap();
    let edited = gatehouse_devstack::migrate(&mut client, folder.path()).await.unwrap_err().to_string();
    assert!(edited.contains("001_first.sql was edited") && edited.contains(".devstack"), "{edited}");
    stack.stop().await.unwrap();
}

/// The binary is killed and cannot clean up: its servers must end; the next start removes its files.
#[tokio::test]
async fn children_die_with_a_killed_parent() {
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_gatehouse-devstack"))
        .arg("--temporary")
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines =
        tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(child.stdout.take().unwrap()));
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.starts_with("UPSTASH_REDIS_REST_TOKEN=") {
            break;
        }
    }
    let parent = child.id().unwrap();
    let children: Vec<u32> = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| parent_of(*pid) == Some(parent))
        .collect();
    assert_eq!(children.len(), 3, "postgres, postgrest, valkey");
    child.kill().await.unwrap();
    let ended = async {
        while children.iter().any(|pid| parent_of(*pid).is_some()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ended).await.expect("no child outlives its parent");
}

/// The parent of a living process that is not a zombie.
fn parent_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    (fields.next()? != "Z").then_some(())?;
    fields.next()?.parse().ok()
}
