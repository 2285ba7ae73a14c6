use unicode_segmentation::UnicodeSegmentation;

use serde_json::{Value, json};

use super::*;
use crate::context::trim::SHORT_TEXT;
use crate::context::{Channel, Dropped, Fact, Messaging};

fn content(reduced: &ReducedManifest) -> Value {
    serde_json::to_value(&reduced.content).unwrap()
}

fn sample(constraints: usize, facts: usize, goals: usize) -> BusinessContext {
    let mut context = BusinessContext::default();
    context.company_profile.name = "चाय Co".into();
    context.company_profile.description = "Single-estate Assam tea. ".repeat(20);
    context.intelligence.messaging = Messaging {
        guardrails: (0..constraints).map(|n| format!("Never claim medical benefit number {n}")).collect(),
        ..Default::default()
    };
    context.intelligence.messaging.brand_voice.dont_list = vec!["game-changer".into()];
    context.intelligence.facts = (0..facts)
        .map(|n| Fact {
            label: "Proof".into(),
            value: format!("{n}% reorder within 60 days of the first"),
            ..Default::default()
        })
        .collect();
    context.intelligence.icps = vec![Icp {
        name: "Urban ritual drinker".into(),
        goals: (0..goals).map(|n| format!("Goal {n}")).collect(),
        ..Default::default()
    }];
    context.intelligence.channels = vec![Channel { name: "Instagram".into(), priority: "primary".into() }];
    context
}

#[test]
fn what_fits_is_kept_whole_and_empties_are_left_out() {
    let reduced = reduce(&sample(2, 3, 2)).unwrap();
    assert_eq!(reduced.meta.dropped, []);
    assert_eq!(content(&reduced)["facts"].as_array().unwrap().len(), 3);
    assert_eq!(content(&reduced)["guardrails"]["banned_phrases"], json!(["game-changer"]));
    assert!(content(&reduced).get("market").is_none());
    assert!(content(&reduced)["icps"][0].get("role").is_none());
    assert_eq!(reduced.checksum, crate::context::checksum(&reduced.content));
    assert_eq!(reduced, reduce(&sample(2, 3, 2)).unwrap(), "the same input gives the same bytes");
}

#[test]
fn the_lowest_rank_is_trimmed_first_and_everything_dropped_is_named() {
    let reduced = reduce(&sample(5, 200, 10)).unwrap();
    assert!(reduced.meta.token_estimate <= TARGET_TOKENS);
    let kept = content(&reduced)["facts"].as_array().unwrap().len();
    assert!(kept > 0 && kept < 200);
    assert_eq!(
        content(&reduced)["icps"][0]["goals"].as_array().unwrap().len(),
        10,
        "facts were trimmed, so ICPs need not be"
    );
    assert_eq!(reduced.meta.dropped.len(), 200 - kept);
    assert_eq!(
        reduced.meta.dropped[0],
        Dropped { pointer: "/facts/199".into(), action: "dropped".into(), reason: "over_budget".into() }
    );
}

#[test]
fn guardrails_stay_whole_while_all_else_goes() {
    let reduced = reduce(&sample(60, 50, 300)).unwrap();
    assert_eq!(content(&reduced)["guardrails"]["constraints"].as_array().unwrap().len(), 60);
    assert_eq!(content(&reduced)["foundation"]["company"], "चाय Co");
    assert!(reduced.content.get("facts").is_none());
    assert!(reduced.meta.token_estimate <= TARGET_TOKENS);
}

#[test]
fn guardrails_that_cannot_fit_are_an_error_not_an_overrun() {
    let error = reduce(&sample(400, 0, 0)).unwrap_err();
    assert_eq!(error.code, ErrorCode::ManifestTooLarge);
}

#[test]
fn cuts_fall_between_graphemes() {
    let mut context = sample(50, 0, 0);
    context.intelligence.icps[0].psychographics.identity = "👩‍🌾".repeat(400);
    let reduced = reduce(&context).unwrap();
    if let Some(profile) = content(&reduced)["icps"][0]["profile"].as_str() {
        assert_eq!(profile.graphemes(true).count(), SHORT_TEXT);
        assert!(profile.graphemes(true).all(|g| g == "👩‍🌾"));
    } else {
        assert!(reduced.meta.dropped.iter().any(|dropped| dropped.pointer.starts_with("/icps")));
    }
}
