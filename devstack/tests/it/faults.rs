//! Faults hit the requests they are set for and no others.

use gatehouse_devstack::{Fault, Part};
use serde_json::{Value, json};

use crate::{call, own_stack, shared_stack, upstash};

#[tokio::test]
async fn a_fault_for_one_request_id_leaves_the_others_alone() {
    let stack = shared_stack().await;
    let id = uuid::Uuid::new_v4().to_string();
    let fault = Fault { status: Some(503), times: Some(1), request_id: Some(id.clone()), ..Fault::default() };
    stack.faults().set(Part::Postgrest, fault).unwrap();
    let header = [("x-request-id", id.as_str())];
    assert_eq!(call(stack, "GET", "/rest/v1/notes", Value::Null, &[]).await.0, 200);
    assert_eq!(call(stack, "GET", "/rest/v1/notes", Value::Null, &header).await.0, 503);
    assert_eq!(call(stack, "GET", "/rest/v1/notes", Value::Null, &header).await.0, 200, "only once");
    let statuses: Vec<u16> = stack.calls(&id).iter().map(|c| c.status).collect();
    assert_eq!(statuses, [503, 200]);
}

#[tokio::test]
async fn a_dropped_connection_gives_no_response_and_after_means_the_work_was_done() {
    let stack = shared_stack().await;
    let (id, key) = (uuid::Uuid::new_v4().to_string(), uuid::Uuid::new_v4().to_string());
    let fault =
        |after| Fault { drop: true, after, times: Some(1), request_id: Some(id.clone()), ..Fault::default() };
    let incr = || async {
        let request = reqwest::Client::new().post(stack.upstash_url()).bearer_auth(stack.upstash_token());
        request.header("x-request-id", &id).json(&json!(["INCR", key])).send().await
    };
    stack.faults().set(Part::Upstash, fault(false)).unwrap();
    assert!(incr().await.is_err());
    assert_eq!(upstash(stack, "/", &json!(["GET", key])).await.1["result"], Value::Null, "not done");
    stack.faults().set(Part::Upstash, fault(true)).unwrap();
    assert!(incr().await.is_err());
    assert_eq!(
        upstash(stack, "/", &json!(["GET", key])).await.1["result"],
        "1",
        "done, but the response was lost"
    );
    let calls = stack.calls(&id);
    assert_eq!(calls.iter().map(|c| c.status).collect::<Vec<_>>(), [0, 0]);
    assert_eq!(calls[1].commands, ["INCR"]);
}

#[tokio::test]
async fn faults_are_set_listed_and_cleared_over_http() {
    let stack = own_stack().await;
    let path = "/__devstack/faults/auth";
    assert_eq!(
        call(
            &stack,
            "PUT",
            path,
            json!({"status": 429, "body": {"msg": "slow down"}, "path": "/token"}),
            &[]
        )
        .await
        .0,
        200
    );
    let (status, _, body) = call(&stack, "POST", "/auth/v1/token?grant_type=password", json!({}), &[]).await;
    assert_eq!((status, body), (429, json!({"msg": "slow down"})));
    assert_eq!(call(&stack, "GET", "/auth/v1/health", Value::Null, &[]).await.0, 200, "another path");
    let (_, _, listed) = call(&stack, "GET", "/__devstack/faults", Value::Null, &[]).await;
    assert_eq!(listed["auth"][0]["status"], 429);
    assert_eq!(call(&stack, "DELETE", path, Value::Null, &[]).await.0, 200);
    assert_eq!(call(&stack, "POST", "/auth/v1/token?grant_type=password", json!({}), &[]).await.0, 400);
    let (status, _, body) =
        call(&stack, "PUT", "/__devstack/faults/postgres", json!({"status": 500}), &[]).await;
    assert_eq!(status, 400);
    assert!(body["message"].as_str().unwrap().contains("speaks no HTTP"), "{body}");
    assert_eq!(call(&stack, "PUT", "/__devstack/faults/nothing", json!({}), &[]).await.0, 400);
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn broken_connections_to_postgres_and_redis_recover() {
    let stack = own_stack().await;
    assert_eq!(call(&stack, "GET", "/rest/v1/notes", Value::Null, &[]).await.0, 200);
    stack.faults().set(Part::Postgres, Fault { drop: true, ..Fault::default() }).unwrap();
    stack.faults().set(Part::Redis, Fault { drop: true, ..Fault::default() }).unwrap();
    let (status, _, body) = call(&stack, "GET", "/rest/v1/notes", Value::Null, &[]).await;
    // PostgREST 12 answers 400 with an empty code when the connection breaks during a query.
    assert!(status >= 500 || (status, &body["code"]) == (400, &json!("")), "{status} {body}");
    let body = json!({"email": "asha@example.com", "password": "correct horse"});
    assert_eq!(call(&stack, "POST", "/auth/v1/signup", body.clone(), &[]).await.0, 500);
    let (status, body_redis) = upstash(&stack, "/", &json!(["PING"])).await;
    assert_eq!(status, 503, "{body_redis}");
    stack.faults().clear_all();
    assert_eq!(upstash(&stack, "/", &json!(["PING"])).await, (200, json!({"result": "PONG"})));
    assert_eq!(call(&stack, "POST", "/auth/v1/signup", body, &[]).await.0, 200);
    crate::lifecycle::wait_for_postgrest(&stack).await;
    stack.stop().await.unwrap();
}
