// The token estimate, held against a true cl100k tokenizer.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { encode } from "gpt-tokenizer/encoding/cl100k_base";
import * as rules from "@gatehouse/wasm-client";
import { init as initForms } from "@gatehouse/wasm-client/forms";
import { init as initManifest } from "@gatehouse/wasm-client/manifest";

await Promise.all([initForms(), initManifest()]);
const golden = JSON.parse(readFileSync(new URL("../../../tests/contract/reduce.json", import.meta.url), "utf8"));
const base = golden.cases.find((entry) => entry.name === "all 21 answers").answers;

const sentences = {
  english: "Single-estate Assam tea shipped within ten days of plucking. Founders cannot tell how old the tea is.",
  prose: "We help independent bookkeeping practices in tier-two cities win retainers without cold calling, using referral loops.",
  jargon: "B2B SaaS, PLG + ABM; CAC/LTV 1:4.2, ARR ₹3.4 Cr, NPS 62, SOC-2 & ISO 27001, API-first (REST/gRPC), 99.95% SLA.",
  figures: "₹12,30,000 38% 2026-02-01 1,500 +91-98450-12345 4.2x 250g/500g #1 v2.10.3",
  address: "https://chaya.example/products/assam-2026?utm_source=ig&utm_medium=bio and hello@chaya.example",
  capitals: "NEVER PROMISE WHAT TEA CANNOT DO. NO MEDICAL CLAIMS. NO DISCOUNT BELOW THE PRINTED PRICE.",
  names: "Vahdam, Teabox, Chaayos, Udyan, Goodricke, Makaibari, Wagh Bakri, Tulsi Ayurveda Pvt Ltd, Bengaluru, Thiruvananthapuram",
  hinglish: "Chai bilkul taaza milti hai, das din ke andar ghar tak; purani chai kabhi nahi bhejte, yeh hamara vaada hai.",
  accents: "Thé d’origine unique, expédié en dix jours après la cueillette. Größe über alles, señor. Crème brûlée à volonté.",
  hindi: "हम असम के एक ही बागान की चाय तोड़ने के दस दिन के भीतर भेजते हैं। ग्राहक को पता नहीं चलता कि चाय कितनी पुरानी है।",
  marathi: "आम्ही आसामच्या एकाच मळ्यातील चहा दहा दिवसांत पाठवतो. ग्राहकांना चहा किती जुना आहे हे कळत नाही.",
  tamil: "நாங்கள் அசாமின் ஒரே தோட்டத்தின் தேயிலையை பறித்த பத்து நாட்களுக்குள் அனுப்புகிறோம்.",
  telugu: "మేము అస్సాం టీని పది రోజుల్లో పంపుతాము. వినియోగదారులకు టీ ఎంత పాతదో తెలియదు.",
  bengali: "আমরা আসামের একক বাগানের চা তোলার দশ দিনের মধ্যে পাঠাই। ক্রেতা জানেন না চা কত পুরনো।",
  kannada: "ನಾವು ಅಸ್ಸಾಂನ ಒಂದೇ ತೋಟದ ಚಹಾವನ್ನು ಹತ್ತು ದಿನಗಳಲ್ಲಿ ಕಳುಹಿಸುತ್ತೇವೆ.",
  malayalam: "ഞങ്ങൾ അസം ചായ പത്ത് ദിവസത്തിനുള്ളിൽ അയയ്ക്കുന്നു.",
  gujarati: "અમે આસામના એક જ બગીચાની ચા દસ દિવસમાં મોકલીએ છીએ.",
  punjabi: "ਅਸੀਂ ਅਸਾਮ ਦੇ ਇੱਕੋ ਬਾਗ ਦੀ ਚਾਹ ਦਸ ਦਿਨਾਂ ਵਿੱਚ ਭੇਜਦੇ ਹਾਂ।",
  odia: "ଆମେ ଆସାମର ଗୋଟିଏ ବଗିଚାର ଚା ଦଶ ଦିନ ମଧ୍ୟରେ ପଠାଉ।",
  urdu: "ہم آسام کے ایک ہی باغ کی چائے دس دن کے اندر بھیجتے ہیں۔",
  arabic: "نرسل شاي آسام من مزرعة واحدة خلال عشرة أيام من القطف.",
  chinese: "我们在采摘后十天内运送阿萨姆单一庄园茶。客户不知道茶有多旧。",
  japanese: "私たちはアッサムの単一農園のお茶を摘んでから十日以内に発送します。",
  emoji: "🍵☕️🌱🚀👩‍🌾 fresh 🫖 tea 💚✨ no 🚫 claims",
};

/** Answers that fill every long field with a text. */
function filled(text, times) {
  const line = (max) => [...text.repeat(times)].slice(0, max).join("").trim();
  const items = (count) => Array.from({ length: count }, (_, n) => `${n + 1}. ${line(120)}`);
  return {
    ...base,
    company_description: line(2000), core_problem: line(2000), ideal_customer_profile: line(2000),
    key_differentiator: line(2000), primary_offer: line(200), acquisition_goal: line(200),
    top_pain_points: items(20), top_goals: items(20), competitors: items(20), proof_points: items(20),
  };
}

for (const [name, text] of Object.entries(sentences)) {
  for (const times of [1, 30]) {
    test(`${name} × ${times}: the estimate covers the true count, and the content holds 1,200 tokens`, () => {
      const answers = filled(text, times);
      const made = rules.reduce(answers, 0);
      assert.ok(made.ok, made.problem?.detail);
      const truth = encode(JSON.stringify(made.content)).length;
      assert.ok(made.token_estimate >= truth, `estimated ${made.token_estimate}, true ${truth}`);
      assert.ok(truth <= made.token_budget, `${truth} tokens`);
      assert.deepEqual(made.content.guardrails, {
        constraints: answers.constraints_and_guardrails,
        banned_phrases: answers.banned_phrases,
      });
    });
  }
}

test("the budget is 1,200 tokens", () => {
  assert.equal(rules.reduce({}, 0).token_budget, 1200);
});
