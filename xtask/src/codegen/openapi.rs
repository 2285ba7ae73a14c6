//! The OpenAPI 3.1 document, from the route table and the wire types.

use gatehouse_core::route::{self, Route, RouteId};
use serde_json::{Map, Value, json};

use super::types;

/// `docs/openapi.json`
pub fn document() -> String {
    let mut paths: Map<String, Value> = Map::new();
    for route in route::routes() {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation(route);
    }
    let document = json!({
        "$comment": "Generated from core by `npm run codegen`; do not edit.",
        "openapi": "3.1.0",
        "info": {
            "title": "Gatehouse",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The edge of a subscription product. Every error is application/problem+json with a stable code.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "session": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A Supabase access token."},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "sb-<project>-auth-token", "description": "The session as @supabase/ssr stores it; a change must come from an allowed origin (docs/AUTH.md)."},
            },
            "schemas": types::schemas("/components/schemas"),
        },
    });
    format!("{document:#}\n")
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn operation(route: &Route) -> Value {
    let mut responses = Map::new();
    responses.insert("200".into(), success(route));
    let makes = [
        RouteId::EnsureProfile,
        RouteId::Finalize,
        RouteId::PaymentInit,
        RouteId::EditSource,
        RouteId::Restore,
        RouteId::Rebuild,
    ];
    if makes.contains(&route.id) {
        responses.insert("201".into(), success(route));
    }
    if route.id == RouteId::Manifest {
        responses.insert("304".into(), json!({"description": "The reader has this manifest already."}));
    }
    for error in route.all_errors() {
        let entry = responses.entry(error.status().to_string()).or_insert_with(|| {
            json!({"description": "", "content": {"application/problem+json": {"schema": reference("Problem")}}})
        });
        let described = entry["description"].as_str().unwrap_or_default();
        let line = format!("`{}`: {}", error.as_str(), error.title());
        entry["description"] = json!(if described.is_empty() { line } else { format!("{described} {line}") });
    }
    let mut operation = json!({
        "operationId": format!("{:?}", route.id),
        "summary": route.summary,
        "x-budget-ms": route.budget_ms,
        "x-network-calls": {"warm": route.calls.warm, "cold_extra": route.calls.cold_extra},
        "responses": responses,
    });
    if route.needs_session() {
        operation["security"] = json!([{"session": []}, {"cookie": []}]);
    }
    let mut parameters: Vec<Value> = route
        .parameters()
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    if route.needs_workspace() {
        parameters.push(json!({
            "name": "X-Workspace-Id", "in": "header", "required": true, "schema": {"type": "string", "format": "uuid"},
            "description": "The workspace; never guessed.",
        }));
    }
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
    if let Some(request) = route.request {
        operation["requestBody"] =
            json!({"required": true, "content": {"application/json": {"schema": reference(request)}}});
    }
    operation
}

fn success(route: &Route) -> Value {
    let mut content = json!({"application/json": {"schema": reference(route.response)}});
    if route.id == RouteId::Metrics {
        content = json!({"text/plain": {"schema": reference(route.response)}});
    }
    if route.id == RouteId::Export {
        content["text/markdown"] = json!({"schema": {"type": "string"}});
    }
    json!({"description": route.summary, "content": content})
}
