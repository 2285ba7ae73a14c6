//! Business contexts and what the reducer makes of them, as files that a person can read. `UPDATE=1` writes the
//! manifests anew; where one differs, `REDUCER` must have gone up, so that the cron brings it to every workspace.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a context that cannot be read must fail its test")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use gatehouse_core::context::{
    BusinessContext, Fact, Icp, REDUCER, ReducedManifest, TARGET_TOKENS, checksum, reduce,
};
use serde_json::{Value, json, to_value};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/contract/reduce")
}

fn context(name: &str) -> BusinessContext {
    let path = folder().join(format!("{name}.context.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// What nobody would write and an import may bring: 200 KB around the typical context.
fn large() -> BusinessContext {
    let mut context = context("typical");
    let story = "Every batch is tasted twice, first at the estate and then at the packing house, and the note of both tastings is printed on the packet. ";
    let known = &mut context.intelligence;
    for number in 1..=42 {
        known.facts.push(Fact {
            id: format!("x{number}"),
            category: "product".to_owned(),
            label: format!("Batch {number}"),
            value: format!("Batch {number}: {}", story.repeat(30)),
            confidence: 0.8,
        });
    }
    for number in 1..=6 {
        let list =
            |name: &str| (1..=8).map(|n| format!("{name} {number}.{n}: {}", story.repeat(2))).collect();
        known.icps.push(Icp {
            name: format!("Segment {number}"),
            pain_points: list("Pain"),
            goals: list("Goal"),
            ..Icp::default()
        });
    }
    context
}

fn content(reduced: &ReducedManifest) -> Value {
    to_value(&reduced.content).unwrap()
}

/// The manifest as it is kept: the content in full, and one line for each thing that was dropped.
fn page(reduced: &ReducedManifest) -> String {
    let mut out =
        format!("{{\n\"reducer\": {REDUCER},\n\"token_estimate\": {},\n", reduced.meta.token_estimate);
    let _ = writeln!(out, "\"checksum\": \"{}\",\n\"content\": {:#},", reduced.checksum, content(reduced));
    let dropped: Vec<_> = reduced
        .meta
        .dropped
        .iter()
        .map(|gone| json!(format!("{} {}: {}", gone.action, gone.pointer, gone.reason)).to_string())
        .collect();
    let _ = write!(out, "\"dropped\": [\n{}\n]\n}}\n", dropped.join(",\n"));
    out
}

#[test]
fn every_context_reduces_to_the_manifest_that_is_kept() {
    for name in ["nearly_empty", "typical", "large", "hindi", "tamil", "emoji"] {
        let context = if name == "large" { large() } else { context(name) };
        let reduced = reduce(&context).unwrap();
        assert!(reduced.meta.token_estimate <= TARGET_TOKENS, "{name}");
        assert_eq!(reduced.checksum, checksum(&reduced.content), "{name}");
        let made = page(&reduced);
        let path = folder().join(format!("{name}.manifest.json"));
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &made).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            kept, made,
            "{name}: the reducer makes something else of it; raise REDUCER, look at the difference after UPDATE=1"
        );
        let kept: Value = serde_json::from_str(&kept).unwrap();
        assert_eq!(kept["content"], content(&reduced), "{name}");
    }
}

#[test]
fn the_large_context_is_as_large_as_an_answer_may_be() {
    let bytes = serde_json::to_string(&large()).unwrap().len();
    assert!((200_000..262_144).contains(&bytes), "{bytes} bytes");
    assert!(serde_json::to_string(&context("nearly_empty")).unwrap().len() < 2_000);
}
