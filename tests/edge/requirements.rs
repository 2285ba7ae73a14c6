//! What the rows of the route table ask for: every row refuses who lacks it, for every kind of requirement, and asks for
//! nothing that its row does not say. Role, plan and seat are enforced in SQL and Lua, so a row that loses one of them
//! disagrees with what they answer.

use gatehouse_core::error::ErrorCode;
use gatehouse_core::rate_limit::Outage;
use gatehouse_core::route::{self, Body, Caller, Method, Role, Route};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::members::invite_and_join;
use crate::support::{Founder, Reply, Request, World, answers};

/// A body that the route takes.
fn example_body(route: &Route) -> Option<Value> {
    let body = match route.request? {
        "SessionRequest" | "FinalizeRequest" | "SourceRequest" => json!({"answers": answers()}),
        "StepRequest" => json!({"answers": {"industry": "Tea"}}),
        "RestoreRequest" => json!({"version": 1}),
        "RebuildRequest" => json!({"force": true}),
        "ExportRequest" => json!({"format": "json"}),
        "SuggestRequest" => json!({"fields": ["brand_tone"]}),
        "DecideRequest" => json!({"state": "dismissed"}),
        "InitRequest" => json!({"plan": "glide", "interval": "month"}),
        "RefundRequest" => {
            json!({"order_id": "GH00000000000000000000000000000001", "reason": "A double payment"})
        }
        "InviteRequest" => json!({"email": format!("{}@example.in", Uuid::new_v4()), "role": "member"}),
        "AcceptRequest" => json!({"token": "0".repeat(64)}),
        "RoleRequest" => json!({"role": "admin"}),
        "ReplayRequest" => json!({"about": "GH00000000000000000000000000000001"}),
        other => panic!("{} takes a {other}: give an example of it here", route.path),
    };
    Some(body)
}

/// A request with everything that the row asks for but who is asking.
fn example_request<'a>(world: &'a World, route: &Route) -> Request<'a> {
    let mut path = route.path.to_owned();
    for name in route.parameters() {
        let value = match name {
            "step" => "company".to_owned(),
            "order_id" => "GH00000000000000000000000000000001".to_owned(),
            _ => Uuid::new_v4().to_string(),
        };
        path = path.replace(&format!("{{{name}}}"), &value);
    }
    if route.path == "/context/diff" {
        path.push_str("?from=1&to=1");
    }
    let method = Method::as_str(route.method).parse().expect("a method");
    let mut request = world.request(method, &path);
    if matches!(route.method, Method::Put | Method::Patch) {
        request = request.header("if-match", "\"1\"");
    }
    if route.key {
        request = request.header("idempotency-key", &Uuid::new_v4().to_string());
    }
    if let Some(body) = example_body(route) {
        request = request.body(body.to_string());
    }
    request
}

/// The same by somebody in a workspace.
async fn send_as(founder: &Founder<'_>, world: &World, route: &Route) -> Reply {
    let request = example_request(world, route).header("authorization", &format!("Bearer {}", founder.token));
    request.header("x-workspace-id", &founder.workspace_id).send().await
}

fn member_routes() -> impl Iterator<Item = &'static Route> {
    route::routes().filter(|route| route.caller == Caller::Member)
}

#[tokio::test]
async fn a_row_refuses_who_lacks_session_workspace_key_or_body() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let bearer = format!("Bearer {}", founder.token);
    for route in route::routes() {
        let name = format!("{} {}", route.method.as_str(), route.path);
        let is = |reply: &Reply, code: &str| reply.json["code"] == code;

        let reply = example_request(world, route).send().await;
        assert_eq!(is(&reply, "token_missing"), route.needs_session(), "{name}: {reply:?}");
        let needs_operator = matches!(route.caller, Caller::Metrics | Caller::Operator);
        assert_eq!(is(&reply, "operator_token_invalid"), needs_operator, "{name}: {reply:?}");
        assert_eq!(is(&reply, "webhook_rejected"), route.caller == Caller::PhonePe, "{name}: {reply:?}");

        let request = || example_request(world, route).header("authorization", &bearer);
        let reply = request().send().await;
        assert_eq!(is(&reply, "workspace_header_missing"), route.needs_workspace(), "{name}: {reply:?}");
        let reply = request().header("x-workspace-id", "1 or 1=1").send().await;
        let reads_workspace = route.needs_workspace() || route.caller == Caller::Visitor;
        assert_eq!(is(&reply, "workspace_header_invalid"), reads_workspace, "{name}: {reply:?}");

        if !route.needs_session() {
            continue;
        }
        let request = || request().header("x-workspace-id", &founder.workspace_id);
        let replaced = |request: Request<'static>, key: &str| request.replace_header("idempotency-key", key);
        for key in ["short", "\"12345678", "with a space"] {
            let reply = replaced(request(), key).send().await;
            assert_eq!(is(&reply, "idempotency_key_missing"), route.key, "{name} {key}: {reply:?}");
        }
        let reply = request().body(vec![b' '; route.max_body + 1]).send().await;
        reply.refused(413, "body_too_large");
        let is_json = matches!(route.body, Body::Json | Body::OptionalJson);
        if is_json {
            request().body("[]").send().await.refused(400, "body_invalid");
        }
        if route.body == Body::Json {
            request().body("").send().await.refused(400, "body_invalid");
        }
    }
}

#[tokio::test]
async fn a_key_in_quotes_is_the_same_key() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let key = Uuid::new_v4().to_string();
    let first = founder.init("glide", "month", &key).await;
    assert_eq!(first.status, 201, "{first:?}");
    crate::support::until("the answer is stored", || async {
        let repeat = founder.init("glide", "month", &format!("\"{key}\"")).await;
        repeat.header("idempotent-replayed") == Some("true") && repeat.json == first.json
    })
    .await;
}

#[tokio::test]
async fn a_row_that_names_a_role_refuses_other_members_and_no_other_row_does() {
    let world = World::shared().await;
    let (owner, mut member) = (world.founder().await, world.founder().await);
    assert_eq!(owner.finalize(&answers()).await.status, 201);
    invite_and_join(&owner, &mut member, "member").await;
    for route in member_routes() {
        let reply = send_as(&member, world, route).await;
        let is_refused = reply.json["code"] == "role_not_allowed";
        // Some handlers judge the role by what is asked for; their rows say so themselves.
        if route.errors.contains(&ErrorCode::RoleNotAllowed) {
            continue;
        }
        assert_eq!(is_refused, route.role != Role::Any, "{:?}: {reply:?}", route.id);
        // The other way round: whoever has the role is not refused for it.
        let reply = send_as(&owner, world, route).await;
        assert_ne!(reply.json["code"], "role_not_allowed", "{:?}: {reply:?}", route.id);
    }
}

#[tokio::test]
async fn a_row_that_needs_a_plan_refuses_without_one_and_no_other_row_does() {
    let world = World::shared().await;
    let founder = world.founder().await;
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    let sql = format!(
        "with ended as (delete from subscriptions where workspace_id = '{}' returning 1) select count(*) from ended",
        founder.workspace_id
    );
    assert_eq!(world.count(&sql).await, 1);
    for route in member_routes() {
        let reply = send_as(&founder, world, route).await;
        assert_eq!(reply.json["code"] == "plan_required", route.plan, "{:?}: {reply:?}", route.id);
    }
}

#[tokio::test]
async fn a_row_that_needs_a_seat_refuses_a_member_without_one_and_no_other_row_does() {
    let world = World::shared().await;
    let (owner, mut admin) = (world.founder().await, world.founder().await);
    assert_eq!(owner.finalize(&answers()).await.status, 201);
    invite_and_join(&owner, &mut admin, "admin").await;
    let sql = format!(
        "with smaller as (update subscriptions set plan = 'ascent' where workspace_id = '{}' returning 1)
         select count(*) from smaller",
        owner.workspace_id
    );
    assert_eq!(world.count(&sql).await, 1);
    for route in member_routes() {
        let reply = send_as(&admin, world, route).await;
        assert_eq!(reply.json["code"] == "no_seat", route.plan, "{:?}: {reply:?}", route.id);
    }
}

#[tokio::test]
async fn a_row_with_a_limit_counts_and_no_other_row_does() {
    let world = World::shared().await;
    let founder = world.founder().await;
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    for route in route::routes().filter(|route| route.needs_session()) {
        let reply = send_as(&founder, world, route).await;
        let expected = route.limit.map(|policy| format!(";w={}", policy.window_s));
        let policy = reply.header("ratelimit-policy");
        assert_eq!(policy.is_some(), expected.is_some(), "{:?}: {reply:?}", route.id);
        assert!(expected.is_none_or(|window| policy.is_some_and(|policy| policy.ends_with(&window))));
        // What refuses for want of Redis has no answer to count without it.
        assert!(route.limit.is_none_or(|policy| policy.outage == Outage::Open || route.calls.warm > 1));
    }
}

#[tokio::test]
async fn head_is_answered_wherever_get_is_and_without_a_body() {
    let world = World::shared().await;
    let founder = world.founder().await;
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    for route in route::routes() {
        let get = send_as(&founder, world, route).await;
        if route.method != Method::Get {
            continue;
        }
        let request = example_request(world, &Route { method: Method::Get, ..*route });
        let request = request
            .method(reqwest::Method::HEAD)
            .header("authorization", &format!("Bearer {}", founder.token));
        let head = request.header("x-workspace-id", &founder.workspace_id).send().await;
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{}: {head:?}", route.path);
        for name in ["content-type", "etag", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{} {name}", route.path);
        }
    }
    let refused = founder.request(reqwest::Method::HEAD, "/context/export").send().await;
    assert_eq!((refused.status, refused.header("allow")), (405, Some("POST")));
}
