//! From the business context to the manifest's content, within the token budget.
//!
//! Ranks, highest first: guardrails, ICPs, messaging, competitive, channels, market, facts. The lowest rank
//! gives first; within a section long texts are shortened, then the last items of the longest list go, then
//! the section. Guardrails, constraints and banned phrases are never touched, nor is the company's name.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::give::Giver;
use super::{
    BUDGET_TOKENS, BusinessContext, Competitor, Icp, ManifestMeta, TARGET_TOKENS, canonical_json,
    estimate_tokens, sha256_hex,
};
use crate::error::{Error, ErrorCode};

/// Which reducer this is. It goes up with every change that gives some business context another content; the cron
/// then reduces every workspace's again.
pub const REDUCER: u32 = 1;

/// The sections that may give, the first to give first.
const GIVES: [&str; 7] = ["facts", "market", "channels", "competitive", "messaging", "icps", "foundation"];

/// One thing that did not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dropped {
    /// JSON Pointer into the content as it was before anything was dropped. What lies below it went with it.
    pub pointer: String,
    /// `shortened` or `dropped`.
    pub action: String,
    /// Why: `too_long` for a text that was cut, `over_budget` for what found no room beside what ranks higher.
    #[serde(default)]
    pub reason: String,
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
    let mut giver = Giver::new(Value::Object(full_content(context)));
    for section in GIVES {
        giver.give(section);
    }
    let (content, dropped) = giver.finish();
    let canonical = canonical_json(&content);
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
        content,
        checksum: sha256_hex(&canonical),
        canonical,
        meta: ManifestMeta { reducer: REDUCER, token_estimate, dropped, ..ManifestMeta::default() },
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
        "name": icp.name, "profile": why.identity, "role": who.role, "stage": who.stage, "age": who.age_range,
        "location": who.location, "income": who.income, "pains": icp.pain_points, "goals": icp.goals, "objections": icp.objections,
        "beliefs": why.beliefs, "fears": why.fears, "values": why.values, "triggers": why.triggers,
        "hangouts": why.hangouts,
    })
}

fn competitor(competitor: &Competitor) -> Value {
    json!({
        "name": competitor.name, "type": competitor.kind, "strengths": competitor.strengths,
        "weaknesses": competitor.weaknesses,
    })
}

/// The value without nulls, empty texts, empty lists and empty objects; `None` when nothing is left.
pub(super) fn without_empties(value: Value) -> Option<Value> {
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

#[cfg(test)]
#[path = "reduce_properties.rs"]
mod properties;
#[cfg(test)]
#[path = "reduce_tests.rs"]
mod tests;
