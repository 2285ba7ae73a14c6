//! Generated from core/schema by `npm run codegen`; do not edit.
//! Ids are strings and survive reordering; nothing anywhere numbers a step.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// A step of onboarding.
    StepId {
        Company = "company",
        Offer = "offer",
        Customer = "customer",
        Position = "position",
        Voice = "voice",
        Reach = "reach",
        Proof = "proof",
    }
}

vocabulary! {
    /// A question of onboarding.
    FieldId {
        CompanyName = "company_name",
        CompanyWebsite = "company_website",
        Industry = "industry",
        BusinessStage = "business_stage",
        CompanyDescription = "company_description",
        PrimaryOffer = "primary_offer",
        CoreProblem = "core_problem",
        PricingModel = "pricing_model",
        IdealCustomerTitle = "ideal_customer_title",
        IdealCustomerProfile = "ideal_customer_profile",
        TopPainPoints = "top_pain_points",
        TopGoals = "top_goals",
        KeyDifferentiator = "key_differentiator",
        Competitors = "competitors",
        BrandTone = "brand_tone",
        BannedPhrases = "banned_phrases",
        ChannelPriorities = "channel_priorities",
        GeographicFocus = "geographic_focus",
        ProofPoints = "proof_points",
        AcquisitionGoal = "acquisition_goal",
        ConstraintsAndGuardrails = "constraints_and_guardrails",
    }
}
