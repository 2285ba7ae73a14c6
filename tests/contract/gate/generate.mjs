// Writes combinations.json: every state of a person times every kind of page, with what the gate must say. The rules
// stand here a second time, as a table read straight from the requirements, so that core cannot be its own judge.
// Run it only when a rule changes: node tests/contract/gate/generate.mjs
import { writeFileSync } from "node:fs";

const now = "2026-02-10T00:00:00.000Z";
// Letters of a decision: A allow, R redirect to sign-in, and the interstitial of the condition that is missing:
// U session and Q facts could not be checked, P profile, D account switched off, W workspace, L plan, O onboarding.
const session = [
  { facts: "valid", blocks: "" },
  { facts: "missing", blocks: "R" },
  { facts: "expired", blocks: "R" },
  { facts: "invalid", blocks: "R" },
  { facts: "anonymous", blocks: "R" },
  { facts: "unknown", blocks: "U" },
];
const profile = [
  { facts: { profile_exists: true, workspace_exists: true }, blocks: "" },
  { facts: { profile_exists: true, workspace_exists: false }, blocks: "W" },
  { facts: { profile_exists: false, workspace_exists: false }, blocks: "P" },
  { facts: { profile_exists: true, account_disabled: true, workspace_exists: false }, blocks: "D" },
  { facts: null, blocks: "Q" },
];
// Access ends at its instant: a millisecond before it there is access, at it there is none, whatever the label says.
const plan = [
  { facts: { plan_status: "none" }, blocks: "L" },
  { facts: { plan_status: "trial", access_until: "2026-02-10T00:00:00.001Z" }, blocks: "" },
  { facts: { plan_status: "trial", access_until: "2026-02-10T00:00:00.000Z" }, blocks: "L" },
  { facts: { plan_status: "active", access_until: "2026-03-13T00:00:00.000Z" }, blocks: "" },
  { facts: { plan_status: "active", access_until: "2026-02-10T00:00:00.001Z" }, blocks: "" },
  { facts: { plan_status: "active", access_until: "2026-02-10T00:00:00.000Z" }, blocks: "L" },
  { facts: { plan_status: "past_due", access_until: "2026-02-12T00:00:00.000Z" }, blocks: "" },
  { facts: { plan_status: "past_due", access_until: "2026-02-09T00:00:00.000Z" }, blocks: "L" },
  { facts: { plan_status: "cancelled", access_until: "2026-02-20T05:30:00.000+05:30" }, blocks: "" },
  { facts: { plan_status: "cancelled", access_until: "2026-02-10T05:30:00.000+05:30" }, blocks: "L" },
  { facts: { plan_status: "expired", paid_until: "2026-02-03T00:00:00.000Z" }, blocks: "L" },
  { facts: { plan_status: "active", access_until: "soon" }, blocks: "L" },
];
const onboarding = ["pending", "payment_confirmed", "in_progress", "abandoned", "completed"].map((status) => ({
  facts: { onboarding_status: status },
  blocks: status === "completed" ? "" : "O",
}));
// Controls: E enabled, W warn, D disabled.
const manifest = [
  { facts: {}, controls: "D" },
  { facts: { manifest: { version: 1, confirmed_at: "2026-02-03T00:00:00.001Z" } }, controls: "E" },
  { facts: { manifest: { version: 1, confirmed_at: "2026-02-03T00:00:00.000Z" } }, controls: "W" },
  { facts: { manifest: { version: 1, confirmed_at: "2026-01-27T00:00:00.000Z" } }, controls: "D" },
];
const open = ["/", "/plans", "/support", "/signin", "/signout"];
const mine = ["/payment/GH1", "/onboarding/voice", "/settings", "/account"];
const closed = ["/dashboard", "/plans/../dashboard"];

const NEXT = { "": "none", R: "sign_in", U: "retry", Q: "retry", P: "set_up", W: "set_up", D: "write_to_support", L: "choose_plan", O: "continue_onboarding" };

function decide(page, blocks) {
  if (open.includes(page) || blocks === "") return "A";
  if (blocks === "R" || blocks === "U") return blocks;
  return mine.includes(page) ? "A" : blocks;
}

const decisions = Object.fromEntries([...open, ...mine, ...closed].map((page) => [page, []]));
const next = [];
const controls = [];
for (const s of session) for (const p of profile) for (const l of plan) for (const o of onboarding) for (const m of manifest) {
  const blocks = s.blocks || p.blocks || l.blocks || o.blocks;
  for (const page of Object.keys(decisions)) decisions[page].push(decide(page, blocks));
  next.push(NEXT[blocks]);
  controls.push(s.blocks || p.facts === null ? "D" : m.controls);
}

/** Runs of equal values, as [value, count] pairs in one flat list. */
function runs(values) {
  const out = [];
  for (const value of values) {
    if (out.length > 0 && out.at(-2) === value) out[out.length - 1] += 1;
    else out.push(value, 1);
  }
  return out;
}

const only = (axis) => axis.map(({ facts }) => facts);
const file = {
  about: "Every state of a person times pages. States are numbered session first, manifest last and fastest; a profile of null is facts that could not be had, else its facts are those of profile, plan, onboarding and manifest together. Expected values are runs: value, count, value, count. Made by generate.mjs, which says what the letters mean.",
  now,
  states: { session: only(session), profile: only(profile), plan: only(plan), onboarding: only(onboarding), manifest: only(manifest) },
  decisions: Object.fromEntries(Object.entries(decisions).map(([page, letters]) => [page, runs(letters)])),
  next: runs(next),
  controls: runs(controls),
};
const lines = Object.entries(file).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
writeFileSync(new URL("combinations.json", import.meta.url), `{\n${lines.join(",\n")}\n}\n`);
