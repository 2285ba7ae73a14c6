//! Compares the rows of a payment before and after replaying a webhook.

use serde_json::Value;

use crate::api::ReplayChange;

/// Each difference with its path. Objects are compared member by member, everything else as a whole.
pub fn changes(before: &Value, after: &Value) -> Vec<ReplayChange> {
    let mut found = Vec::new();
    compare("", before, after, &mut found);
    found
}

fn compare(path: &str, before: &Value, after: &Value, found: &mut Vec<ReplayChange>) {
    if before == after {
        return;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        found.push(ReplayChange { path: path.to_owned(), before: before.clone(), after: after.clone() });
        return;
    };
    let added = new.keys().filter(|key| !old.contains_key(*key));
    for key in old.keys().chain(added) {
        let at = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let side = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or_default();
        compare(&at, &side(old), &side(new), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_differs_is_named_by_its_path() {
        let before =
            json!({"order": {"status": "pending", "paid_at": null}, "subscription": null, "events": 1});
        let after = json!({"order": {"status": "completed", "paid_at": null}, "subscription": {"plan": "glide"}, "events": 1, "new": 2});
        let found: Vec<_> = changes(&before, &after).into_iter().map(|change| change.path).collect();
        assert_eq!(found, ["order.status", "subscription", "new"]);
        assert!(changes(&after, &after).is_empty());
    }
}
