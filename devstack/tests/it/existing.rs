//! Servers that somebody else runs: which ones are accepted, and what is never changed there.

use gatehouse_devstack::{Stack, StackOptions};

use crate::own_stack;

/// The error of a start that must fail.
async fn start_error(options: StackOptions) -> String {
    let error = Stack::start(options, |_| {}).await.err().expect("the start is refused");
    format!("{error:#}")
}

async fn superuser(stack: &Stack) -> (String, tokio_postgres::Client) {
    let url = stack.database_url().replace("postgres:postgres@", "supabase_admin:any@");
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    (url, client)
}

#[tokio::test]
async fn only_servers_of_this_machine_are_accepted() {
    for host in ["db.example.invalid", "192.0.2.1", "127.0.0.1.example.invalid"] {
        let database_url = Some(format!("postgresql://admin:pass@{host}:5432/postgres"));
        let text = start_error(StackOptions { database_url, ..StackOptions::for_tests() }).await;
        assert!(text.contains("DATABASE_URL") && text.contains("not on this machine"), "{text}");
        assert!(!text.contains("pass@"), "{text}");
        let redis_url = Some(format!("redis://:pass@{host}:6379"));
        let text = start_error(StackOptions { redis_url, ..StackOptions::for_tests() }).await;
        assert!(text.contains("REDIS_URL") && text.contains("not on this machine"), "{text}");
        assert!(!text.contains("pass@"), "{text}");
    }
}

#[tokio::test]
async fn no_part_of_a_redis_url_is_ignored() {
    for url in ["redis://127.0.0.1:1/3", "redis://:secret@127.0.0.1:1", "rediss://127.0.0.1:1"] {
        let options = StackOptions { redis_url: Some(url.into()), ..StackOptions::for_tests() };
        let text = start_error(options).await;
        assert!(text.contains("REDIS_URL must be") && !text.contains("secret"), "{text}");
    }
}

#[tokio::test]
async fn a_role_that_is_not_ours_keeps_its_password_and_the_start_is_refused() {
    let host = own_stack().await;
    let (url, client) = superuser(&host).await;
    client.batch_execute("comment on role authenticator is null").await.unwrap();
    client.batch_execute("alter role authenticator password 'theirs'").await.unwrap();
    let secret = "select rolpassword, (select count(*) from pg_database) from pg_authid where rolname = 'authenticator'";
    let before = client.query_one(secret, &[]).await.unwrap();
    let options = StackOptions { database_url: Some(url), ..StackOptions::for_tests() };
    let text = start_error(options).await;
    assert!(text.contains("`authenticator`") && text.contains("comment on role"), "{text}");
    let after = client.query_one(secret, &[]).await.unwrap();
    assert_eq!(before.get::<_, String>(0), after.get::<_, String>(0));
    assert_eq!(before.get::<_, i64>(1), after.get::<_, i64>(1), "no database was created");
    host.stop().await.unwrap();
}

#[tokio::test]
async fn the_platform_is_not_installed_into_a_database_with_tables_of_others() {
    let host = own_stack().await;
    let (url, client) = superuser(&host).await;
    client.batch_execute("create database shop").await.unwrap();
    let shop = url.replace("/postgres", "/shop");
    let (tables, connection) = tokio_postgres::connect(&shop, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    tables.batch_execute("create table public.orders ()").await.unwrap();
    let data = tempfile::tempdir_in("/tmp").unwrap();
    let options = StackOptions {
        database_url: Some(shop),
        data_dir: Some(data.path().into()),
        ..StackOptions::for_tests()
    };
    let text = start_error(options).await;
    assert!(text.contains("is not empty"), "{text}");
    host.stop().await.unwrap();
}

/// Tests kill Redis and read all of its keys, so they must not use the one of `REDIS_URL`.
#[tokio::test]
async fn tests_ignore_redis_url_and_say_so() {
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_gatehouse-devstack"))
        .arg("--temporary")
        .env("REDIS_URL", "redis://127.0.0.1:1")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines =
        tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(child.stdout.take().unwrap()));
    let mut redis = None;
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.starts_with("redis ") {
            redis = Some(line);
        } else if line.starts_with("UPSTASH_REDIS_REST_TOKEN=") {
            break;
        }
    }
    child.kill().await.unwrap();
    let mut stderr = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut child.stderr.take().unwrap(), &mut stderr).await.unwrap();
    assert!(stderr.contains("REDIS_URL is ignored"), "{stderr}");
    let redis = redis.unwrap();
    assert!(redis.contains("alkey") || redis.contains("Redis"), "its own Redis, with its version: {redis}");
}
