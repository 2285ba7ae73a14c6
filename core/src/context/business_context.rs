//! `business_context.json`, schema version 2.x: the shape already in use, camelCase and all.
//!
//! Reading is lenient (fields may be absent), writing keeps every field, so that a document of ours shows
//! its readers what was not answered.

use serde::{Deserialize, Serialize};

/// The version that [`crate::onboarding::build_context`] writes.
pub const SCHEMA_VERSION: &str = "2.1";

/// The whole document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BusinessContext {
    /// `2.x`.
    pub version: String,
    /// RFC 3339 UTC.
    pub generated_at: String,
    /// The onboarding session it came from (a UUID), or empty.
    pub session_id: String,
    /// The company.
    pub company_profile: CompanyProfile,
    /// Everything known about its market.
    pub intelligence: Intelligence,
}

/// The company as it describes itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompanyProfile {
    /// Its name.
    pub name: String,
    /// Its web address.
    pub website: String,
    /// Free text such as `D2C / Beverages`.
    pub industry: String,
    /// Free text such as `Seed`.
    pub stage: String,
    /// A few sentences.
    pub description: String,
}

/// What is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Intelligence {
    /// How many pieces of evidence there were; may exceed the facts held here.
    pub evidence_count: u32,
    /// Single statements.
    pub facts: Vec<Fact>,
    /// Ideal customer profiles, the most important first.
    pub icps: Vec<Icp>,
    /// Where it stands.
    pub positioning: Positioning,
    /// How it speaks.
    pub messaging: Messaging,
    /// Where it is found, in order.
    pub channels: Vec<Channel>,
    /// Its market.
    pub market: Market,
}

/// A single statement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fact {
    /// Unique within the document, such as `f1`.
    pub id: String,
    /// product, market, customer, competitive, pricing, traction, brand or growth.
    pub category: String,
    /// What it is about.
    pub label: String,
    /// What it says.
    pub value: String,
    /// 0 to 1.
    pub confidence: f64,
}

/// An ideal customer profile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Icp {
    /// What the company calls them.
    pub name: String,
    /// Who they are.
    pub demographics: Demographics,
    /// What moves them.
    pub psychographics: Psychographics,
    /// What hurts.
    pub pain_points: Vec<String>,
    /// What they want.
    pub goals: Vec<String>,
    /// Why they hesitate.
    pub objections: Vec<String>,
    /// 1 to 5; absent when nobody said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub market_sophistication: Option<u8>,
}

/// Who an ideal customer is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Demographics {
    /// Such as `27-40`.
    pub age_range: String,
    /// Such as `₹12-30 LPA`.
    pub income: String,
    /// Where.
    pub location: String,
    /// Doing what.
    pub role: String,
    /// At which stage of life or company.
    pub stage: String,
}

/// What moves an ideal customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Psychographics {
    /// What they hold true.
    pub beliefs: String,
    /// How they see themselves.
    pub identity: String,
    /// What they fear.
    pub fears: String,
    /// What they value.
    pub values: Vec<String>,
    /// Where they spend time.
    pub hangouts: Vec<String>,
    /// What makes them buy.
    pub triggers: Vec<String>,
}

/// Where the company stands among others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Positioning {
    /// The category it claims.
    pub category: String,
    /// safe, clever or bold; empty when not chosen.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub category_path: String,
    /// Its unique value.
    pub uvp: String,
    /// What sets it apart.
    pub differentiators: Vec<String>,
    /// The others.
    pub competitors: Vec<Competitor>,
}

/// Another company.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Competitor {
    /// Its name.
    pub name: String,
    /// direct or indirect; empty when nobody said.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// What it does well.
    pub strengths: Vec<String>,
    /// What it does not.
    pub weaknesses: Vec<String>,
}

/// How the company speaks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Messaging {
    /// One line.
    pub one_liner: String,
    /// One paragraph.
    pub positioning_statement: String,
    /// What it promises.
    pub value_props: Vec<ValueProp>,
    /// Its voice.
    pub brand_voice: BrandVoice,
    /// Ready phrases.
    pub soundbites: Vec<String>,
    /// What must never be claimed or done.
    pub guardrails: Vec<String>,
}

/// A promise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ValueProp {
    /// In a few words.
    pub title: String,
    /// In a sentence.
    pub description: String,
}

/// A voice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BrandVoice {
    /// Words for the tone.
    pub tone: Vec<String>,
    /// What to do.
    pub do_list: Vec<String>,
    /// What never to say.
    pub dont_list: Vec<String>,
}

/// A channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// primary, secondary or experimental.
    pub priority: String,
}

/// A market. Sizes are texts such as `₹30,000 Cr (Indian tea)`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Market {
    /// Total addressable market.
    pub tam: String,
    /// Serviceable addressable market.
    pub sam: String,
    /// Serviceable obtainable market.
    pub som: String,
    /// Industries served.
    pub verticals: Vec<String>,
    /// Where.
    pub geo: String,
    /// The growth goal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_goal: Option<String>,
}
