//! The calls of a request, as the services that the Worker calls recorded them.

use gatehouse_devstack::{Call, Part};

use super::{World, happens};

/// The calls of a request that arrived at the services, before and after its answer, in the Worker's words. Of a Redis
/// script the command alone is known.
pub fn recorded_calls(world: &World, id: &str) -> Vec<String> {
    let name = |call: &Call| match (call.part, call.path.as_str()) {
        (Part::Upstash, _) => format!("upstash {}", call.commands.join("+")),
        (Part::Postgrest, path) => format!("postgrest {}", path.trim_start_matches("/rest/v1/")),
        (Part::Auth, "/auth/v1/.well-known/jwks.json") => "auth jwks".to_owned(),
        (Part::Phonepe, "/checkout/v2/pay") => "phonepe pay".to_owned(),
        (Part::Phonepe, "/payments/v2/refund") => "phonepe refund".to_owned(),
        (Part::Phonepe, path) if path.starts_with("/checkout/v2/order/") && path.ends_with("/status") => {
            "phonepe order status".to_owned()
        }
        (Part::Vertex, path) if path.ends_with(":generateContent") => "vertex generateContent".to_owned(),
        (part, path) => format!("{part} {path}"),
    };
    world.stack.calls(id).iter().map(name).collect()
}

/// Waits for the calls of a request and insists on exactly these, as [`recorded_calls`] names them.
pub async fn assert_recorded(world: &World, id: &str, expected: &[&str]) {
    let recorded = || recorded_calls(world, id);
    happens(|| async { recorded().len() >= expected.len() }).await;
    assert_eq!(recorded(), expected);
}
