//! Golden vectors of `tests/contract`, run against native core. The browser package runs the same files.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a vector that cannot be read must fail its test"
)]

use std::fs;
use std::path::Path;

use gatehouse_core::context::{
    Export, Manifest, diff, freshness, reduce, to_markdown, verify_export, verify_manifest,
};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::onboarding::{FieldId, StepId, build_context, validate_draft, validate_step};
use gatehouse_core::time::{Timestamp, parse};
use gatehouse_core::vocabulary::BcmSource;
use serde_json::{Map, Value, json, to_value};

/// The cases of one file, each with its name.
fn cases(file: &str) -> Vec<(String, Value)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/contract").join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file: Value = serde_json::from_str(&text).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(!cases.is_empty(), "{} has no cases", path.display());
    cases.iter().map(|case| (case["name"].as_str().unwrap().to_owned(), case.clone())).collect()
}

fn answers(case: &Value) -> &Map<String, Value> {
    case["answers"].as_object().unwrap()
}

#[test]
fn steps_are_judged_as_written() {
    for (name, case) in cases("validate_step.json") {
        let step = StepId::parse(case["step"].as_str().unwrap()).unwrap();
        let result = match validate_step(step, answers(&case)) {
            Ok(answers) => json!({"ok": true, "answers": answers}),
            Err(errors) => json!({"ok": false, "errors": errors}),
        };
        assert_eq!(result, case["result"], "{name}");
    }
}

#[test]
fn checksums_are_judged_as_written() {
    for (name, case) in cases("checksum.json") {
        let manifest: Manifest = serde_json::from_value(case["manifest"].clone()).unwrap();
        assert_eq!(verify_manifest(&manifest), case["verified"], "{name}");
    }
}

#[test]
fn ages_are_judged_as_written() {
    for (name, case) in cases("freshness.json") {
        let confirmed = case["confirmed_at"].as_str().map(|text| parse(text).unwrap());
        let now = Timestamp::from_millisecond(case["now_ms"].as_i64().unwrap()).unwrap();
        assert_eq!(to_value(freshness(confirmed, now)).unwrap(), case["view"], "{name}");
    }
}

#[test]
fn versions_differ_as_written() {
    for (name, case) in cases("diff/contents.json") {
        let (changes, patch) = diff(&(&case["from"]).into(), &(&case["to"]).into());
        assert_eq!(to_value(changes).unwrap(), case["changes"], "{name}");
        assert_eq!(to_value(patch).unwrap(), case["patch"], "{name}");
    }
}

#[test]
fn answers_reduce_to_the_content_as_written() {
    for (name, case) in cases("reduce.json") {
        let made = validate_draft(answers(&case)).map_err(Error::answers_invalid).and_then(|answers| {
            Ok((reduce(&build_context(&answers, "", Timestamp::UNIX_EPOCH))?, answers.missing()))
        });
        match made {
            Ok((reduced, missing)) => {
                assert_eq!(to_value(reduced.content).unwrap(), case["content"], "{name}");
                assert_eq!(reduced.checksum, case["checksum"], "{name}");
                assert_eq!(to_value(reduced.meta.dropped).unwrap(), case["dropped"], "{name}");
                let missing: Vec<_> = missing.into_iter().map(FieldId::as_str).collect();
                assert_eq!(to_value(missing).unwrap(), case["missing"], "{name}");
            }
            Err(error) => {
                let expected = case["problem"].as_str().and_then(ErrorCode::parse);
                assert_eq!(Some(error.code), expected, "{name}");
            }
        }
    }
}

/// `UPDATE=1` writes the files anew; read the difference as the person would who gets the export.
#[test]
fn exports_are_as_kept_and_verify() {
    let (_, case) = cases("reduce.json").into_iter().next().unwrap();
    let answers = validate_draft(answers(&case)).unwrap();
    let reduced = reduce(&build_context(&answers, "", Timestamp::UNIX_EPOCH)).unwrap();
    let made = "2026-02-01T06:30:00.000Z";
    let manifest = Manifest {
        version: 1,
        generated_at: made.to_owned(),
        confirmed_at: made.to_owned(),
        checksum: reduced.checksum,
        source: BcmSource::Onboarding,
        meta: reduced.meta,
        content: reduced.content,
    };
    let workspace_id = "6d0c1b9e-7a52-4f5e-9d3b-2f1c8a4e6b70";
    let export = Export { workspace_id: Some(workspace_id.to_owned()), manifest: manifest.clone() };
    let as_json = serde_json::to_string(&export).unwrap() + "\n";
    for (name, text) in [("manifest.md", to_markdown(&manifest, workspace_id)), ("manifest.json", as_json)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/contract/export").join(name);
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(kept, text, "{name}");
        let found = verify_export(&kept).unwrap();
        assert_eq!((found.version, found.workspace_id.as_deref()), (1, Some(workspace_id)), "{name}");
    }
}
