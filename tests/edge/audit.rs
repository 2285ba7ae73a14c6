//! What changes no row is remembered all the same: who took a copy, and who was turned away.

use serde_json::json;

use crate::support::{World, answers, until};

#[tokio::test]
async fn exports_and_denied_reads_stand_in_the_workspaces_chain() {
    let world = World::shared().await;
    let (owner, mut outsider) = (world.founder().await, world.founder().await);
    assert_eq!(owner.finalize(&answers()).await.status, 201);
    let logged = |action: &'static str, who: String| {
        let sql = format!(
            "select count(*) from audit_log a join users u on u.auth_user_id = a.actor
             where a.workspace_id = '{}' and a.action = '{action}' and u.email = '{who}'",
            owner.workspace_id
        );
        async move { world.count(&sql).await }
    };
    assert_eq!(owner.post("/context/export", Some(&json!({"format": "markdown"}))).await.status, 200);
    until("the export is logged", || async { logged("bcm.exported", owner.email.clone()).await == 1 }).await;

    outsider.workspace_id.clone_from(&owner.workspace_id);
    for _ in 0..3 {
        outsider.get("/context/manifest").await.refused(404, "workspace_not_found");
    }
    until("the denial is logged", || async { logged("bcm.read_denied", outsider.email.clone()).await == 1 })
        .await;
    // The owner verifies the chain past the Worker, with their own token.
    let verified: serde_json::Value = reqwest::Client::new()
        .post(format!("{}/rest/v1/rpc/audit_verify", world.stack.supabase_url()))
        .header("apikey", world.stack.publishable_key())
        .bearer_auth(&owner.token)
        .json(&json!({"p_workspace_id": owner.workspace_id}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(verified["ok"], true, "{verified}");
    assert_eq!(logged("bcm.read_denied", outsider.email.clone()).await, 1, "knocking on leaves no heap");
}
