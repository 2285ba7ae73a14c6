//! RFC 8785's published vectors, and more of their kind, to the byte. The package runs the same files.

use gatehouse_core::json::{Json, canonical_double};
use serde::Deserialize;

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
        for (text, told) in [(input, ""), (canonical, ": its own canonical text")] {
            assert_eq!(&Json::read(text).unwrap().canonical(), canonical, "{name}{told}");
            let by_serde: Json = serde_json::from_str(text).unwrap();
            assert_eq!(&by_serde.canonical(), canonical, "{name}{told}");
        }
    }
    assert!(file.cases.len() >= 5);
}

#[test]
fn doubles_are_written_as_in_appendix_b() {
    let file: File<Double> =
        serde_json::from_str(include_str!("../../tests/contract/canonical/numbers.json")).unwrap();
    for Double { bits, text } in &file.cases {
        let double = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
        assert_eq!(&canonical_double(double), text, "{bits}");
        // Seventeen digits name every double.
        assert_eq!(&Json::Number(format!("{double:.16e}")).canonical(), text, "{bits}");
    }
    assert_eq!(file.cases.len(), 24);
}
