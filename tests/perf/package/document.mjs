// A business context of about 9 KB as a company of some years would have it: mostly English, some other scripts.
const line = "Single-estate Assam tea shipped within ten days of plucking, with the lot and its date on every pouch. ";
const items = (count, words) => Array.from({ length: count }, (_, at) => `${at + 1}. ${words}`);

const context = {
  version: "2.1",
  generated_at: "2026-02-01T06:30:00.000Z",
  session_id: "0b8e1c1e-6a5f-4d6b-9c37-5f0d8a1b2c3d",
  company_profile: {
    name: "चाय कथा (Chaya Katha)", website: "https://chaya.example", industry: "D2C / Beverages", stage: "Seed",
    description: line.repeat(8),
  },
  intelligence: {
    evidence_count: 12,
    facts: Array.from({ length: 12 }, (_, at) => ({
      id: `f${at + 1}`, category: ["product", "market", "pricing", "traction"][at % 4], label: "Proof", value: `${at}: ${line}`, confidence: 0.5 + at / 50,
    })),
    icps: [0, 1].map((at) => ({
      name: `Ritual drinker ${at}`,
      demographics: { ageRange: "27-40", income: "₹12-30 LPA", location: "Bengaluru, Pune, मुंबई", role: "Product manager", stage: "First flat of their own" },
      psychographics: {
        beliefs: line, identity: "Somebody who takes a quarter of an hour for tea", fears: "Old tea in new boxes",
        values: items(3, "honest sourcing"), hangouts: items(3, "Instagram and the society's WhatsApp group"), triggers: items(3, "first cold morning"),
      },
      painPoints: items(4, "cannot tell how old the tea is"), goals: items(4, "a better cup at home"), objections: items(3, "₹549 is much for 250 g"),
      marketSophistication: 3,
    })),
    positioning: {
      category: "Fresh single-estate tea", categoryPath: "bold", uvp: line.repeat(3), differentiators: items(4, "lot and date on every pouch"),
      competitors: ["Vahdam", "Teabox", "Udyan"].map((name) => ({ name, type: "direct", strengths: items(2, "known abroad"), weaknesses: items(2, "no date of plucking") })),
    },
    messaging: {
      oneLiner: "Tea that remembers the garden.", positioningStatement: line.repeat(6),
      valueProps: [1, 2, 3].map((at) => ({ title: `Promise ${at}`, description: line })),
      brandVoice: { tone: ["warm", "exact"], doList: items(4, "name the garden"), dontList: items(4, "miracle") },
      soundbites: items(5, "ten days from garden to cup"), guardrails: items(4, "no medical claims"),
    },
    channels: [{ name: "Instagram", priority: "primary" }, { name: "Marketplaces", priority: "secondary" }, { name: "Tea rooms", priority: "experimental" }],
    market: { tam: "₹30,000 Cr (Indian tea)", sam: "₹3,000 Cr", som: "₹30 Cr", verticals: items(3, "households"), geo: "India", primary_goal: "1,500 orders a month" },
  },
};

/** The document and its JSON text. */
export const document = context;
export const text = JSON.stringify(context);
