//! From the business context to the manifest's content, within the token budget.
//!
//! Ranks, highest first: guardrails, ICPs, messaging, competitive, channels, market, facts. The lowest rank
//! gives first; within a section long texts are shortened, then the last items of the longest list go, then
//! the section. Guardrails, constraints and banned phrases are never touched, nor is the company's name.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use unicode_segmentation::UnicodeSegmentation;

use super::budget::milli_tokens;
use super::{
    BUDGET_TOKENS, BusinessContext, Competitor, Icp, ManifestMeta, TARGET_TOKENS, canonical_json,
    estimate_tokens, sha256_hex,
};
use crate::error::{Error, ErrorCode};

/// A text longer than this many graphemes is shortened before any item is dropped.
const SHORT_TEXT: usize = 160;

/// The sections that may give, the first to give first.
const GIVES: [&str; 7] = ["facts", "market", "channels", "competitive", "messaging", "icps", "foundation"];

/// One thing that did not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dropped {
    /// JSON Pointer into the content as it was before anything was dropped there.
    pub pointer: String,
    /// `shortened` or `dropped`.
    pub action: String,
}

/// The reducer's result. The same input gives the same bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduced {
    /// The content.
    pub content: Value,
    /// Its RFC 8785 text.
    pub canonical: String,
    /// SHA-256 of that text, lower-case hex.
    pub checksum: String,
    /// Estimate, and what was dropped.
    pub meta: ManifestMeta,
}

/// Reduces a business context.
///
/// # Errors
/// `manifest_too_large` when the company's name, guardrails and banned phrases alone exceed the budget.
pub fn reduce(context: &BusinessContext) -> Result<Reduced, Error> {
    let mut content = full_content(context);
    let mut dropped = Vec::new();
    for section in GIVES {
        give(&mut content, section, &mut dropped);
    }
    let canonical = canonical_json(&Value::Object(content.clone()));
    let token_estimate = estimate_tokens(&canonical);
    if token_estimate > TARGET_TOKENS {
        return Err(Error::with_detail(
            ErrorCode::ManifestTooLarge,
            format!(
                "The company name, guardrails and banned phrases need about {token_estimate} tokens; the manifest holds {BUDGET_TOKENS}."
            ),
        ));
    }
    Ok(Reduced {
        content: Value::Object(content),
        checksum: sha256_hex(&canonical),
        canonical,
        meta: ManifestMeta { token_estimate, dropped, ..ManifestMeta::default() },
    })
}

fn full_content(context: &BusinessContext) -> Map<String, Value> {
    let company = &context.company_profile;
    let known = &context.intelligence;
    let (position, message) = (&known.positioning, &known.messaging);
    let sections = json!({
        "foundation": {
            "company": company.name, "industry": company.industry, "stage": company.stage,
            "website": company.website, "description": company.description,
        },
        "icps": known.icps.iter().map(icp).collect::<Vec<_>>(),
        "competitive": {
            "category": position.category, "path": position.category_path, "uvp": position.uvp,
            "differentiators": position.differentiators,
            "alternatives": position.competitors.iter().map(competitor).collect::<Vec<_>>(),
        },
        "messaging": {
            "one_liner": message.one_liner, "positioning": message.positioning_statement,
            "value_props": message.value_props, "tone": message.brand_voice.tone,
            "do": message.brand_voice.do_list, "soundbites": message.soundbites,
        },
        "channels": known.channels,
        "market": {
            "geo": known.market.geo, "goal": known.market.primary_goal, "tam": known.market.tam,
            "sam": known.market.sam, "som": known.market.som, "verticals": known.market.verticals,
        },
        "facts": known.facts.iter().map(|fact| json!({"label": fact.label, "value": fact.value})).collect::<Vec<_>>(),
        "guardrails": { "constraints": message.guardrails, "banned_phrases": message.brand_voice.dont_list },
    });
    match without_empties(sections) {
        Some(Value::Object(content)) => content,
        _ => Map::new(),
    }
}

fn icp(icp: &Icp) -> Value {
    let (who, why) = (&icp.demographics, &icp.psychographics);
    json!({
        "name": icp.name, "profile": why.identity, "role": who.role, "age": who.age_range, "location": who.location,
        "income": who.income, "pains": icp.pain_points, "goals": icp.goals, "objections": icp.objections,
        "beliefs": why.beliefs, "fears": why.fears, "values": why.values, "triggers": why.triggers,
        "hangouts": why.hangouts,
    })
}

fn competitor(competitor: &Competitor) -> Value {
    json!({"name": competitor.name, "type": competitor.kind, "weaknesses": competitor.weaknesses})
}

/// The value without nulls, empty texts, empty lists and empty objects; `None` when nothing is left.
fn without_empties(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::Array(items) => {
            let kept: Vec<_> = items.into_iter().filter_map(without_empties).collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        Value::Object(map) => {
            let kept: Map<_, _> =
                map.into_iter().filter_map(|(key, value)| Some((key, without_empties(value)?))).collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        scalar => Some(scalar),
    }
}

/// Lets one section give until the whole fits, or nothing of the section that may go is left.
fn give(content: &mut Map<String, Value>, name: &str, dropped: &mut Vec<Dropped>) {
    let target = u64::from(TARGET_TOKENS) * 1_000;
    let mut cost = milli_tokens(&canonical_json(&Value::Object(content.clone())));
    let kept_company = (name == "foundation").then(|| content.get(name)?.get("company").cloned()).flatten();
    let Some(section) = content.get_mut(name) else { return };
    let mut pointer = format!("/{name}");
    if cost > target {
        shorten(section, &mut pointer, kept_company.is_some(), &mut cost, target, dropped);
    }
    while cost > target {
        let Some((at, item)) = pop_longest(section, &pointer) else { break };
        // An item costs its own text and the comma before it.
        cost = cost.saturating_sub(milli_tokens(&canonical_json(&item)) + milli_tokens(","));
        dropped.push(Dropped { pointer: at, action: "dropped".to_owned() });
    }
    if cost > target {
        dropped.push(Dropped { pointer, action: "dropped".to_owned() });
        match kept_company {
            Some(company) => *section = json!({ "company": company }),
            None => {
                content.remove(name);
            }
        }
    }
    // A list that gave all its items goes too.
    if let Some(Value::Object(pruned)) = without_empties(Value::Object(std::mem::take(content))) {
        *content = pruned;
    }
}

/// Cuts long texts, in order, until the whole fits.
fn shorten(
    value: &mut Value,
    pointer: &mut String,
    keep_company: bool,
    cost: &mut u64,
    target: u64,
    dropped: &mut Vec<Dropped>,
) {
    if *cost <= target {
        return;
    }
    let length = pointer.len();
    match value {
        Value::String(text) => {
            let Some((cut, _)) = text.grapheme_indices(true).nth(SHORT_TEXT) else { return };
            let rest = text.split_off(cut);
            *cost = cost.saturating_sub(milli_tokens(&rest));
            dropped.push(Dropped { pointer: pointer.clone(), action: "shortened".to_owned() });
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                pointer.push_str(&format!("/{index}"));
                shorten(item, pointer, false, cost, target, dropped);
                pointer.truncate(length);
            }
        }
        Value::Object(map) => {
            for (key, item) in map.iter_mut().filter(|(key, _)| !(keep_company && *key == "company")) {
                pointer.push_str(&format!("/{key}"));
                shorten(item, pointer, false, cost, target, dropped);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

/// Takes the last item of the longest list inside `value`; of equally long ones, the first.
fn pop_longest(value: &mut Value, pointer: &str) -> Option<(String, Value)> {
    let at = longest(value, pointer)?;
    let relative = at.strip_prefix(pointer)?.to_owned();
    let items = value.pointer_mut(&relative)?.as_array_mut()?;
    let item = items.pop()?;
    Some((format!("{at}/{}", items.len()), item))
}

fn longest(value: &Value, pointer: &str) -> Option<String> {
    let mut best: Option<(usize, String)> = None;
    walk_lists(value, pointer.to_owned(), &mut |length, at| {
        if length > best.as_ref().map_or(0, |(most, _)| *most) {
            best = Some((length, at));
        }
    });
    best.map(|(_, at)| at)
}

fn walk_lists(value: &Value, pointer: String, see: &mut impl FnMut(usize, String)) {
    match value {
        Value::Array(items) => {
            see(items.len(), pointer.clone());
            for (index, item) in items.iter().enumerate() {
                walk_lists(item, format!("{pointer}/{index}"), see);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                walk_lists(item, format!("{pointer}/{key}"), see);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
#[path = "reduce_tests.rs"]
mod tests;
