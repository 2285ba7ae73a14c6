//! A deployment with wrong settings says so, all at once, and shows no value.

use std::collections::BTreeMap;

use gatehouse_devstack::StackOptions;
use gatehouse_devstack::worker::{Worker, WorkerOptions};

use crate::support::until;

#[tokio::test]
async fn every_wrong_setting_is_named_in_one_log_line() {
    let vars = BTreeMap::from([
        ("GATEHOUSE_ENV".to_owned(), "production".to_owned()),
        ("SUPABASE_URL".to_owned(), "http://db.example".to_owned()),
        ("SUPABASE_PUBLISHABLE_KEY".to_owned(), "short-value".to_owned()),
    ]);
    let worker =
        Worker::start(WorkerOptions { repo: StackOptions::for_tests().repo, port: 0, vars }).await.unwrap();
    let response = reqwest::get(format!("{}/health", worker.url)).await.unwrap();
    assert_eq!(response.status().as_u16(), 500);
    let problem: serde_json::Value = response.json().await.unwrap();
    assert_eq!(problem["code"], "misconfigured");
    let config = || {
        let lines = worker.logs().into_iter().map(|line| line.message);
        lines.into_iter().find(|line| line.contains("\"event\":\"config\""))
    };
    until("the config line", || async { config().is_some() }).await;
    let line = config().unwrap();
    for name in
        ["SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"]
    {
        assert!(line.contains(&format!("\"name\":\"{name}\"")), "{line}");
    }
    assert!(!line.contains("short-value") && !problem.to_string().contains("short-value"));
    worker.stop().await.unwrap();
}
