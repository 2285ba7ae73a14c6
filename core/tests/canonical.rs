//! RFC 8785's published vectors, and more of their kind, to the byte. The package runs the same files.

use gatehouse_core::context::canonical_json;
use serde::Deserialize;
use serde_json::{Number, Value};

#[derive(Deserialize)]
struct File<T> {
    cases: Vec<T>,
}

#[derive(Deserialize)]
struct Document {
    name: String,
    input: String,
    canonical: String,
}

#[derive(Deserialize)]
struct Double {
    bits: String,
    text: String,
}

#[test]
fn documents_have_their_canonical_text() {
    let file: File<Document> =
        serde_json::from_str(include_str!("../../tests/contract/canonical/documents.json")).unwrap();
    for Document { name, input, canonical } in &file.cases {
        let value: Value = serde_json::from_str(input).unwrap();
        assert_eq!(&canonical_json(&value), canonical, "{name}");
        let again: Value = serde_json::from_str(canonical).unwrap();
        assert_eq!(&canonical_json(&again), canonical, "{name}: its own canonical text");
    }
    assert!(file.cases.len() >= 5);
}

#[test]
fn doubles_are_written_as_in_appendix_b() {
    let file: File<Double> =
        serde_json::from_str(include_str!("../../tests/contract/canonical/numbers.json")).unwrap();
    for Double { bits, text } in &file.cases {
        let number = Number::from_f64(f64::from_bits(u64::from_str_radix(bits, 16).unwrap())).unwrap();
        assert_eq!(&canonical_json(&Value::Number(number)), text, "{bits}");
    }
    assert_eq!(file.cases.len(), 24);
}
