use proptest::prelude::*;

use super::*;
use crate::json::Json;
use crate::tokens::{at_most, exact};

/// Characters of every class, and those that the pattern names.
fn text() -> impl Strategy<Value = String> {
    let characters =
        "aSlvet'\"\\,.:;!?({[ \u{a0}\t\r\n0129०½éकिंமு்ଓି漢😀\u{200d}\u{1}".chars().collect::<Vec<_>>();
    prop::collection::vec(prop::sample::select(characters), 0..12).prop_map(|text| text.into_iter().collect())
}

proptest! {
    #[test]
    fn joined_fragments_have_the_tokens_of_the_joined_text(texts in prop::collection::vec(text(), 0..6)) {
        for table in [exact(), at_most()] {
            let mut counter = Counter::new(table);
            let mut joined = Fragment::of_text(&mut counter, "");
            for text in &texts {
                let next = Fragment::of_text(&mut counter, text);
                joined.append(&mut counter, &next);
            }
            prop_assert_eq!(joined.tokens(&mut counter), counter.count(&texts.concat()));
        }
    }

    #[test]
    fn values_of_a_json_text_are_joined_in_any_grouping(texts in prop::collection::vec(text(), 1..6)) {
        let mut counter = Counter::new(exact());
        let values: Vec<String> = texts.iter().map(|text| Json::Text(text.clone()).canonical()).collect();
        let mut list = Fragment::of_text(&mut counter, "{\"facts\":[");
        for (at, value) in values.iter().enumerate() {
            let mut item = Fragment::of_text(&mut counter, if at == 0 { "" } else { "," });
            let value = Fragment::of_json_value(&mut counter, value);
            item.append(&mut counter, &value);
            list.append(&mut counter, &item);
        }
        let end = Fragment::of_text(&mut counter, "]}");
        list.append(&mut counter, &end);
        let whole = format!("{{\"facts\":[{}]}}", values.join(","));
        prop_assert_eq!(list.tokens(&mut counter), counter.count(&whole));
    }
}

#[test]
fn a_string_of_words_is_open_at_its_quotes_only() {
    let value = Fragment::of_json_value(&mut Counter::new(exact()), "\"Fresh tea\"");
    assert_eq!(value, Fragment { start: "\"".to_owned(), inner: Some(2), end: "\"".to_owned() });
}
