//! One operation of a path.

use gatehouse_core::route::{Body, Caller, Role, Route};
use serde_json::{Map, Value, json};

use super::{examples, parameters, responses, security, tag};

/// The operation of a route.
pub fn operation(route: &Route) -> Value {
    let mut operation = Map::from_iter([
        ("tags".to_owned(), json!([tag(route.path)])),
        ("operationId".to_owned(), json!(format!("{:?}", route.id))),
        ("summary".to_owned(), json!(route.summary)),
        ("security".to_owned(), security::required(route.caller)),
        ("parameters".to_owned(), json!(parameters::parameters(route))),
    ]);
    if let Some(body) = request_body(route) {
        operation.insert("requestBody".to_owned(), body);
    }
    operation.insert("responses".to_owned(), json!(responses::responses(route)));
    operation.extend(extensions(route));
    Value::Object(operation)
}

/// The HEAD of a route of GET.
pub fn head(route: &Route) -> Value {
    json!({
        "tags": [tag(route.path)],
        "operationId": format!("Head{:?}", route.id),
        "summary": format!("The status and headers of `GET {}`.", route.path),
        "security": security::required(route.caller),
        "parameters": parameters::parameters(route),
        "responses": responses::head_responses(route),
    })
}

fn request_body(route: &Route) -> Option<Value> {
    let schema = match route.request {
        Some(name) => super::reference("schemas", name),
        // Its shape is PhonePe's.
        None if route.caller == Caller::PhonePe => json!({"type": "object"}),
        None => return None,
    };
    let mut content = json!({"schema": schema});
    examples::add(&mut content, route.request.unwrap_or(examples::WEBHOOK));
    Some(json!({"required": route.body != Body::OptionalJson, "content": {"application/json": content}}))
}

/// What OpenAPI has no words for.
fn extensions(route: &Route) -> Map<String, Value> {
    let mut extensions = Map::new();
    let mut add = |name: &str, value: Value| extensions.insert(name.to_owned(), value);
    match route.role {
        Role::Any => None,
        Role::Editor => add("x-role", json!(["owner", "admin"])),
        Role::Owner => add("x-role", json!(["owner"])),
    };
    if route.plan {
        add("x-plan", json!(true));
    }
    if let Some(limit) = route.limit {
        add("x-rate-limit", json!(limit.name));
    }
    if route.max_body > 0 {
        add("x-max-body-bytes", json!(route.max_body));
    }
    add("x-budget-ms", json!(route.budget_ms));
    add("x-network-calls", json!({"warm": route.calls.warm, "cold_extra": route.calls.cold_extra}));
    extensions
}
