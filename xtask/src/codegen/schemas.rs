//! What comes from `core/schema`: the validator's tables, the questions, TypeScript types, the docs' tables.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use gatehouse_schema_compiler::{STEPS, Schemas, compile, rust_source};
use serde_json::{Map, Value};

/// `core/src/validator/tables.rs`
pub fn tables(schemas: &Schemas) -> Result<String> {
    Ok(rust_source(&compile(&schemas.0)?))
}

/// Reads `core/schema`.
pub fn read(repo: &Path) -> Result<Schemas> {
    Schemas::read(repo)
}

/// A step's questions: id and schema.
fn questions<'a>(schemas: &'a Schemas, step: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    schemas.0[step]["properties"].as_object().into_iter().flat_map(Map::iter)
}

fn required(schema: &Value, name: &str) -> bool {
    schema["required"].as_array().is_some_and(|names| names.iter().any(|other| other == name))
}

/// The schema in `texts` that a question refers to, by name.
fn text_kind<'a>(schemas: &'a Schemas, question: &'a Value) -> (&'a str, &'a Value) {
    let name = question["$ref"].as_str().and_then(|target| target.rsplit('/').next()).unwrap_or_default();
    (name, &schemas.0["texts"]["$defs"][name])
}

fn pascal(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}

/// `core/src/onboarding/ids.rs`
pub fn rust_ids(schemas: &Schemas) -> String {
    let mut out = String::from(
        "//! Generated from core/schema by `npm run codegen`; do not edit.\n\
         //! Ids are strings and survive reordering; nothing anywhere numbers a step.\n\n\
         use crate::vocabulary::vocabulary;\n\n\
         vocabulary! {\n    /// A step of onboarding.\n    StepId {\n",
    );
    for step in STEPS {
        let _ = writeln!(out, "        {} = {step:?},", pascal(step));
    }
    out.push_str("    }\n}\n\nvocabulary! {\n    /// A question of onboarding.\n    FieldId {\n");
    for (id, _) in STEPS.iter().flat_map(|step| questions(schemas, step)) {
        let _ = writeln!(out, "        {} = {id:?},", pascal(id));
    }
    out.push_str("    }\n}\n");
    out
}

/// `core/src/onboarding/questions.rs`
pub fn rust_questions(schemas: &Schemas) -> String {
    let mut out = String::from(
        "//! Generated from core/schema by `npm run codegen`; do not edit.\n\n\
         use super::fields::{Field, Kind, Step};\nuse super::ids::{FieldId, StepId};\n\n\
         /// The steps in the order in which they are asked.\npub const STEPS: &[Step] = &[\n",
    );
    for step in STEPS {
        let _ = writeln!(
            out,
            "    Step {{ id: StepId::{}, title: {} }},",
            pascal(step),
            schemas.0[step]["title"]
        );
    }
    out.push_str(
        "];\n\n/// The questions in the order in which they are asked.\npub const FIELDS: &[Field] = &[\n",
    );
    for step in STEPS {
        for (id, question) in questions(schemas, step) {
            let _ = writeln!(
                out,
                "    Field {{ id: FieldId::{}, step: StepId::{}, label: {}, kind: {}, required: {} }},",
                pascal(id),
                pascal(step),
                question["title"],
                rust_kind(schemas, question),
                required(&schemas.0[step], id)
            );
        }
    }
    out.push_str(
        "];\n\n/// The hint under a question's input. It stands apart because the browser's rules have no use for it.\n\
         pub const fn hint(id: FieldId) -> &'static str {\n    match id {\n",
    );
    for (id, question) in STEPS.iter().flat_map(|step| questions(schemas, step)) {
        let _ = writeln!(out, "        FieldId::{} => {},", pascal(id), question["description"]);
    }
    out.push_str("    }\n}\n");
    out
}

fn rust_kind(schemas: &Schemas, question: &Value) -> String {
    match text_kind(schemas, question) {
        ("line", line) => format!("Kind::Text {{ max: {} }}", line["maxLength"]),
        ("prose", prose) => format!("Kind::LongText {{ max: {} }}", prose["maxLength"]),
        ("items", items) => {
            let max = &schemas.0["texts"]["$defs"]["item"]["maxLength"];
            format!("Kind::List {{ max_items: {}, max: {max} }}", items["maxItems"])
        }
        _ => "Kind::Url".to_owned(),
    }
}

/// `context.ts`
pub fn typescript(schemas: &Schemas) -> String {
    let mut out = String::from("// Generated from core/schema by `npm run codegen`; do not edit.\n\n");
    for (name, schema) in [("BusinessContext", "business_context"), ("ManifestDocument", "manifest")] {
        let schema = schemas.bundled(schema);
        let about = schema["description"].as_str().unwrap_or_default();
        let _ = write!(out, "/** {about} */\nexport interface {name} {}\n\n", members(&schema, &schema, 1));
    }
    out.push_str(
        "/** What prompts read: the sections of a manifest that have something to say. */\n\
         export type ManifestContent = ManifestDocument[\"content\"];\n",
    );
    out
}

fn members(root: &Value, schema: &Value, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    let mut out = String::from("{\n");
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let about = property["description"].as_str().or(property["title"].as_str()).unwrap_or_default();
        let mark = if required(schema, name) { "" } else { "?" };
        let _ = write!(
            out,
            "{indent}/** {about} */\n{indent}{name}{mark}: {};\n",
            type_of(root, property, depth)
        );
    }
    let _ = write!(out, "{}}}", "  ".repeat(depth - 1));
    out
}

fn type_of(root: &Value, schema: &Value, depth: usize) -> String {
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
    }
    let one = |kind: &str| match kind {
        "integer" | "number" => "number".to_owned(),
        "array" => format!("Array<{}>", type_of(root, &schema["items"], depth)),
        "object" => members(root, schema, depth + 1),
        other => other.to_owned(),
    };
    match (&schema["type"], schema["$ref"].as_str()) {
        (Value::String(kind), _) => one(kind),
        (Value::Array(kinds), _) => {
            kinds.iter().filter_map(Value::as_str).map(one).collect::<Vec<_>>().join(" | ")
        }
        (_, Some(target)) => {
            type_of(root, root.pointer(target.trim_start_matches('#')).unwrap_or(&Value::Null), depth)
        }
        _ => "unknown".to_owned(),
    }
}

/// `docs/ONBOARDING.md`
pub fn docs(schemas: &Schemas) -> String {
    let mut out = String::from(
        "<!-- Generated from core/schema by `npm run codegen`; do not edit. -->\n\n# Onboarding\n\n\
         The questions, step by step. Lengths count Unicode characters after trimming; a list has no empties and no \
         repeats. The documents made from the answers: `core/schema/business_context.json` and `manifest.json`.\n",
    );
    for step in STEPS {
        let schema = &schemas.0[step];
        let title = schema["title"].as_str().unwrap_or_default();
        let _ = write!(
            out,
            "\n## {step}: {title}\n\n| id | label | answer | required | hint |\n|---|---|---|---|---|\n"
        );
        for (id, question) in questions(schemas, step) {
            let (kind, rules) = text_kind(schemas, question);
            let answer = match kind {
                "items" => {
                    let item = &schemas.0["texts"]["$defs"]["item"]["maxLength"];
                    format!("list of at most {}, each of at most {item} characters", rules["maxItems"])
                }
                "line" => format!("one line of at most {} characters", rules["maxLength"]),
                "prose" => format!("text of at most {} characters", rules["maxLength"]),
                _ => format!("web address of at most {} characters", rules["maxLength"]),
            };
            let text = |name: &str| question[name].as_str().unwrap_or_default();
            let yes = if required(schema, id) { "yes" } else { "" };
            let _ =
                writeln!(out, "| `{id}` | {} | {answer} | {yes} | {} |", text("title"), text("description"));
        }
    }
    out
}
