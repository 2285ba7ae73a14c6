//! Compares two manifests.

use gatehouse_core::context::{Change, PatchStep, diff};
use gatehouse_core::json::Json;
use serde::Serialize;

use crate::response::{Problem, to_response};

#[derive(Serialize)]
struct DiffResponse {
    changes: Vec<Change>,
    patch: Vec<PatchStep>,
}

/// Compares the contents of two manifests.
pub fn compare(from: &str, to: &str) -> String {
    to_response(read(from, "earlier").and_then(|from| {
        let (changes, patch) = diff(&from, &read(to, "later")?);
        Ok(DiffResponse { changes, patch })
    }))
}

fn read(json: &str, which: &str) -> Result<Json, Problem> {
    let content = Json::read(json).ok();
    content.filter(|content| matches!(content, Json::Object(_))).ok_or_else(|| {
        Problem::input(
            "not_a_content",
            format!("The {which} content is not a JSON object."),
            "Pass the `content` of a manifest.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_compared_and_what_is_none_is_refused() {
        let compared = compare(r#"{"market":{"geo":"India"}}"#, r#"{"market":{"geo":"Nepal"}}"#);
        assert!(compared.contains("“India” became “Nepal”."), "{compared}");
        for (from, to) in [("", "{}"), ("{}", "[]"), ("null", "{}")] {
            assert!(compare(from, to).contains("not_a_content"), "{from} {to}");
        }
    }
}
