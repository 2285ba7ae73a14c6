//! Generated from core/schema by `npm run codegen`; do not edit.

use super::fields::{Field, Kind, Step};
use super::ids::{FieldId, StepId};

/// The steps in the order in which they are asked.
pub const STEPS: &[Step] = &[
    Step { id: StepId::Company, title: "Your company" },
    Step { id: StepId::Offer, title: "What you offer" },
    Step { id: StepId::Customer, title: "Who it is for" },
    Step { id: StepId::Position, title: "Why you and not another" },
    Step { id: StepId::Voice, title: "How you sound" },
    Step { id: StepId::Reach, title: "Where you are found" },
    Step { id: StepId::Proof, title: "What you can prove, and what you must not say" },
];

/// The questions in the order in which they are asked.
pub const FIELDS: &[Field] = &[
    Field { id: FieldId::CompanyName, step: StepId::Company, label: "Company name", kind: Kind::Text { max: 200 }, required: true },
    Field { id: FieldId::CompanyWebsite, step: StepId::Company, label: "Website", kind: Kind::Url, required: false },
    Field { id: FieldId::Industry, step: StepId::Company, label: "Industry", kind: Kind::Text { max: 200 }, required: true },
    Field { id: FieldId::BusinessStage, step: StepId::Company, label: "Stage", kind: Kind::Text { max: 200 }, required: true },
    Field { id: FieldId::CompanyDescription, step: StepId::Company, label: "Company description", kind: Kind::LongText { max: 2000 }, required: true },
    Field { id: FieldId::PrimaryOffer, step: StepId::Offer, label: "Main offer", kind: Kind::Text { max: 200 }, required: true },
    Field { id: FieldId::CoreProblem, step: StepId::Offer, label: "Problem you solve", kind: Kind::LongText { max: 2000 }, required: true },
    Field { id: FieldId::PricingModel, step: StepId::Offer, label: "Pricing", kind: Kind::Text { max: 200 }, required: false },
    Field { id: FieldId::IdealCustomerTitle, step: StepId::Customer, label: "Ideal customer", kind: Kind::Text { max: 200 }, required: true },
    Field { id: FieldId::IdealCustomerProfile, step: StepId::Customer, label: "Who they are", kind: Kind::LongText { max: 2000 }, required: true },
    Field { id: FieldId::TopPainPoints, step: StepId::Customer, label: "Pain points", kind: Kind::List { max_items: 20, max: 300 }, required: true },
    Field { id: FieldId::TopGoals, step: StepId::Customer, label: "Goals", kind: Kind::List { max_items: 20, max: 300 }, required: true },
    Field { id: FieldId::KeyDifferentiator, step: StepId::Position, label: "What sets you apart", kind: Kind::LongText { max: 2000 }, required: true },
    Field { id: FieldId::Competitors, step: StepId::Position, label: "Competitors", kind: Kind::List { max_items: 20, max: 300 }, required: true },
    Field { id: FieldId::BrandTone, step: StepId::Voice, label: "Tone of voice", kind: Kind::List { max_items: 20, max: 300 }, required: true },
    Field { id: FieldId::BannedPhrases, step: StepId::Voice, label: "Phrases never to use", kind: Kind::List { max_items: 20, max: 300 }, required: false },
    Field { id: FieldId::ChannelPriorities, step: StepId::Reach, label: "Channels", kind: Kind::List { max_items: 20, max: 300 }, required: true },
    Field { id: FieldId::GeographicFocus, step: StepId::Reach, label: "Geography", kind: Kind::Text { max: 200 }, required: false },
    Field { id: FieldId::ProofPoints, step: StepId::Proof, label: "Proof", kind: Kind::List { max_items: 20, max: 300 }, required: false },
    Field { id: FieldId::AcquisitionGoal, step: StepId::Proof, label: "Growth goal", kind: Kind::Text { max: 200 }, required: true },
    Field { id: FieldId::ConstraintsAndGuardrails, step: StepId::Proof, label: "Constraints and guardrails", kind: Kind::List { max_items: 20, max: 300 }, required: true },
];

/// The hint under a question's input. It stands apart because the browser's rules have no use for it.
pub const fn hint(id: FieldId) -> &'static str {
    match id {
        FieldId::CompanyName => "As your customers know it.",
        FieldId::CompanyWebsite => "For example https://chaya.example.",
        FieldId::Industry => "In your own words, such as D2C / Beverages.",
        FieldId::BusinessStage => "Such as Idea, Seed or Series A.",
        FieldId::CompanyDescription => "What you do, in two or three sentences.",
        FieldId::PrimaryOffer => "The one thing most people buy first.",
        FieldId::CoreProblem => "The problem as your customer would tell it.",
        FieldId::PricingModel => "Such as ₹549 per 250 g, or a monthly subscription.",
        FieldId::IdealCustomerTitle => "A name for them, such as Urban ritual drinker.",
        FieldId::IdealCustomerProfile => "Where they live, what they do, what they care about.",
        FieldId::TopPainPoints => "One on each line.",
        FieldId::TopGoals => "One on each line.",
        FieldId::KeyDifferentiator => "What you have and the others do not.",
        FieldId::Competitors => "One on each line.",
        FieldId::BrandTone => "One word or phrase on each line.",
        FieldId::BannedPhrases => "One on each line. Kept whole, always.",
        FieldId::ChannelPriorities => "One on each line, the most important first.",
        FieldId::GeographicFocus => "Such as Bengaluru and Pune, or all of India.",
        FieldId::ProofPoints => "Numbers, reviews, press. One on each line.",
        FieldId::AcquisitionGoal => "Such as 1,500 first orders a month.",
        FieldId::ConstraintsAndGuardrails => "What must never be claimed or done. Kept whole, always.",
    }
}
