//! The official JSON-Schema-Test-Suite, draft 2020-12: every file of a keyword that our schemas use.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gatehouse_core::validator::validate_node;
use gatehouse_schema_compiler::{Schemas, compile};
use serde_json::Value;

/// Keywords that the official files of other keywords cover, or that say nothing about a document.
const WITHOUT_A_FILE: [&str; 8] =
    ["$comment", "$schema", "description", "title", "x-error", "x-step", "examples", "default"];

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite")
}

fn files() -> Vec<(String, Value)> {
    let mut files: Vec<_> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
        })
        .collect();
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    files
}

#[test]
fn the_official_cases_get_their_verdicts() {
    let (mut ran, mut none) = (0, Vec::new());
    let (mut skipped, mut wrong) = (BTreeMap::<String, usize>::new(), Vec::new());
    for (file, groups) in files() {
        let mut ran_here = 0;
        for group in groups.as_array().unwrap() {
            let tests = group["tests"].as_array().unwrap();
            let schemas = BTreeMap::from([("case".to_owned(), group["schema"].clone())]);
            let program = match compile(&schemas) {
                Ok(program) => program,
                Err(error) => {
                    let reason = format!("{error:#}");
                    let reason = reason.split(": ").last().unwrap_or_default();
                    let outside =
                        reason.contains("not known here") || format!("{error:#}").contains("leads outside");
                    assert!(outside, "{file}: {}: {error:#}", group["description"]);
                    *skipped.entry(reason.to_owned()).or_default() += tests.len();
                    continue;
                }
            };
            for test in tests {
                let found = validate_node(&program, program.root("case").unwrap(), &test["data"].to_string());
                if found.is_empty() != test["valid"].as_bool().unwrap() {
                    wrong.push(format!(
                        "{file}: {}: {}: {found:?}",
                        group["description"], test["description"]
                    ));
                }
                ran_here += 1;
            }
        }
        if ran_here == 0 {
            none.push(file);
        }
        ran += ran_here;
    }
    println!("{ran} official cases ran; skipped for what our schemas do not use: {skipped:#?}");
    // Its only schema is a reference to the metaschema.
    assert_eq!(none, ["defs"]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_keyword_of_our_schemas_has_its_official_file() {
    let repo = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut keywords = BTreeSet::new();
    for schema in Schemas::read(repo).unwrap().0.values() {
        collect(schema, &mut keywords);
    }
    assert!(keywords.contains("uniqueItems") && keywords.contains("maxLength"));
    for keyword in keywords.iter().filter(|keyword| !WITHOUT_A_FILE.contains(&keyword.as_str())) {
        let file = match keyword.as_str() {
            "format" => "format-date-time",
            other => other.trim_start_matches('$'),
        };
        assert!(folder().join(format!("{file}.json")).exists(), "{keyword}");
    }
}

fn collect(schema: &Value, into: &mut BTreeSet<String>) {
    for (keyword, value) in schema.as_object().into_iter().flatten() {
        into.insert(keyword.clone());
        match keyword.as_str() {
            "properties" | "$defs" => {
                value.as_object().into_iter().flatten().for_each(|(_, below)| collect(below, into))
            }
            "items" | "additionalProperties" => collect(value, into),
            _ => {}
        }
    }
}
