//! Builds the business context from the answers. Fields without an answer stay empty.

use super::{Answers, FieldId};
use crate::context::{
    BrandVoice, BusinessContext, Channel, CompanyProfile, Competitor, Demographics, Fact, Icp, Intelligence,
    Market, Messaging, Positioning, Psychographics, SCHEMA_VERSION, ValueProp,
};
use crate::time::{Timestamp, format};

/// Builds the document. `session_id` is the onboarding session, empty where answers came without one.
pub fn build_context(answers: &Answers, session_id: &str, now: Timestamp) -> BusinessContext {
    let text = |id| answers.text(id).to_owned();
    let list = |id| answers.list(id).to_vec();
    let facts = facts(answers);
    BusinessContext {
        version: SCHEMA_VERSION.to_owned(),
        generated_at: format(now),
        session_id: session_id.to_owned(),
        company_profile: CompanyProfile {
            name: text(FieldId::CompanyName),
            website: text(FieldId::CompanyWebsite),
            industry: text(FieldId::Industry),
            stage: text(FieldId::BusinessStage),
            description: text(FieldId::CompanyDescription),
        },
        intelligence: Intelligence {
            evidence_count: u32::try_from(facts.len()).unwrap_or(u32::MAX),
            facts,
            icps: vec![Icp {
                name: text(FieldId::IdealCustomerTitle),
                demographics: Demographics::default(),
                psychographics: Psychographics {
                    identity: text(FieldId::IdealCustomerProfile),
                    ..Default::default()
                },
                pain_points: list(FieldId::TopPainPoints),
                goals: list(FieldId::TopGoals),
                objections: Vec::new(),
                market_sophistication: None,
            }],
            positioning: Positioning {
                uvp: text(FieldId::KeyDifferentiator),
                competitors: answers
                    .list(FieldId::Competitors)
                    .iter()
                    .map(|name| Competitor { name: name.clone(), ..Default::default() })
                    .collect(),
                ..Default::default()
            },
            messaging: Messaging {
                value_props: vec![ValueProp {
                    title: text(FieldId::PrimaryOffer),
                    description: text(FieldId::CoreProblem),
                }],
                brand_voice: BrandVoice {
                    tone: list(FieldId::BrandTone),
                    do_list: Vec::new(),
                    dont_list: list(FieldId::BannedPhrases),
                },
                guardrails: list(FieldId::ConstraintsAndGuardrails),
                ..Default::default()
            },
            channels: channels(answers.list(FieldId::ChannelPriorities)),
            market: Market {
                geo: text(FieldId::GeographicFocus),
                primary_goal: Some(text(FieldId::AcquisitionGoal)).filter(|goal| !goal.is_empty()),
                ..Default::default()
            },
        },
    }
}

/// Pricing and proof points as facts. They are the founder's own statements, so each has full confidence.
fn facts(answers: &Answers) -> Vec<Fact> {
    let pricing = Some(answers.text(FieldId::PricingModel)).filter(|text| !text.is_empty());
    let proofs = answers.list(FieldId::ProofPoints);
    pricing
        .map(|value| ("pricing", "Pricing", value))
        .into_iter()
        .chain(proofs.iter().map(|value| ("traction", "Proof", value.as_str())))
        .enumerate()
        .map(|(index, (category, label, value))| Fact {
            id: format!("f{}", index + 1),
            category: category.to_owned(),
            label: label.to_owned(),
            value: value.to_owned(),
            confidence: 1.0,
        })
        .collect()
}

/// The form asks for channels in order of importance: the first is primary, the next two secondary.
fn channels(names: &[String]) -> Vec<Channel> {
    let priority = |index| match index {
        0 => "primary",
        1 | 2 => "secondary",
        _ => "experimental",
    };
    names
        .iter()
        .enumerate()
        .map(|(index, name)| Channel { name: name.clone(), priority: priority(index).to_owned() })
        .collect()
}
