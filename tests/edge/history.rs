//! The pages of a manifest's history.

use serde_json::{Value, json};

use crate::support::{Reply, World, answers, assert_recorded};

#[tokio::test]
async fn the_history_has_every_version_page_by_page_in_one_call() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let empty = founder.get("/context/history").await;
    assert_eq!((empty.status, &empty.json["versions"]), (200, &json!([])), "{empty:?}");
    for goal in ["one", "two", "three"] {
        let mut next = answers();
        next["acquisition_goal"] = json!(goal);
        assert_eq!(founder.finalize(&next).await.status, 201);
    }
    let page = founder.get("/context/history?limit=2").await;
    assert_eq!(page.calls, ["postgrest rpc/manifest_history"]);
    assert_recorded(world, &page.id, &["postgrest rpc/manifest_history"]).await;
    let versions = |page: &Reply| {
        let heads = page.json["versions"].as_array().unwrap().iter();
        heads.map(|head| head["version"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((versions(&page), &page.json["next_before"]), (vec![3, 2], &json!(2)));
    assert!(page.json["versions"][0]["generated_at"].as_str().unwrap().ends_with('Z'));
    let rest = founder.get("/context/history?before=2&limit=2").await;
    assert_eq!((versions(&rest), &rest.json["next_before"]), (vec![1], &Value::Null));
    for wrong in ["limit=0", "limit=101", "limit=", "before=0", "before=-1", "before=two"] {
        let reply = founder.get(&format!("/context/history?{wrong}")).await;
        reply.refused(400, "query_invalid");
        assert!(reply.calls.is_empty());
    }
}
