//! The schemas, the validator and the Rust types are of one mind. The package runs the same vectors.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a vector that cannot be read must fail its test")]

#[path = "../../tests/contract/validation/document.rs"]
mod document;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use document::document;
use gatehouse_core::context::BusinessContext;
use gatehouse_core::validator::{Subject, validate, validate_bytes};
use gatehouse_core::vocabulary::BcmSource;
use serde_json::{Value, from_value, to_value};

const VECTORS: [&str; 4] = ["steps", "context", "manifest", "json"];

fn json(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn documents_are_judged_as_written() {
    let (mut names, mut wrong) = (BTreeSet::new(), Vec::new());
    for file in VECTORS {
        for case in json(&format!("tests/contract/validation/{file}.json"))["cases"].as_array().unwrap() {
            let name = case["name"].as_str().unwrap();
            assert!(names.insert(format!("{file}: {name}")), "{file}: {name} is there twice");
            let subject = Subject::parse(case["schema"].as_str().unwrap()).unwrap();
            let found = validate(subject, &document(case));
            let found = to_value(found).unwrap();
            if found != case["expect"] {
                wrong.push(format!("{file}: {name}\n  found {found}\n  expected {}", case["expect"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(names.len() >= 300, "{} vectors", names.len());
}

#[test]
fn bytes_that_are_no_utf8_are_refused_by_the_byte() {
    let found = validate_bytes(Subject::Context, b"{\"version\":\"\xff\"}");
    assert_eq!(
        (found[0].code, found[0].message.as_str()),
        ("not_utf8", "The text is not UTF-8: byte 12 begins no character.")
    );
    assert!(validate_bytes(Subject::parse("company_name").unwrap(), "\"चाय\"".as_bytes()).is_empty());
}

/// The names of a schema's members, all the way down, as paths.
fn members(schema: &Value, path: &str, into: &mut BTreeSet<String>) {
    for (name, below) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}/{name}");
        members(below, &path, into);
        members(&below["items"], &path, into);
        into.insert(path);
    }
}

/// The names of a value's members, all the way down.
fn names(value: &Value, path: &str, into: &mut BTreeSet<String>) {
    for (name, below) in value.as_object().into_iter().flatten() {
        let path = format!("{path}/{name}");
        names(below, &path, into);
        below.as_array().into_iter().flatten().for_each(|item| names(item, &path, into));
        into.insert(path);
    }
}

#[test]
fn the_business_context_has_the_members_of_its_schema() {
    // One of everything: what the type does not know is lost on the way, what the schema does not know stays over.
    let mut full = json("tests/contract/validation/context.json")["cases"]
        .as_array()
        .unwrap()
        .iter()
        .find(|case| case["name"] == "a growth goal")
        .map(|case| serde_json::from_str::<Value>(case["document"].as_str().unwrap()).unwrap())
        .unwrap();
    full = to_value(from_value::<BusinessContext>(full).unwrap()).unwrap();
    let (mut ours, mut schemas) = (BTreeSet::new(), BTreeSet::new());
    names(&full, "", &mut ours);
    members(&json("core/schema/business_context.json"), "", &mut schemas);
    assert_eq!(ours, schemas);
}

#[test]
fn the_manifests_sources_are_those_of_the_vocabulary() {
    assert_eq!(
        json("core/schema/manifest.json")["properties"]["source"]["enum"],
        to_value(BcmSource::TEXTS).unwrap()
    );
}

#[test]
fn what_we_build_is_what_the_schemas_ask_for() {
    for case in json("tests/contract/reduce.json")["cases"].as_array().unwrap() {
        let Ok(answers) = gatehouse_core::onboarding::validate_answers(case["answers"].as_object().unwrap())
        else {
            continue;
        };
        let now = gatehouse_core::time::Timestamp::UNIX_EPOCH;
        let context = gatehouse_core::onboarding::build_context(&answers, "", now);
        assert_eq!(
            validate(Subject::Context, &to_value(context).unwrap().to_string()),
            [],
            "{}",
            case["name"]
        );
    }
}
