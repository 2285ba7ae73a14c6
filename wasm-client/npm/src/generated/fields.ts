// Generated from core by `npm run codegen`; do not edit.

/** Every {@link StepId}, in order. */
export const STEP_ID_VALUES = ["company", "offer", "customer", "position", "voice", "reach", "proof"] as const;
/** One of {@link STEP_ID_VALUES}. */
export type StepId = (typeof STEP_ID_VALUES)[number];

/** Every {@link FieldId}, in order. */
export const FIELD_ID_VALUES = ["company_name", "company_website", "industry", "business_stage", "company_description", "primary_offer", "core_problem", "pricing_model", "ideal_customer_title", "ideal_customer_profile", "top_pain_points", "top_goals", "key_differentiator", "competitors", "brand_tone", "banned_phrases", "channel_priorities", "geographic_focus", "proof_points", "acquisition_goal", "constraints_and_guardrails"] as const;
/** One of {@link FIELD_ID_VALUES}. */
export type FieldId = (typeof FIELD_ID_VALUES)[number];

/** One question of onboarding. `max` counts Unicode characters, of the text or of each item. */
export interface Field {
  id: FieldId;
  step: StepId;
  label: string;
  kind: "text" | "long_text" | "url" | "list";
  max?: number;
  maxItems?: number;
  required: boolean;
  hint: string;
}

/** A step of onboarding: the questions that one page asks. */
export interface Step {
  id: StepId;
  title: string;
}

/** The steps of onboarding in the order in which they are asked. */
export const STEPS: readonly Step[] = [
  {"id":"company","title":"Your company"},
  {"id":"offer","title":"What you offer"},
  {"id":"customer","title":"Who it is for"},
  {"id":"position","title":"Why you and not another"},
  {"id":"voice","title":"How you sound"},
  {"id":"reach","title":"Where you are found"},
  {"id":"proof","title":"What you can prove, and what you must not say"},
];

/** The questions of onboarding, step by step, in the order in which they are asked. */
export const FIELDS: readonly Field[] = [
  {"id":"company_name","step":"company","label":"Company name","kind":"text","max":200,"required":true,"hint":"As your customers know it."},
  {"id":"company_website","step":"company","label":"Website","kind":"url","required":false,"hint":"For example https://chaya.example."},
  {"id":"industry","step":"company","label":"Industry","kind":"text","max":200,"required":true,"hint":"In your own words, such as D2C / Beverages."},
  {"id":"business_stage","step":"company","label":"Stage","kind":"text","max":200,"required":true,"hint":"Such as Idea, Seed or Series A."},
  {"id":"company_description","step":"company","label":"Company description","kind":"long_text","max":2000,"required":true,"hint":"What you do, in two or three sentences."},
  {"id":"primary_offer","step":"offer","label":"Main offer","kind":"text","max":200,"required":true,"hint":"The one thing most people buy first."},
  {"id":"core_problem","step":"offer","label":"Problem you solve","kind":"long_text","max":2000,"required":true,"hint":"The problem as your customer would tell it."},
  {"id":"pricing_model","step":"offer","label":"Pricing","kind":"text","max":200,"required":false,"hint":"Such as ₹549 per 250 g, or a monthly subscription."},
  {"id":"ideal_customer_title","step":"customer","label":"Ideal customer","kind":"text","max":200,"required":true,"hint":"A name for them, such as Urban ritual drinker."},
  {"id":"ideal_customer_profile","step":"customer","label":"Who they are","kind":"long_text","max":2000,"required":true,"hint":"Where they live, what they do, what they care about."},
  {"id":"top_pain_points","step":"customer","label":"Pain points","kind":"list","max":300,"maxItems":20,"required":true,"hint":"One on each line."},
  {"id":"top_goals","step":"customer","label":"Goals","kind":"list","max":300,"maxItems":20,"required":true,"hint":"One on each line."},
  {"id":"key_differentiator","step":"position","label":"What sets you apart","kind":"long_text","max":2000,"required":true,"hint":"What you have and the others do not."},
  {"id":"competitors","step":"position","label":"Competitors","kind":"list","max":300,"maxItems":20,"required":true,"hint":"One on each line."},
  {"id":"brand_tone","step":"voice","label":"Tone of voice","kind":"list","max":300,"maxItems":20,"required":true,"hint":"One word or phrase on each line."},
  {"id":"banned_phrases","step":"voice","label":"Phrases never to use","kind":"list","max":300,"maxItems":20,"required":false,"hint":"One on each line. Kept whole, always."},
  {"id":"channel_priorities","step":"reach","label":"Channels","kind":"list","max":300,"maxItems":20,"required":true,"hint":"One on each line, the most important first."},
  {"id":"geographic_focus","step":"reach","label":"Geography","kind":"text","max":200,"required":false,"hint":"Such as Bengaluru and Pune, or all of India."},
  {"id":"proof_points","step":"proof","label":"Proof","kind":"list","max":300,"maxItems":20,"required":false,"hint":"Numbers, reviews, press. One on each line."},
  {"id":"acquisition_goal","step":"proof","label":"Growth goal","kind":"text","max":200,"required":true,"hint":"Such as 1,500 first orders a month."},
  {"id":"constraints_and_guardrails","step":"proof","label":"Constraints and guardrails","kind":"list","max":300,"maxItems":20,"required":true,"hint":"What must never be claimed or done. Kept whole, always."},
];

/** The checked answers of each step: trimmed, lists as lists, empty ones left out. */
export interface AnswersByStep {
  company: {
    company_name: string;
    company_website?: string;
    industry: string;
    business_stage: string;
    company_description: string;
  };
  offer: {
    primary_offer: string;
    core_problem: string;
    pricing_model?: string;
  };
  customer: {
    ideal_customer_title: string;
    ideal_customer_profile: string;
    top_pain_points: string[];
    top_goals: string[];
  };
  position: {
    key_differentiator: string;
    competitors: string[];
  };
  voice: {
    brand_tone: string[];
    banned_phrases?: string[];
  };
  reach: {
    channel_priorities: string[];
    geographic_focus?: string;
  };
  proof: {
    proof_points?: string[];
    acquisition_goal: string;
    constraints_and_guardrails: string[];
  };
}

/** What a form holds for each step. A list may also be one text with an item on each line. */
export interface InputsByStep {
  company: {
    company_name: string;
    company_website?: string;
    industry: string;
    business_stage: string;
    company_description: string;
  };
  offer: {
    primary_offer: string;
    core_problem: string;
    pricing_model?: string;
  };
  customer: {
    ideal_customer_title: string;
    ideal_customer_profile: string;
    top_pain_points: string | string[];
    top_goals: string | string[];
  };
  position: {
    key_differentiator: string;
    competitors: string | string[];
  };
  voice: {
    brand_tone: string | string[];
    banned_phrases?: string | string[];
  };
  reach: {
    channel_priorities: string | string[];
    geographic_focus?: string;
  };
  proof: {
    proof_points?: string | string[];
    acquisition_goal: string;
    constraints_and_guardrails: string | string[];
  };
}


/** The fields that a model may be asked to suggest for. */
export const SUGGESTED_FIELDS: readonly FieldId[] = ["company_description","core_problem","ideal_customer_title","ideal_customer_profile","top_pain_points","top_goals","key_differentiator","brand_tone","banned_phrases","channel_priorities"];
