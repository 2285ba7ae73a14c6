//! The manifest as its readers get it: the same bytes from Postgres and from Redis, and files that carry their checksum.

use serde_json::json;

use crate::support::{World, answers, until};

#[tokio::test]
async fn the_same_bytes_come_from_postgres_and_from_redis() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let made = founder.finalize(&answers()).await;
    let origin = founder.get("/context/manifest").await;
    let mut tier0 = founder.get("/context/manifest").await;
    until("the membership is kept", || async {
        founder.get("/context/manifest").await.header("x-cache") == Some("tier0")
    })
    .await;
    tier0 =
        if tier0.header("x-cache") == Some("tier0") { tier0 } else { founder.get("/context/manifest").await };
    assert_eq!(origin.header("x-cache"), Some("origin"));
    assert_eq!(origin.text, tier0.text);
    assert_eq!(origin.header("etag"), tier0.header("etag"));
    assert_eq!(made.json["manifest"], origin.json);
    let known = founder
        .request(reqwest::Method::GET, "/context/manifest")
        .header("if-none-match", origin.header("etag").unwrap());
    let known = known.send().await;
    assert_eq!((known.status, known.text.as_str()), (304, ""));
}

#[tokio::test]
async fn exports_are_files_with_safe_names_that_carry_the_checksum() {
    let world = World::shared().await;
    let founder = world.founder().await;
    founder.finalize(&answers()).await;
    let file = founder.post("/context/export", Some(&json!({"format": "markdown"}))).await;
    let checksum = founder.get("/context/manifest").await.json["checksum"].as_str().unwrap().to_owned();
    assert!(file.text.contains("चाय कथा"));
    let verified = gatehouse_core::context::verify_export(&file.text).unwrap();
    assert_eq!((verified.checksum.as_str(), verified.version), (checksum.as_str(), 1));
    assert_eq!(verified.workspace_id.as_deref(), Some(founder.workspace_id.as_str()));
    let name = format!("attachment; filename=\"manifest-{}-v1.md\"", &founder.workspace_id[..8]);
    assert_eq!(file.header("content-disposition"), Some(name.as_str()));
    let file = founder.post("/context/export", Some(&json!({"format": "json"}))).await;
    assert_eq!(gatehouse_core::context::verify_export(&file.text), Ok(verified));
    assert_eq!(file.header("content-type"), Some("application/json"));
}
