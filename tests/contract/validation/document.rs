//! The text of a vector's document, for every Rust test that runs the vectors beside this file.

use serde_json::Value;

/// A case's document: its text as written, or, of a large one, what its parts make when repeated.
pub fn document(case: &Value) -> String {
    let Some(parts) = case["generate"].as_array() else {
        return case["document"].as_str().unwrap().to_owned();
    };
    let text = |part: &Value, name: &str| part[name].as_str().unwrap().to_owned();
    let times = |part: &Value| usize::try_from(part["times"].as_u64().unwrap()).unwrap();
    parts
        .iter()
        .map(|part| text(part, "prefix") + &text(part, "unit").repeat(times(part)) + &text(part, "suffix"))
        .collect()
}
