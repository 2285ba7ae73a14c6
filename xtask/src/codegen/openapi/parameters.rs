//! The parameters: of paths, of queries, and request headers.

use gatehouse_core::onboarding::StepId;
use gatehouse_core::route::{Caller, Route};
use serde_json::{Map, Value, json};

use super::handlers::handler;
use super::reference;

/// The largest number that the database holds.
const MOST: u32 = 2_147_483_647;

/// `components.parameters`
pub fn shared() -> Map<String, Value> {
    let mut parameters = Map::new();
    let mut add = |key: &str, place: &str, name: &str, required: bool, schema: Value, description: &str| {
        let parameter = json!({"name": name, "in": place, "required": required, "schema": schema, "description": description});
        parameters.insert(key.to_owned(), parameter);
    };
    let uuid = || json!({"type": "string", "format": "uuid"});
    let text = || json!({"type": "string"});
    let revision = || json!({"type": "string", "pattern": "^(W/)?\"[0-9]+\"$", "examples": ["\"3\""]});
    let version = || json!({"type": "integer", "minimum": 1, "maximum": MOST});
    add("WorkspaceId", "header", "X-Workspace-Id", true, uuid(), "The workspace; never guessed.");
    add(
        "OptionalWorkspaceId",
        "header",
        "X-Workspace-Id",
        false,
        uuid(),
        "Another workspace than the caller's own. It wins over `workspace`.",
    );
    add(
        "RequestId",
        "header",
        "X-Request-Id",
        false,
        text(),
        "The caller's id of the request, 8 to 64 letters, digits, `-` or `_`. Any other is replaced by a new one.",
    );
    add(
        "IdempotencyKey",
        "header",
        "Idempotency-Key",
        true,
        json!({
            "type": "string", "pattern": "^([A-Za-z0-9_-]{8,64}|\"[A-Za-z0-9_-]{8,64}\")$",
            "examples": ["8e03978e-40d5-43dd-bc93-6894a57f9324"],
        }),
        "The same key for the same request: its repeats get the first answer for a day.",
    );
    let replaced = "The revision that is replaced, as `ETag` gave it; `\"0\"` before the first save.";
    add("IfMatchRevision", "header", "If-Match", true, revision(), replaced);
    add("OptionalIfMatchRevision", "header", "If-Match", false, revision(), replaced);
    add(
        "IfMatchSource",
        "header",
        "If-Match",
        true,
        json!({"type": "string", "pattern": "^(W/)?\"[0-9]+(\\.[0-9]+)?\"$", "examples": ["\"3.1\""]}),
        "The `ETag` that `GET /context/source` answered.",
    );
    add(
        "IfNoneMatch",
        "header",
        "If-None-Match",
        false,
        text(),
        "The `ETag` that the reader has, or several: one that matches is answered 304.",
    );
    add(
        "Page",
        "query",
        "path",
        false,
        json!({"type": "string", "examples": ["/dashboard"]}),
        "The page's path; the dashboard when it is left out.",
    );
    add("Workspace", "query", "workspace", false, uuid(), "Another workspace than the caller's own.");
    add(
        "Limit",
        "query",
        "limit",
        false,
        json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
        "How many at most.",
    );
    add("Before", "query", "before", false, version(), "Only versions below this one.");
    add("FromVersion", "query", "from", true, version(), "The version that is compared.");
    add("ToVersion", "query", "to", true, version(), "The version that it is compared with.");
    parameters
}

/// The parameters of a route.
pub fn parameters(route: &Route) -> Vec<Value> {
    let mut parameters: Vec<_> = route.parameters().map(path_parameter).collect();
    let mut names = Vec::new();
    if route.caller == Caller::Member {
        names.push("WorkspaceId");
    }
    if route.key {
        names.push("IdempotencyKey");
    }
    names.extend(handler(route.id).parameters);
    names.push("RequestId");
    parameters.extend(names.into_iter().map(|name| reference("parameters", name)));
    parameters
}

fn path_parameter(name: &str) -> Value {
    let schema = match name {
        "step" => json!({"type": "string", "enum": StepId::TEXTS}),
        "order_id" => json!({"type": "string", "pattern": "^[A-Za-z0-9]{3,63}$"}),
        _ => json!({"type": "string", "format": "uuid"}),
    };
    json!({"name": name, "in": "path", "required": true, "schema": schema})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::codegen::openapi::sources::literals_after;

    #[test]
    fn the_query_parameters_that_are_described_are_those_that_handlers_read() {
        let read: BTreeSet<_> = ["edge/src/routes", "edge/src/entry"]
            .into_iter()
            .flat_map(|folder| {
                literals_after(folder, &[".query(\"", "call.query_number(\"", "version(&call, \""])
            })
            // What a probe of the tests reads.
            .filter(|name| name != "schema")
            .collect();
        let parameters = shared();
        let queries = parameters.values().filter(|parameter| parameter["in"] == "query");
        let described: BTreeSet<_> =
            queries.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)).collect();
        assert_eq!(described, read);
    }
}
