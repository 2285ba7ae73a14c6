//! The questions. Ids are strings and survive reordering; nothing anywhere numbers a step.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// A step of onboarding.
    StepId {
        Company = "company", Offer = "offer", Customer = "customer", Position = "position",
        Voice = "voice", Reach = "reach", Proof = "proof",
    }
}

vocabulary! {
    /// A question of onboarding.
    FieldId {
        CompanyName = "company_name", CompanyWebsite = "company_website", Industry = "industry",
        BusinessStage = "business_stage", CompanyDescription = "company_description",
        PrimaryOffer = "primary_offer", CoreProblem = "core_problem", PricingModel = "pricing_model",
        IdealCustomerTitle = "ideal_customer_title", IdealCustomerProfile = "ideal_customer_profile",
        TopPainPoints = "top_pain_points", TopGoals = "top_goals",
        KeyDifferentiator = "key_differentiator", Competitors = "competitors",
        BrandTone = "brand_tone", BannedPhrases = "banned_phrases",
        ChannelPriorities = "channel_priorities", GeographicFocus = "geographic_focus",
        ProofPoints = "proof_points", AcquisitionGoal = "acquisition_goal",
        ConstraintsAndGuardrails = "constraints_and_guardrails",
    }
}

/// What kind of answer a field takes. Lengths count Unicode characters, never bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One line of text.
    Text {
        /// The most characters.
        max: usize,
    },
    /// Several lines of text.
    LongText {
        /// The most characters.
        max: usize,
    },
    /// A web address; `https://` is added when the scheme is left out.
    Url,
    /// Separate items, one a line in a textarea. Commas stand inside items and never split.
    List {
        /// The most items.
        max_items: usize,
        /// The most characters of an item.
        max: usize,
    },
}

/// One question.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its id, on the wire and in storage.
    pub id: FieldId,
    /// The step it is asked in.
    pub step: StepId,
    /// What a form calls it; sentences about it begin with this.
    pub label: &'static str,
    /// The kind of answer.
    pub kind: Kind,
    /// Whether onboarding cannot be finished without it.
    pub required: bool,
    /// A hint under the input.
    pub hint: &'static str,
}

/// One step.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Its id.
    pub id: StepId,
    /// Its heading.
    pub title: &'static str,
}

const fn step(id: StepId, title: &'static str) -> Step {
    Step { id, title }
}

/// The steps in the order in which they are asked.
pub const STEPS: &[Step] = &[
    step(StepId::Company, "Your company"),
    step(StepId::Offer, "What you offer"),
    step(StepId::Customer, "Who it is for"),
    step(StepId::Position, "Why you and not another"),
    step(StepId::Voice, "How you sound"),
    step(StepId::Reach, "Where you are found"),
    step(StepId::Proof, "What you can prove, and what you must not say"),
];

const LINE: Kind = Kind::Text { max: 200 };
const PROSE: Kind = Kind::LongText { max: 2_000 };
const ITEMS: Kind = Kind::List { max_items: 20, max: 300 };

const fn required(id: FieldId, step: StepId, label: &'static str, kind: Kind, hint: &'static str) -> Field {
    Field { id, step, label, kind, required: true, hint }
}

const fn optional(id: FieldId, step: StepId, label: &'static str, kind: Kind, hint: &'static str) -> Field {
    Field { id, step, label, kind, required: false, hint }
}

/// The 21 questions, 16 of them required, in the order in which they are asked.
pub const FIELDS: &[Field] = &[
    required(FieldId::CompanyName, StepId::Company, "Company name", LINE, "As your customers know it."),
    optional(
        FieldId::CompanyWebsite,
        StepId::Company,
        "Website",
        Kind::Url,
        "For example https://chaya.example.",
    ),
    required(
        FieldId::Industry,
        StepId::Company,
        "Industry",
        LINE,
        "In your own words, such as D2C / Beverages.",
    ),
    required(FieldId::BusinessStage, StepId::Company, "Stage", LINE, "Such as Idea, Seed or Series A."),
    required(
        FieldId::CompanyDescription,
        StepId::Company,
        "Company description",
        PROSE,
        "What you do, in two or three sentences.",
    ),
    required(
        FieldId::PrimaryOffer,
        StepId::Offer,
        "Main offer",
        LINE,
        "The one thing most people buy first.",
    ),
    required(
        FieldId::CoreProblem,
        StepId::Offer,
        "Problem you solve",
        PROSE,
        "The problem as your customer would tell it.",
    ),
    optional(
        FieldId::PricingModel,
        StepId::Offer,
        "Pricing",
        LINE,
        "Such as ₹549 per 250 g, or a monthly subscription.",
    ),
    required(
        FieldId::IdealCustomerTitle,
        StepId::Customer,
        "Ideal customer",
        LINE,
        "A name for them, such as Urban ritual drinker.",
    ),
    required(
        FieldId::IdealCustomerProfile,
        StepId::Customer,
        "Who they are",
        PROSE,
        "Where they live, what they do, what they care about.",
    ),
    required(FieldId::TopPainPoints, StepId::Customer, "Pain points", ITEMS, "One on each line."),
    required(FieldId::TopGoals, StepId::Customer, "Goals", ITEMS, "One on each line."),
    required(
        FieldId::KeyDifferentiator,
        StepId::Position,
        "What sets you apart",
        PROSE,
        "What you have and the others do not.",
    ),
    required(FieldId::Competitors, StepId::Position, "Competitors", ITEMS, "One on each line."),
    required(FieldId::BrandTone, StepId::Voice, "Tone of voice", ITEMS, "One word or phrase on each line."),
    optional(
        FieldId::BannedPhrases,
        StepId::Voice,
        "Phrases never to use",
        ITEMS,
        "One on each line. Kept whole, always.",
    ),
    required(
        FieldId::ChannelPriorities,
        StepId::Reach,
        "Channels",
        ITEMS,
        "One on each line, the most important first.",
    ),
    optional(
        FieldId::GeographicFocus,
        StepId::Reach,
        "Geography",
        LINE,
        "Such as Bengaluru and Pune, or all of India.",
    ),
    optional(
        FieldId::ProofPoints,
        StepId::Proof,
        "Proof",
        ITEMS,
        "Numbers, reviews, press. One on each line.",
    ),
    required(
        FieldId::AcquisitionGoal,
        StepId::Proof,
        "Growth goal",
        LINE,
        "Such as 1,500 first orders a month.",
    ),
    required(
        FieldId::ConstraintsAndGuardrails,
        StepId::Proof,
        "Constraints and guardrails",
        ITEMS,
        "What must never be claimed or done. Kept whole, always.",
    ),
];

impl FieldId {
    /// The question with this id.
    pub fn field(self) -> Option<&'static Field> {
        FIELDS.iter().find(|field| field.id == self)
    }
}

/// The questions of one step, in order.
pub fn fields_of(step: StepId) -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(move |field| field.step == step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_21_questions_and_16_are_required() {
        assert_eq!(FIELDS.len(), 21);
        assert_eq!(FIELDS.iter().filter(|field| field.required).count(), 16);
        assert_eq!(FieldId::ALL, FIELDS.iter().map(|field| field.id).collect::<Vec<_>>());
        assert_eq!(StepId::ALL, STEPS.iter().map(|step| step.id).collect::<Vec<_>>());
        assert!(STEPS.iter().all(|step| fields_of(step.id).count() > 0));
    }
}
