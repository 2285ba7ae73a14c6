//! The schemas of `core/schema` as files, and what is put together from them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

/// The onboarding steps in the order in which they are asked; each has a schema of its name.
pub const STEPS: [&str; 7] = ["company", "offer", "customer", "position", "voice", "reach", "proof"];

/// The schemas by name.
#[derive(Clone, Debug)]
pub struct Schemas(pub BTreeMap<String, Value>);

impl Schemas {
    /// Reads the schemas below a repository, marks what belongs to a step, and adds `answers`: all steps as one object.
    ///
    /// # Errors
    /// A file that is missing or no JSON.
    pub fn read(repo: &Path) -> Result<Self> {
        let mut schemas = BTreeMap::new();
        for name in STEPS.iter().chain(&["texts", "business_context", "manifest"]) {
            let path = repo.join(format!("core/schema/{name}.json"));
            let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let mut schema: Value =
                serde_json::from_str(&text).with_context(|| path.display().to_string())?;
            if STEPS.contains(name) {
                mark(&mut schema, name);
            }
            schemas.insert((*name).to_owned(), schema);
        }
        let answers = answers(&schemas);
        schemas.insert("answers".to_owned(), answers);
        Ok(Self(schemas))
    }

    /// A schema that needs no other: what it takes from `texts` has become its own.
    pub fn bundled(&self, name: &str) -> Value {
        let text = self.0[name].to_string().replace("\"texts.json#", "\"#");
        let mut schema: Value = serde_json::from_str(&text).unwrap_or_default();
        schema["$defs"] = self.0["texts"]["$defs"].clone();
        schema
    }
}

fn mark(schema: &mut Value, step: &str) {
    schema["x-step"] = json!(step);
    for property in schema["properties"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        property["x-step"] = json!(step);
    }
}

fn answers(schemas: &BTreeMap<String, Value>) -> Value {
    let steps = || STEPS.iter().filter_map(|step| schemas.get(*step));
    let properties: Map<_, _> =
        steps().filter_map(|step| step["properties"].as_object().cloned()).flatten().collect();
    let required: Vec<_> =
        steps().filter_map(|step| step["required"].as_array().cloned()).flatten().collect();
    json!({
        "title": "The answers", "type": "object", "properties": properties, "required": required,
        "additionalProperties": false
    })
}
