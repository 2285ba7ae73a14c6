//! From the business context to the manifest's content, within the token budget.
//!
//! Ranks, highest first: guardrails, ICPs, messaging, competitive, channels, market, facts. The lowest rank is trimmed
//! first: long texts are shortened, then items are dropped from the end of the longest list, then the whole section is
//! dropped. Guardrails, constraints and banned phrases are never trimmed, nor is the company's name.

use super::trim::Trimmer;
use super::{
    BUDGET_TOKENS, BusinessContext, Competitor, Icp, ManifestMeta, TARGET_TOKENS, estimate_tokens, sha256_hex,
};
use crate::error::{Error, ErrorCode};
use crate::json::Json;

/// The reducer's version. Raise it with every change that alters the content of any manifest: the cron then rebuilds
/// the manifest of every workspace.
pub const REDUCER: u32 = 2;

/// The sections that may be trimmed, in the order in which they are.
const TRIM_ORDER: [&str; 7] =
    ["facts", "market", "channels", "competitive", "messaging", "icps", "foundation"];

/// A manifest's content within the budget. The same business context always gives the same bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct ReducedManifest {
    /// The content.
    pub content: Json,
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
pub fn reduce(context: &BusinessContext) -> Result<ReducedManifest, Error> {
    let mut trimmer = Trimmer::new(full_content(context));
    for section in TRIM_ORDER {
        trimmer.trim_section(section);
    }
    let (content, dropped) = trimmer.finish();
    let canonical = content.canonical();
    let token_estimate = estimate_tokens(&canonical);
    if token_estimate > TARGET_TOKENS {
        return Err(Error::with_detail(
            ErrorCode::ManifestTooLarge,
            format!(
                "The company name, guardrails and banned phrases need about {token_estimate} tokens; the manifest holds {BUDGET_TOKENS}."
            ),
        ));
    }
    Ok(ReducedManifest {
        content,
        checksum: sha256_hex(&canonical),
        canonical,
        meta: ManifestMeta { reducer: REDUCER, token_estimate, dropped, ..ManifestMeta::default() },
    })
}

/// The content before trimming. Empty values are left out while building, so that each text is copied only once:
/// copying takes most of the time for a large context.
fn full_content(context: &BusinessContext) -> Json {
    let company = &context.company_profile;
    let known = &context.intelligence;
    let (position, message, market) = (&known.positioning, &known.messaging, &known.market);
    let content = object(&mut [
        (
            "foundation",
            object(&mut [
                ("company", text(&company.name)),
                ("industry", text(&company.industry)),
                ("stage", text(&company.stage)),
                ("website", text(&company.website)),
                ("description", text(&company.description)),
            ]),
        ),
        ("icps", list(&known.icps, icp)),
        (
            "competitive",
            object(&mut [
                ("category", text(&position.category)),
                ("path", text(&position.category_path)),
                ("uvp", text(&position.uvp)),
                ("differentiators", texts(&position.differentiators)),
                ("alternatives", list(&position.competitors, competitor)),
            ]),
        ),
        (
            "messaging",
            object(&mut [
                ("one_liner", text(&message.one_liner)),
                ("positioning", text(&message.positioning_statement)),
                (
                    "value_props",
                    list(&message.value_props, |prop| {
                        object(&mut [("title", text(&prop.title)), ("description", text(&prop.description))])
                    }),
                ),
                ("tone", texts(&message.brand_voice.tone)),
                ("do", texts(&message.brand_voice.do_list)),
                ("soundbites", texts(&message.soundbites)),
            ]),
        ),
        (
            "channels",
            list(&known.channels, |channel| {
                object(&mut [("name", text(&channel.name)), ("priority", text(&channel.priority))])
            }),
        ),
        (
            "market",
            object(&mut [
                ("geo", text(&market.geo)),
                ("goal", market.primary_goal.as_deref().and_then(text)),
                ("tam", text(&market.tam)),
                ("sam", text(&market.sam)),
                ("som", text(&market.som)),
                ("verticals", texts(&market.verticals)),
            ]),
        ),
        (
            "facts",
            list(&known.facts, |fact| {
                object(&mut [("label", text(&fact.label)), ("value", text(&fact.value))])
            }),
        ),
        (
            "guardrails",
            object(&mut [
                ("constraints", texts(&message.guardrails)),
                ("banned_phrases", texts(&message.brand_voice.dont_list)),
            ]),
        ),
    ]);
    content.unwrap_or_else(|| Json::Object(Vec::new()))
}

fn icp(icp: &Icp) -> Option<Json> {
    let (who, why) = (&icp.demographics, &icp.psychographics);
    object(&mut [
        ("name", text(&icp.name)),
        ("profile", text(&why.identity)),
        ("role", text(&who.role)),
        ("stage", text(&who.stage)),
        ("age", text(&who.age_range)),
        ("location", text(&who.location)),
        ("income", text(&who.income)),
        ("pains", texts(&icp.pain_points)),
        ("goals", texts(&icp.goals)),
        ("objections", texts(&icp.objections)),
        ("beliefs", text(&why.beliefs)),
        ("fears", text(&why.fears)),
        ("values", texts(&why.values)),
        ("triggers", texts(&why.triggers)),
        ("hangouts", texts(&why.hangouts)),
    ])
}

fn competitor(competitor: &Competitor) -> Option<Json> {
    object(&mut [
        ("name", text(&competitor.name)),
        ("type", text(&competitor.kind)),
        ("strengths", texts(&competitor.strengths)),
        ("weaknesses", texts(&competitor.weaknesses)),
    ])
}

fn text(text: &str) -> Option<Json> {
    (!text.trim().is_empty()).then(|| Json::Text(text.to_owned()))
}

fn texts(items: &[String]) -> Option<Json> {
    list(items, |item| text(item))
}

fn list<T>(items: &[T], to_json: impl Fn(&T) -> Option<Json>) -> Option<Json> {
    let kept: Vec<_> = items.iter().filter_map(to_json).collect();
    (!kept.is_empty()).then_some(Json::List(kept))
}

/// An object of the members that have a value. Takes a slice, because each array length would compile to a function
/// of its own in the browser.
fn object(members: &mut [(&str, Option<Json>)]) -> Option<Json> {
    let kept: Vec<_> =
        members.iter_mut().filter_map(|(name, value)| Some(((*name).to_owned(), value.take()?))).collect();
    (!kept.is_empty()).then_some(Json::Object(kept))
}

#[cfg(test)]
#[path = "reduce_properties.rs"]
mod properties;
#[cfg(test)]
#[path = "reduce_tests.rs"]
mod tests;
