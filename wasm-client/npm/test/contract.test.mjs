// The golden vectors that native core runs, run here against the compiled package.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as rules from "@gatehouse/wasm-client";
import { init as initForms } from "@gatehouse/wasm-client/forms";
import { init as initManifest } from "@gatehouse/wasm-client/manifest";
import { withoutPaths } from "./support.mjs";

await Promise.all([initForms(), initManifest()]);

function cases(file) {
  const { cases } = JSON.parse(readFileSync(new URL(`../../../tests/contract/${file}`, import.meta.url), "utf8"));
  assert.ok(cases.length > 0, `${file} has no cases`);
  return cases;
}

for (const { name, step, answers, result } of cases("validate_step.json")) {
  test(`step: ${name}`, () => {
    assert.deepEqual(withoutPaths(rules.validateStep(step, answers)), result);
    assert.deepEqual(withoutPaths(rules.validateStep(step, JSON.stringify(answers))), result);
  });
}

const UNPROVEN = ["version", "workspace_id", "generated_at", "confirmed_at", "source", "meta"];
for (const { name, manifest, verified, code } of cases("checksum.json")) {
  test(`checksum: ${name}`, () => {
    const result = rules.verifyManifest(JSON.stringify(manifest));
    assert.equal(result.ok, verified);
    if (verified) assert.deepEqual(result, { ok: true, version: manifest.version, checksum: manifest.checksum, unproven: UNPROVEN });
    else assert.equal(result.problem.code, code);
  });
}

for (const { name, confirmed_at, now_ms, view } of cases("freshness.json")) {
  test(`freshness: ${name}`, () => {
    assert.deepEqual(rules.freshness(confirmed_at, now_ms), { ok: true, view });
  });
}

for (const { name, answers, problem, ...made } of cases("reduce.json")) {
  test(`reduce: ${name}`, () => {
    const result = rules.reduce(answers, 0);
    if (problem) {
      assert.equal(result.ok, false);
      assert.equal(result.problem.code, problem);
      return;
    }
    const { content, checksum, dropped, missing } = result;
    assert.deepEqual({ content, checksum, dropped, missing }, made);
  });
}

for (const { name, from, to, changes, patch } of cases("diff/contents.json")) {
  test(`diff: ${name}`, () => {
    assert.deepEqual(rules.diff(from, to), { ok: true, changes, patch });
  });
}

test("what answers build is a business context, and its preview is the same with and without it", () => {
  for (const { answers } of cases("reduce.json")) {
    const built = rules.buildContext(answers, "", 0);
    if (!built.ok) continue;
    const missing = rules.progress(answers).missing;
    if (!missing.includes("company_name")) assert.deepEqual(rules.validateContext(built.context), { ok: true, errors: [] });
  }
});

test("two tabs merge, count and ask as core does", () => {
  const base = { industry: "Tea" };
  assert.deepEqual(rules.mergeSession(base, { company_name: " चाय " }, { industry: "Coffee" }), {
    ok: true, merged: true, answers: { company_name: "चाय", industry: "Coffee" }, changed: ["company_name"],
  });
  assert.deepEqual(rules.mergeSession(base, { industry: null }, { industry: "Coffee" }), {
    ok: true, merged: false, conflicts: [{ field: "industry", base: "Tea", mine: null, theirs: "Coffee" }],
  });
  const { answered, required, missing } = rules.progress({ company_name: "Chaya", industry: 7 });
  assert.deepEqual([answered, required, missing.length], [1, 16, 20]);
});

test("money and polls are told as core tells them", () => {
  assert.equal(rules.formatMoney(123_000_050), "₹12,30,000.50");
  assert.deepEqual(rules.nextPoll("1970-01-01T00:00:00Z", "1970-01-01T00:20:00Z", 60_000), {
    ok: true, next_at: "1970-01-01T00:01:06.000Z", give_up_at: "1970-01-01T00:22:00.000Z",
  });
});
