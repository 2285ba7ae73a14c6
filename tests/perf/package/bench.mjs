// The package against ajv standalone, in one process and interleaved; prints JSON. Called by `npm run budgets`.
//
// Each sample is 50 repetitions within one call; ours and ajv's take turns, and the result is the median of the
// ratios of adjacent samples, so that a machine that is busy for a while is busy for both.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { init, validateContext, validateField, validateStep } from "@gatehouse/wasm-client/forms";
import { writeAjv } from "./ajv.mjs";
import { document, text } from "./document.mjs";

const REPEATED = 50;
const ROUNDS = 41;
const WARM_ROUNDS = 20;

const folder = mkdtempSync(join(tmpdir(), "gatehouse-ajv-"));
await writeAjv(join(folder, "ajv.mjs"));
const { default: ajv } = await import(join(folder, "ajv.mjs"));
rmSync(folder, { recursive: true });
await init();

const bytes = new TextEncoder().encode(text);
const decoder = new TextDecoder();
const faulty = structuredClone(document);
for (const fact of faulty.intelligence.facts) fact.confidence = 7;
faulty.version = "three";
faulty.intelligence.icps[0].goals = "many";
faulty.intelligence.channels[1].priority = "first";
const faultyText = JSON.stringify(faulty);

if (!validateContext(text).ok || !ajv(document)) throw new Error("The document must be good.");
if (validateContext(faultyText).ok || ajv(faulty)) throw new Error("The other document must not be.");

/** CPU milliseconds of one repetition. */
function time(run) {
  const start = process.cpuUsage();
  for (let at = 0; at < REPEATED; at += 1) run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000 / REPEATED;
}

const median = (values) => values.toSorted((one, other) => one - other)[values.length >> 1];
const tidy = (value) => Number(value.toPrecision(3));

function compare(ours, theirs) {
  const samples = [];
  for (let round = -WARM_ROUNDS; round < ROUNDS; round += 1) {
    // Who is first changes, because the second finds what the first left in the caches.
    const pair = round % 2 === 0 ? [time(ours), time(theirs)] : [time(theirs), time(ours)].toReversed();
    if (round >= 0) samples.push(pair);
  }
  const ratios = samples.map(([our, their]) => their / our);
  return {
    ratio: tidy(median(ratios)), ours_us: tidy(1000 * median(samples.map(([our]) => our))), ajv_us: tidy(1000 * median(samples.map(([, their]) => their))),
  };
}

const alone = (run) => tidy(median(Array.from({ length: WARM_ROUNDS + ROUNDS }, () => time(run)).slice(WARM_ROUNDS)));
const answers = {
  company_name: document.company_profile.name, company_website: "chaya.example", industry: "D2C / Beverages",
  business_stage: "Seed", company_description: document.company_profile.description,
};

console.log(JSON.stringify({
  bytes: bytes.length,
  text: compare(() => validateContext(text), () => ajv(JSON.parse(text))),
  utf8: compare(() => validateContext(bytes), () => ajv(JSON.parse(decoder.decode(bytes)))),
  faults: compare(() => validateContext(faultyText), () => ajv(JSON.parse(faultyText))),
  object: compare(() => validateContext(document), () => ajv(document)),
  keystroke_ms: alone(() => validateField("company_description", answers.company_description)),
  step_ms: alone(() => validateStep("company", answers)),
}));
