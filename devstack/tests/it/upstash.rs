//! The responses of the Upstash proxy.

use serde_json::{Value, json};

use crate::{shared_stack, upstash};

#[tokio::test]
async fn replies_have_the_json_of_the_service() {
    let stack = shared_stack().await;
    let key = uuid::Uuid::new_v4().to_string();
    let cases = [
        (json!(["SET", key, "नमस्ते", "EX", 100]), json!("OK")),
        (json!(["GET", key]), json!("नमस्ते")),
        (json!(["GET", "absent"]), Value::Null),
        (json!(["TTL", "absent"]), json!(-2)),
        (json!(["MGET", key, "absent"]), json!(["नमस्ते", null])),
        (json!(["EVAL", "return {1, ARGV[1], {false, 'x'}}", 0, 7]), json!([1, "7", [null, "x"]])),
        (json!(["SET", key, "again", "NX"]), Value::Null),
    ];
    for (command, result) in cases {
        assert_eq!(upstash(stack, "/", &command).await, (200, json!({"result": result})), "{command}");
    }
}

#[tokio::test]
async fn errors_have_the_json_of_the_service() {
    let stack = shared_stack().await;
    for (path, body, start) in [
        ("/", json!(["NOSUCH"]), "ERR unknown command"),
        ("/", json!(["EVALSHA", "ffffffffffffffffffffffffffffffffffffffff", 0]), "NOSCRIPT"),
        ("/", json!(["SUBSCRIBE", "x"]), "ERR Command is not available"),
        ("/", json!({"not": "an array"}), "ERR failed to parse"),
        ("/pipeline", json!(["GET", "x"]), "ERR failed to parse"),
    ] {
        let (status, body) = upstash(stack, path, &body).await;
        assert_eq!(status, 400);
        assert!(body["error"].as_str().unwrap().starts_with(start), "{body}");
    }
    let http = reqwest::Client::new();
    let without = http.post(stack.upstash_url()).json(&json!(["PING"])).send().await.unwrap();
    assert_eq!(without.status(), 401);
    assert!(without.json::<Value>().await.unwrap()["error"].as_str().unwrap().starts_with("WRONGPASS"));
    let wrong = http.delete(stack.upstash_url()).bearer_auth(stack.upstash_token()).send().await.unwrap();
    assert_eq!(wrong.status(), 405);
}

#[tokio::test]
async fn commands_may_be_in_the_path() {
    let stack = shared_stack().await;
    let (http, url, token) = (reqwest::Client::new(), stack.upstash_url(), stack.upstash_token());
    let key = uuid::Uuid::new_v4().to_string();
    let set = http.get(format!("{url}/set/{key}/a%20b%2Fc/EX/100")).bearer_auth(token).send().await.unwrap();
    assert_eq!(set.json::<Value>().await.unwrap(), json!({"result": "OK"}));
    let get = http.get(format!("{url}/get/{key}?_token={token}")).send().await.unwrap();
    assert_eq!(get.json::<Value>().await.unwrap(), json!({"result": "a b/c"}));
    let body = http
        .post(format!("{url}/set/{key}?EX=200"))
        .bearer_auth(token)
        .body("from the body")
        .send()
        .await
        .unwrap();
    assert!(body.headers().contains_key("upstash-sync-token"));
    assert_eq!(upstash(stack, "/", &json!(["GET", key])).await.1, json!({"result": "from the body"}));
    assert!(upstash(stack, "/", &json!(["TTL", key])).await.1["result"].as_i64().unwrap() > 100);
}

#[tokio::test]
async fn a_pipeline_continues_after_an_error_and_a_transaction_is_discarded_whole() {
    let stack = shared_stack().await;
    let key = uuid::Uuid::new_v4().to_string();
    let commands = json!([["SET", key, "text"], ["INCR", key], ["WATCH", key], ["GET", key]]);
    let (status, body) = upstash(stack, "/pipeline", &commands).await;
    assert_eq!(status, 200);
    assert_eq!(body[0], json!({"result": "OK"}));
    assert!(body[1]["error"].as_str().unwrap().starts_with("ERR value is not an integer"), "{body}");
    assert!(body[2]["error"].as_str().unwrap().contains("WATCH"));
    assert_eq!(body[3], json!({"result": "text"}));

    let (status, body) = upstash(stack, "/multi-exec", &json!([["SET", key, "new"], ["NOSUCH"]])).await;
    assert_eq!(status, 400);
    assert!(body["error"].as_str().unwrap().starts_with("ERR unknown command"), "{body}");
    assert_eq!(upstash(stack, "/", &json!(["GET", key])).await.1["result"], "text", "nothing was done");
    let (_, body) = upstash(stack, "/multi-exec", &json!([["SET", key, "new"], ["INCR", key]])).await;
    assert_eq!(body[0], json!({"result": "OK"}));
    assert!(body[1]["error"].is_string());
    assert_eq!(
        upstash(stack, "/", &json!(["GET", key])).await.1["result"],
        "new",
        "an error at run time does not roll back"
    );
}

#[tokio::test]
async fn base64_encodes_binary_replies() {
    let stack = shared_stack().await;
    let request = reqwest::Client::new().post(stack.upstash_url()).bearer_auth(stack.upstash_token());
    let request = request.header("upstash-encoding", "base64").json(&json!([
        "EVAL",
        "return {'\\255', redis.status_reply('OK')}",
        0
    ]));
    let body: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(body, json!({"result": ["/w==", "OK"]}));
    let (_, plain) = upstash(stack, "/", &json!(["EVAL", "return '\\255'", 0])).await;
    assert_eq!(plain, json!({"result": "\u{fffd}"}));
}
