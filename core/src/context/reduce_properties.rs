//! What must hold for every business context, tried on random ones.

use proptest::collection::vec;
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use serde_json::{Value, json, to_value};

use super::*;
use crate::context::trim::{SHORT_TEXT, without_empties};
use crate::context::{Channel, Competitor, Fact, Messaging, TARGET_TOKENS, ValueProp};

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
        channels in vec(text(), 0..10), rivals in vec((text(), vec(text(), 0..4)), 0..5), promises in vec(text(), 0..6),
    ) -> BusinessContext {
        let mut context = BusinessContext::default();
        context.company_profile.name = format!("A {}", company.chars().take(40).collect::<String>());
        context.company_profile.description = description;
        context.intelligence.facts = values.into_iter()
            .map(|(label, value)| Fact { label, value, ..Default::default() }).collect();
        context.intelligence.icps = (0..icps)
            .map(|n| {
                let mut icp = Icp { name: format!("Customer {n}"), goals: goals.clone(), ..Default::default() };
                icp.demographics.stage = format!("Stage {n}");
                icp.psychographics.identity = promises.concat();
                icp
            }).collect();
        context.intelligence.positioning.competitors = rivals.into_iter()
            .map(|(name, strengths)| Competitor { name, strengths, ..Default::default() }).collect();
        context.intelligence.messaging = Messaging { guardrails: constraints, ..Default::default() };
        context.intelligence.messaging.value_props = promises.into_iter()
            .map(|title| ValueProp { description: title.repeat(2), title }).collect();
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

/// Every text with its pointer.
fn leaves(value: &Value, pointer: &str, out: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => out.push((pointer.to_owned(), text.clone())),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| leaves(item, &format!("{pointer}/{n}"), out));
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, item)| leaves(item, &format!("{pointer}/{name}"), out));
        }
        _ => {}
    }
}

/// Without empty values, which serde would not read as a text or a list.
fn filled_in(value: &Value) -> Value {
    without_empties(value.into()).map_or_else(|| json!({}), |value| to_value(value).unwrap())
}

/// A business context that has what the content has, and nothing else.
fn read_back(content: &Value) -> BusinessContext {
    let at = |name: &str| content.get(name).cloned().unwrap_or_default();
    let (foundation, position, message) = (at("foundation"), at("competitive"), at("messaging"));
    let (market, guardrails) = (at("market"), at("guardrails"));
    let icp = |icp: &Value| {
        json!({
            "name": icp["name"], "painPoints": icp["pains"], "goals": icp["goals"], "objections": icp["objections"],
            "demographics": {"role": icp["role"], "stage": icp["stage"], "ageRange": icp["age"],
                "location": icp["location"], "income": icp["income"]},
            "psychographics": {"identity": icp["profile"], "beliefs": icp["beliefs"], "fears": icp["fears"],
                "values": icp["values"], "triggers": icp["triggers"], "hangouts": icp["hangouts"]},
        })
    };
    let context = json!({
        "company_profile": {"name": foundation["company"], "industry": foundation["industry"],
            "stage": foundation["stage"], "website": foundation["website"], "description": foundation["description"]},
        "intelligence": {
            "facts": at("facts"),
            "icps": at("icps").as_array().into_iter().flatten().map(icp).collect::<Vec<_>>(),
            "positioning": {"category": position["category"], "categoryPath": position["path"], "uvp": position["uvp"],
                "differentiators": position["differentiators"], "competitors": position["alternatives"]},
            "messaging": {"oneLiner": message["one_liner"], "positioningStatement": message["positioning"],
                "valueProps": message["value_props"], "soundbites": message["soundbites"],
                "brandVoice": {"tone": message["tone"], "doList": message["do"],
                    "dontList": guardrails["banned_phrases"]},
                "guardrails": guardrails["constraints"]},
            "channels": at("channels"),
            "market": {"geo": market["geo"], "primary_goal": market["goal"], "tam": market["tam"],
                "sam": market["sam"], "som": market["som"], "verticals": market["verticals"]},
        },
    });
    serde_json::from_value(filled_in(&context)).unwrap()
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
        let content = to_value(reduce(&context).unwrap().content).unwrap();
        let kept = |name: &str| content["guardrails"][name].as_array().cloned().unwrap_or_default();
        prop_assert_eq!(json!(kept("constraints")), json!(filled(&context.intelligence.messaging.guardrails)));
        prop_assert_eq!(json!(kept("banned_phrases")), json!(filled(&context.intelligence.messaging.brand_voice.dont_list)));
        prop_assert_eq!(&content["foundation"]["company"], &json!(context.company_profile.name));
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        strings(&serde_json::to_value(&context).unwrap(), &mut inputs);
        strings(&content, &mut outputs);
        for text in outputs {
            let whole = inputs.contains(&text);
            let cut = inputs.iter().any(|source| source.grapheme_indices(true).nth(SHORT_TEXT)
                .is_some_and(|(end, _)| source[..end] == text));
            prop_assert!(whole || cut, "{text}");
        }
    }

    /// Each text of the untrimmed content is in the manifest, shortened where that is listed, unless it or something
    /// around it is listed as dropped. Nothing else is in the manifest.
    #[test]
    fn what_was_dropped_is_named_and_nothing_else_is_missing(context in contexts()) {
        let reduced = reduce(&context).unwrap();
        let named = |action: &str| -> Vec<&str> {
            reduced.meta.dropped.iter().filter(|entry| entry.action == action).map(|entry| entry.pointer.as_str()).collect()
        };
        let (dropped, shortened) = (named("dropped"), named("shortened"));
        let (mut whole, mut expected, mut found) = (Vec::new(), Vec::new(), Vec::new());
        leaves(&to_value(full_content(&context)).unwrap(), "", &mut whole);
        for (pointer, text) in whole {
            let is_inside = |above: &&str| pointer == **above || pointer.starts_with(&format!("{above}/"));
            if dropped.iter().any(is_inside) {
                continue;
            }
            let cut = shortened.contains(&pointer.as_str());
            expected.push(if cut { text.graphemes(true).take(SHORT_TEXT).collect() } else { text });
        }
        strings(&to_value(&reduced.content).unwrap(), &mut found);
        expected.sort_unstable();
        found.sort_unstable();
        prop_assert_eq!(found, expected);
    }

    /// Reducing a reduced content again changes nothing.
    #[test]
    fn what_was_reduced_is_not_reduced_again(context in contexts()) {
        let reduced = reduce(&context).unwrap();
        let again = reduce(&read_back(&to_value(&reduced.content).unwrap())).unwrap();
        prop_assert_eq!(again.canonical, reduced.canonical);
        prop_assert_eq!(again.meta.dropped, vec![]);
    }

    #[test]
    fn a_section_is_trimmed_only_once_all_below_it_are_gone(context in contexts()) {
        let reduced = reduce(&context).unwrap();
        for entry in &reduced.meta.dropped {
            let section = entry.pointer.split('/').nth(1).unwrap();
            let rank = TRIM_ORDER.iter().position(|name| *name == section);
            prop_assert!(rank.is_some(), "{} is never trimmed", section);
            for below in &TRIM_ORDER[..rank.unwrap()] {
                prop_assert!(reduced.content.get(below).is_none(), "{} was trimmed before {}", section, below);
            }
        }
    }
}

/// Every text of a business context has a place in the content, except what describes the document itself: its version,
/// time and session, and the ids and categories of facts.
#[test]
fn every_text_of_a_context_has_a_place_in_the_content() {
    let mut context: Value =
        serde_json::from_str(include_str!("../../../tests/contract/reduce/typical.context.json")).unwrap();
    for about in ["version", "generated_at", "session_id"] {
        context.as_object_mut().unwrap().remove(about);
    }
    for fact in context["intelligence"]["facts"].as_array_mut().unwrap() {
        fact["id"] = Value::Null;
        fact["category"] = Value::Null;
    }
    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
    strings(&context, &mut inputs);
    let context: BusinessContext = serde_json::from_value(filled_in(&context)).unwrap();
    strings(&to_value(full_content(&context)).unwrap(), &mut outputs);
    inputs.sort_unstable();
    outputs.sort_unstable();
    assert_eq!(outputs, inputs);
}
