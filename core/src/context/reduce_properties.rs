//! What must hold for every business context, tried on random ones.

use proptest::collection::vec;
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use serde_json::json;

use super::*;
use crate::context::{Channel, Fact, Messaging, TARGET_TOKENS};

/// Words of several scripts, emoji of several code points, codes and signs.
fn text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "tea",
        "चाय",
        "தேயிலை",
        "👩‍🌾",
        "SKU-AX7-91Q2",
        "bilkul",
        "\"",
        "\\",
        "é",
        "茶",
        "₹1,200",
        "https://a.example/b",
        " ",
    ]);
    vec(word, 0..60).prop_map(|words| words.join(" "))
}

prop_compose! {
    fn contexts()(
        company in text(), description in text(), values in vec((text(), text()), 0..60), goals in vec(text(), 0..20),
        icps in 0usize..4, constraints in vec("[a-z ]{0,30}", 0..5), banned in vec("[a-z]{1,10}", 0..5),
        channels in vec(text(), 0..10),
    ) -> BusinessContext {
        let mut context = BusinessContext::default();
        context.company_profile.name = format!("A {}", company.chars().take(40).collect::<String>());
        context.company_profile.description = description;
        context.intelligence.facts = values.into_iter()
            .map(|(label, value)| Fact { label, value, ..Default::default() }).collect();
        context.intelligence.icps = (0..icps)
            .map(|n| Icp { name: format!("Customer {n}"), goals: goals.clone(), ..Default::default() }).collect();
        context.intelligence.messaging = Messaging { guardrails: constraints, ..Default::default() };
        context.intelligence.messaging.brand_voice.dont_list = banned;
        context.intelligence.channels = channels.into_iter()
            .map(|name| Channel { name, priority: "primary".into() }).collect();
        context
    }
}

fn strings(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, out)),
        Value::Object(members) => members.values().for_each(|item| strings(item, out)),
        _ => {}
    }
}

fn filled(list: &[String]) -> Vec<&String> {
    list.iter().filter(|text| !text.trim().is_empty()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_budget_holds_and_the_same_input_gives_the_same_bytes(context in contexts()) {
        let reduced = reduce(&context).unwrap();
        prop_assert!(reduced.meta.token_estimate <= TARGET_TOKENS);
        prop_assert_eq!(&reduced, &reduce(&context).unwrap());
    }

    #[test]
    fn guardrails_stay_whole_and_nothing_is_invented(context in contexts()) {
        let reduced = reduce(&context).unwrap();
        let kept = |name: &str| reduced.content["guardrails"][name].as_array().cloned().unwrap_or_default();
        prop_assert_eq!(json!(kept("constraints")), json!(filled(&context.intelligence.messaging.guardrails)));
        prop_assert_eq!(json!(kept("banned_phrases")), json!(filled(&context.intelligence.messaging.brand_voice.dont_list)));
        prop_assert_eq!(&reduced.content["foundation"]["company"], &json!(context.company_profile.name));
        let (mut given, mut made) = (Vec::new(), Vec::new());
        strings(&serde_json::to_value(&context).unwrap(), &mut given);
        strings(&reduced.content, &mut made);
        for text in made {
            let whole = given.contains(&text);
            let cut = given.iter().any(|source| source.grapheme_indices(true).nth(crate::context::give::SHORT_TEXT)
                .is_some_and(|(end, _)| source[..end] == text));
            prop_assert!(whole || cut, "{text}");
        }
    }

    #[test]
    fn a_section_gives_only_once_all_below_it_are_gone(context in contexts()) {
        let reduced = reduce(&context).unwrap();
        for gone in &reduced.meta.dropped {
            let section = gone.pointer.split('/').nth(1).unwrap();
            let rank = GIVES.iter().position(|name| *name == section);
            prop_assert!(rank.is_some(), "{} never gives", section);
            for below in &GIVES[..rank.unwrap()] {
                prop_assert!(reduced.content.get(below).is_none(), "{} gave before {}", section, below);
            }
        }
    }
}
