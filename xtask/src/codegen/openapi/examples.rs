//! The examples of bodies: `assets/examples.json`, by the name of their type.

use serde_json::{Map, Value, json};

use super::reference;

const TEXT: &str = include_str!("../../../assets/examples.json");
/// The example of a webhook's body, which is PhonePe's and has no type of ours.
pub const WEBHOOK: &str = "PhonePeWebhook";

fn read() -> Map<String, Value> {
    serde_json::from_str(TEXT).unwrap_or_default()
}

/// `components.examples`
pub fn shared() -> Map<String, Value> {
    read().into_iter().map(|(name, value)| (name, json!({"value": value}))).collect()
}

/// Refers to the example of a type from a media type object.
pub fn add(content: &mut Value, type_name: &str) {
    content["examples"] = json!({type_name: reference("examples", type_name)});
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use gatehouse_core::context::{Export, Manifest, verify_manifest};
    use gatehouse_core::route;
    use gatehouse_core::uuid::is_uuid;
    use jsonschema::Draft;
    use serde::Deserialize as _;

    use super::*;
    use crate::codegen::types;

    #[test]
    fn every_type_of_a_row_has_an_example_and_there_is_no_other() {
        let named = route::routes().flat_map(|route| route.request.into_iter().chain([route.response]));
        let needed: BTreeSet<_> = named.chain([WEBHOOK]).map(str::to_owned).collect();
        let present: BTreeSet<_> = read().keys().cloned().collect();
        assert_eq!(present, needed);
    }

    #[test]
    fn every_example_is_valid_and_has_no_member_that_its_type_lacks() {
        let mut schemas = json!(types::schemas("/components/schemas"));
        close(&mut schemas);
        for (name, example) in read().iter().filter(|(name, _)| *name != WEBHOOK) {
            let schema = json!({
                "$ref": format!("#/components/schemas/{name}"), "components": {"schemas": schemas},
            });
            let validator = jsonschema::options().with_draft(Draft::Draft202012).build(&schema).unwrap();
            let faults: Vec<_> = validator
                .iter_errors(example)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(faults.is_empty(), "{name}: {faults:#?}");
        }
    }

    /// Takes from every object's schema what it does not name, so that a misspelt member is no valid one.
    fn close(schema: &mut Value) {
        match schema {
            Value::Object(members) => {
                if members.get("properties").is_some_and(Value::is_object) {
                    members.entry("additionalProperties").or_insert(Value::Bool(false));
                }
                members.values_mut().for_each(close);
            }
            Value::Array(items) => items.iter_mut().for_each(close),
            _ => {}
        }
    }

    #[test]
    fn ids_in_examples_are_uuids_and_manifests_have_their_checksum() {
        let mut ids = 0;
        let examples = Value::Object(read());
        for_each_member(&examples, &mut |name, value| {
            let is_id = ["id", "workspace_id", "user_id", "invitation_id"].contains(&name);
            if let Some(id) = value.as_str().filter(|_| is_id) {
                assert!(is_uuid(id), "{name}: {id}");
                ids += 1;
            }
        });
        assert!(ids > 10, "{ids} ids");
        for pointer in ["/Manifest", "/Finalized/manifest", "/Written/manifest"] {
            let manifest = Manifest::deserialize(examples.pointer(pointer).unwrap()).unwrap();
            assert!(verify_manifest(&manifest), "{pointer}");
        }
        assert!(verify_manifest(&Export::deserialize(&examples["Export"]).unwrap().manifest));
    }

    fn for_each_member(value: &Value, look: &mut impl FnMut(&str, &Value)) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    look(name, value);
                    for_each_member(value, look);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| for_each_member(item, look)),
            _ => {}
        }
    }
}
