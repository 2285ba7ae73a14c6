//! What holds for every answer, and what no header can buy.

use reqwest::Method;

use crate::support::{Reply, World};

const OURS: &str = "http://127.0.0.1:3000";

async fn preflight(world: &World, path: &str, origin: &str) -> Reply {
    let request = world.request(Method::OPTIONS, path).header("origin", origin);
    request.header("access-control-request-method", "GET").send().await
}

#[tokio::test]
async fn pages_of_listed_origins_may_call_and_no_others() {
    let world = World::shared().await;
    let reply = preflight(world, "/auth/verify-profile", OURS).await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    assert_eq!(reply.header("access-control-allow-origin"), Some(OURS));
    assert_eq!(reply.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(reply.header("access-control-allow-methods"), Some("GET, HEAD"));
    let allowed = reply.header("access-control-allow-headers").unwrap();
    for name in ["authorization", "x-workspace-id", "idempotency-key", "if-match"] {
        assert!(allowed.split(", ").any(|known| known == name), "{name} in {allowed}");
    }

    for origin in
        ["https://evil.example", "null", "http://127.0.0.1:3001", "http://127.0.0.1:3000.evil.example"]
    {
        let reply = preflight(world, "/auth/verify-profile", origin).await;
        reply.refused(403, "origin_not_allowed");
        assert_eq!(reply.header("access-control-allow-origin"), None, "{origin}");
    }
    preflight(world, "/nowhere", OURS).await.refused(404, "route_not_found");
    world.request(Method::OPTIONS, "/health").send().await.refused(405, "method_not_allowed");

    let read = world.request(Method::GET, "/health").header("origin", OURS).send().await;
    assert_eq!((read.status, read.header("access-control-allow-origin")), (200, Some(OURS)));
    assert!(read.header("access-control-expose-headers").unwrap().contains("x-request-id"));
    let read = world.request(Method::GET, "/health").header("origin", "https://evil.example").send().await;
    assert_eq!((read.status, read.header("access-control-allow-origin")), (200, None));
}

#[tokio::test]
async fn every_answer_says_how_it_may_be_used() {
    let world = World::shared().await;
    let founder = world.founder().await;
    for (status, reply) in [
        (200, world.request(Method::GET, "/health").send().await),
        (200, founder.get("/auth/verify-profile").await),
        (401, world.request(Method::GET, "/auth/verify-profile").send().await),
        (404, world.request(Method::GET, "/nowhere").send().await),
        (500, world.request(Method::POST, "/__panic").send().await),
    ] {
        assert_eq!(reply.status, status, "{reply:?}");
        assert_eq!(reply.header("cache-control"), Some("private, no-store"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(
            reply.header("content-security-policy"),
            Some("default-src 'none'; frame-ancestors 'none'")
        );
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(reply.header("cross-origin-resource-policy"), Some("same-origin"));
        assert!(reply.header("strict-transport-security").is_some_and(|value| value.starts_with("max-age=")));
        assert_eq!(reply.header("vary"), Some("Origin"));
        assert!(reply.header("server-timing").is_some_and(|value| value.contains("dur=")), "{reply:?}");
    }
}

/// Headers by which proxies and frameworks tell their own servers who is asking. A client can write them too.
#[tokio::test]
async fn headers_that_claim_an_identity_change_nothing() {
    let world = World::shared().await;
    let (founder, other) = (world.founder().await, world.founder().await);
    let claims = [
        ("x-user-id", other.workspace_id.as_str()),
        ("x-middleware-subrequest", "middleware:middleware:middleware:middleware:middleware"),
        ("x-role", "service_role"),
        ("x-forwarded-host", "evil.example"),
        ("x-original-url", "/health"),
        ("x-http-method-override", "DELETE"),
    ];
    let mut nobody = world.request(Method::GET, "/auth/verify-profile");
    let mut somebody = founder.request(Method::GET, "/auth/verify-profile");
    for (name, value) in claims {
        (nobody, somebody) = (nobody.header(name, value), somebody.header(name, value));
    }
    nobody.send().await.refused(401, "token_missing");
    let reply = somebody.send().await;
    assert_eq!(
        (reply.status, reply.json["workspace_id"].as_str()),
        (200, Some(founder.workspace_id.as_str()))
    );
}

#[tokio::test]
async fn an_address_that_sends_too_much_is_held_off_and_others_are_not() {
    let world = World::own().await;
    let health = |address: &'static str| {
        world.request(Method::GET, "/health").header("cf-connecting-ip", address).send()
    };
    // The platform counts in fixed minutes: one may end while this counts, so twice the limit is the bound.
    let mut sent = 0;
    let refused = loop {
        sent += 1;
        assert!(sent <= 1_200, "nothing was refused");
        let reply = health("203.0.113.7").await;
        if reply.status != 200 {
            break reply;
        }
    };
    refused.refused(429, "too_many_requests");
    assert_eq!(refused.header("retry-after"), Some("60"));
    assert!(sent > 600, "refused after {sent}");
    assert_eq!(health("203.0.113.8").await.status, 200);
}
