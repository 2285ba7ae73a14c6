//! The OpenAPI 3.1 document, from the route table and the wire types.

mod examples;
mod handlers;
mod headers;
mod operation;
mod parameters;
mod responses;
mod security;
#[cfg(test)]
mod sources;

use gatehouse_core::route::{self, Method};
use serde_json::{Map, Value, json};

use super::types;

const DESCRIPTION: &str = "\
The edge of a subscription product: the gate, onboarding, the business context of a workspace, payments and members.

- Every refusal is `application/problem+json` (RFC 9457) with a stable `code`. docs/ERRORS.md says what each code means.
- Every answer is `Cache-Control: private, no-store` unless it documents another one.
- A path that has GET answers HEAD too, with the same status and headers and without content.
- Another method on a path of this document is answered 405 with `Allow` (`components.responses.MethodNotAllowed`). OPTIONS \
with `Access-Control-Request-Method` is a browser's preflight: 204 for an allowed origin.
- Amounts are integer paise (INR). Times are RFC 3339 in UTC.
- `x-role` lists the roles that may call an operation, where not every member may. `x-plan`: the workspace needs a plan, and \
the caller a seat in it. `x-rate-limit` names the limit in docs/API.md. `x-max-body-bytes` is the largest body. \
`x-budget-ms` is the time it may take, and `x-network-calls` the calls before the answer.";

/// The areas of the API: an operation's tag, and what it is about.
const TAGS: [(&str, &str); 6] = [
    ("operations", "Health, readiness, metrics, and this document."),
    ("auth", "Who somebody is, and what comes next for them."),
    ("onboarding", "The questionnaire: its session and its end."),
    ("context", "The manifest, what it is made from, and suggestions for it."),
    ("payments", "Plans, orders, refunds, and PhonePe's webhook."),
    ("members", "Who belongs to a workspace."),
];

/// `docs/openapi.json`
pub fn pretty() -> String {
    format!("{:#}\n", document())
}

/// The same document as the Worker serves it, without line breaks.
pub fn minified() -> String {
    document().to_string()
}

fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in route::routes() {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation::operation(route);
        if route.method == Method::Get {
            path["head"] = operation::head(route);
        }
    }
    let tags = TAGS.map(|(name, description)| json!({"name": name, "description": description}));
    json!({
        "x-generated": "Generated from core by `npm run codegen`; do not edit.",
        "openapi": "3.1.0",
        "info": {"title": "Gatehouse", "version": env!("CARGO_PKG_VERSION"), "description": DESCRIPTION},
        "servers": [{"url": "/", "description": "The Worker that serves this document."}],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": security::schemes(),
            "parameters": parameters::shared(),
            "headers": headers::shared(),
            "responses": responses::shared(),
            "examples": examples::shared(),
            "schemas": types::schemas("/components/schemas"),
        },
    })
}

/// The tag of a path: its first segment where that is an area.
fn tag(path: &str) -> &'static str {
    let area = match path.split('/').nth(1) {
        Some("api") => "payments",
        Some(segment) => segment,
        None => "",
    };
    TAGS.into_iter().map(|(name, _)| name).find(|name| *name == area).unwrap_or("operations")
}

/// A reference to what stands below `components`.
fn reference(kind: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{kind}/{name}")})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_to_something_and_everything_shared_is_used() {
        let document = document();
        let text = minified();
        let mut rest = text.as_str();
        while let Some((_, after)) = rest.split_once("\"$ref\":\"#") {
            let (pointer, after) = after.split_once('"').unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
            rest = after;
        }
        for kind in ["parameters", "headers", "responses", "examples"] {
            for name in document["components"][kind].as_object().unwrap().keys() {
                let is_used = text.contains(&format!("\"#/components/{kind}/{name}\""));
                assert!(is_used || name == "MethodNotAllowed", "{kind}/{name}");
            }
        }
    }

    #[test]
    fn no_two_operations_share_an_id_and_each_get_has_its_head() {
        let document = document();
        let mut ids = Vec::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            assert_eq!(operations.get("get").is_some(), operations.get("head").is_some(), "{path}");
            for operation in operations.as_object().unwrap().values() {
                ids.push(operation["operationId"].as_str().unwrap().to_owned());
            }
        }
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }
}
