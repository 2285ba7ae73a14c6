use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn diff(from: &Value, to: &Value) -> (Vec<Change>, Vec<PatchStep>) {
    super::diff(&from.into(), &to.into())
}

fn plain(value: &Json) -> Value {
    serde_json::to_value(value).unwrap()
}

/// RFC 6902 for the three operations, written apart from what makes them.
fn apply(mut document: Value, patch: &[PatchStep]) -> Value {
    for step in patch {
        let (PatchStep::Add { path, .. } | PatchStep::Remove { path } | PatchStep::Replace { path, .. }) =
            step;
        if path.is_empty() {
            if let PatchStep::Replace { value, .. } = step {
                document = plain(value);
                continue;
            }
            panic!("the whole is replaced or nothing");
        }
        let (parent, last) = path.rsplit_once('/').unwrap();
        let last = last.replace("~1", "/").replace("~0", "~");
        match (document.pointer_mut(parent).unwrap(), step) {
            (Value::Object(map), PatchStep::Add { value, .. }) => {
                assert_eq!(map.insert(last, plain(value)), None)
            }
            (Value::Object(map), PatchStep::Remove { .. }) => assert!(map.remove(&last).is_some(), "{path}"),
            (Value::Object(map), PatchStep::Replace { value, .. }) => {
                assert!(map.insert(last, plain(value)).is_some(), "{path}");
            }
            (Value::Array(items), PatchStep::Add { value, .. }) => {
                items.insert(last.parse().unwrap(), plain(value));
            }
            (Value::Array(items), PatchStep::Remove { .. }) => {
                items.remove(last.parse::<usize>().unwrap());
            }
            (Value::Array(items), PatchStep::Replace { value, .. }) => {
                items[last.parse::<usize>().unwrap()] = plain(value);
            }
            _ => panic!("{path} has no parent"),
        }
    }
    document
}

/// Small values with few different parts, so that two of them have much in common.
fn content() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![Just(json!("a")), Just(json!("b")), Just(json!("ग")), Just(json!(1)), Just(Value::Null)];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::btree_map("[ab/~]|name|label", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn the_patch_turns_the_one_into_the_other(from in content(), to in content()) {
        let (_, patch) = diff(&from, &to);
        prop_assert_eq!(apply(from, &patch), to);
    }

    #[test]
    fn only_what_is_equal_differs_in_nothing(from in content(), to in content()) {
        let (changes, patch) = diff(&from, &to);
        prop_assert_eq!(patch.is_empty(), from == to);
        prop_assert!(!patch.is_empty() || changes.is_empty());
        prop_assert_eq!(diff(&from, &from), (Vec::new(), Vec::new()));
    }
}

#[test]
fn a_list_that_gained_one_item_in_front_changes_in_that_item_alone() {
    let from = json!({"guardrails": {"constraints": ["b", "c", "b"]}});
    let to = json!({"guardrails": {"constraints": ["a", "b", "c", "b"]}});
    let (changes, patch) = diff(&from, &to);
    assert_eq!(
        patch,
        [PatchStep::Add { path: "/guardrails/constraints/0".to_owned(), value: Json::Text("a".to_owned()) }]
    );
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].field, Some(FieldId::ConstraintsAndGuardrails));
}

#[test]
fn a_sentence_cuts_a_long_text_between_graphemes() {
    let long = "नि".repeat(QUOTED + 1);
    let (changes, _) = diff(&json!({"market": {}}), &json!({"market": {"geo": long}}));
    assert_eq!(changes[0].sentence, format!("Geography: “{}…” was added.", "नि".repeat(QUOTED)));
}
