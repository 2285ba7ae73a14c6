//! The TypeScript of the package: vocabularies, the questions, the wire types.

use std::fmt::Write as _;

use gatehouse_core::onboarding::{FIELDS, FieldId, Kind, STEPS, StepId, hint};
use gatehouse_core::suggestions;
use gatehouse_core::vocabulary::VOCABULARY;
use serde_json::{Map, Value, json};

use super::types;

const NOTE: &str = "// Generated from core by `npm run codegen`; do not edit.\n\n";

fn pascal(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}

fn union(out: &mut String, name: &str, words: &[&str]) {
    let list: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
    let (word, constant) = (pascal(name), name.to_ascii_uppercase());
    let plural = if constant.ends_with('S') { constant } else { format!("{constant}_VALUES") };
    let _ = write!(
        out,
        "/** Every {{@link {word}}}, in order. */\nexport const {plural} = [{}] as const;\n\
         /** One of {{@link {plural}}}. */\nexport type {word} = (typeof {plural})[number];\n\n",
        list.join(", "),
    );
}

/// `vocabulary.ts`
pub fn vocabulary() -> String {
    let mut out = NOTE.to_owned();
    for (name, words) in VOCABULARY {
        union(&mut out, name, words);
    }
    out.trim_end().to_owned() + "\n"
}

/// `fields.ts`
pub fn fields() -> String {
    let mut out = NOTE.to_owned();
    union(&mut out, "step_id", StepId::TEXTS);
    union(&mut out, "field_id", FieldId::TEXTS);
    out.push_str(
        "/** One question of onboarding. `max` counts Unicode characters, of the text or of each item. */\n\
         export interface Field {\n  id: FieldId;\n  step: StepId;\n  label: string;\n  \
         kind: \"text\" | \"long_text\" | \"url\" | \"list\";\n  max?: number;\n  maxItems?: number;\n  \
         required: boolean;\n  hint: string;\n}\n\n/** A step of onboarding: the questions that one page asks. */\n\
         export interface Step {\n  id: StepId;\n  title: string;\n}\n\n",
    );
    let steps: Vec<_> = STEPS.iter().map(|step| json!({"id": step.id, "title": step.title})).collect();
    let fields: Vec<_> = FIELDS
        .iter()
        .map(|field| {
            let mut entry = json!({"id": field.id, "step": field.step, "label": field.label});
            match field.kind {
                Kind::Text { max } => merge(&mut entry, json!({"kind": "text", "max": max})),
                Kind::LongText { max } => merge(&mut entry, json!({"kind": "long_text", "max": max})),
                Kind::Url => merge(&mut entry, json!({"kind": "url"})),
                Kind::List { max_items, max } => {
                    merge(&mut entry, json!({"kind": "list", "max": max, "maxItems": max_items}));
                }
            }
            merge(&mut entry, json!({"required": field.required, "hint": hint(field.id)}));
            entry
        })
        .collect();
    out.push_str("/** The steps of onboarding in the order in which they are asked. */\n");
    rows(&mut out, "STEPS", "Step", &steps);
    out.push('\n');
    out.push_str("/** The questions of onboarding, step by step, in the order in which they are asked. */\n");
    rows(&mut out, "FIELDS", "Field", &fields);
    out.push('\n');
    answers(&mut out);
    let suggested = json!(suggestions::FIELDS);
    let _ = write!(
        out,
        "\n/** The fields that a model may be asked to suggest for. */\n\
         export const SUGGESTED_FIELDS: readonly FieldId[] = {suggested};\n"
    );
    out
}

fn merge(into: &mut Value, from: Value) {
    if let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}

fn rows(out: &mut String, name: &str, kind: &str, rows: &[Value]) {
    let _ = writeln!(out, "export const {name}: readonly {kind}[] = [");
    for row in rows {
        let _ = writeln!(out, "  {row},");
    }
    out.push_str("];\n");
}

/// The types of checked answers, and of what a form holds for them.
fn answers(out: &mut String) {
    for (name, about, list) in [
        (
            "AnswersByStep",
            "The checked answers of each step: trimmed, lists as lists, empty ones left out.",
            "string[]",
        ),
        (
            "InputsByStep",
            "What a form holds for each step. A list may also be one text with an item on each line.",
            "string | string[]",
        ),
    ] {
        let _ = writeln!(out, "/** {about} */\nexport interface {name} {{");
        for step in STEPS {
            let _ = writeln!(out, "  {}: {{", step.id.as_str());
            for field in FIELDS.iter().filter(|field| field.step == step.id) {
                let optional = if field.required { "" } else { "?" };
                let kind = if matches!(field.kind, Kind::List { .. }) { list } else { "string" };
                let _ = writeln!(out, "    {}{optional}: {kind};", field.id.as_str());
            }
            out.push_str("  };\n");
        }
        out.push_str("}\n\n");
    }
}

/// `api.ts`
pub fn api() -> String {
    let mut out = NOTE.to_owned();
    let words: Vec<_> = VOCABULARY.iter().map(|(name, _)| pascal(name)).collect();
    let schemas = types::schemas("/");
    let used: Vec<_> = words.iter().filter(|word| schemas.contains_key(*word)).map(String::as_str).collect();
    let _ = writeln!(out, "import type {{ {} }} from \"./vocabulary.js\";", used.join(", "));
    // The catalogue's own file has this one, with its prices.
    out.push_str("import type { Offer } from \"./catalogue.js\";\n\n");
    for (name, schema) in schemas.iter().filter(|(name, _)| !words.contains(name) && *name != "Offer") {
        if let Some(text) = schema["description"].as_str() {
            let _ = writeln!(out, "/** {} */", text.replace('\n', " "));
        }
        match schema["properties"].as_object() {
            Some(properties) => interface(&mut out, name, properties, &schema["required"]),
            None => {
                let _ = writeln!(out, "export type {name} = {};\n", type_of(schema));
            }
        }
    }
    out.trim_end().to_owned() + "\n"
}

fn interface(out: &mut String, name: &str, properties: &Map<String, Value>, required: &Value) {
    let _ = writeln!(out, "export interface {name} {{");
    for (key, property) in properties {
        if let Some(text) = property["description"].as_str() {
            let _ = writeln!(out, "  /** {} */", text.replace('\n', " "));
        }
        let needed = required.as_array().is_some_and(|names| names.iter().any(|name| name == key));
        let _ = writeln!(out, "  {key}{}: {};", if needed { "" } else { "?" }, type_of(property));
    }
    out.push_str("}\n\n");
}

/// The TypeScript of a schema, as far as our wire types go.
fn type_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or(name).to_owned();
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(options) = schema[key].as_array() {
            return options.iter().map(type_of).collect::<Vec<_>>().join(" | ");
        }
    }
    if let Some(word) = schema.get("const") {
        return word.to_string();
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
    }
    match &schema["type"] {
        Value::Array(types) => {
            types.iter().map(|kind| type_of(&json!({"type": kind}))).collect::<Vec<_>>().join(" | ")
        }
        Value::String(kind) => match kind.as_str() {
            "integer" | "number" => "number".to_owned(),
            "array" => format!("Array<{}>", type_of(&schema["items"])),
            "object" if schema["additionalProperties"].is_object() => {
                format!("Record<string, {}>", type_of(&schema["additionalProperties"]))
            }
            // A case of a tagged union.
            "object" if schema["properties"].is_object() => {
                let members = schema["properties"].as_object().into_iter().flatten();
                let members: Vec<_> =
                    members.map(|(key, value)| format!("{key}: {}", type_of(value))).collect();
                format!("{{ {} }}", members.join("; "))
            }
            "object" => "Record<string, unknown>".to_owned(),
            other => other.to_owned(),
        },
        _ => "unknown".to_owned(),
    }
}
