// The golden vectors that native core runs, run here against the compiled package.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as rules from "../dist/node.js";

rules.initFromPackage();

function cases(file) {
  const { cases } = JSON.parse(readFileSync(new URL(`../../../tests/contract/${file}`, import.meta.url), "utf8"));
  assert.ok(cases.length > 0, `${file} has no cases`);
  return cases;
}

for (const { name, step, answers, result } of cases("validate_step.json")) {
  test(`step: ${name}`, () => {
    assert.deepEqual(rules.validateStep(step, answers), result);
    assert.deepEqual(rules.validateStep(step, JSON.stringify(answers)), result);
  });
}

for (const { name, manifest, verified, code } of cases("checksum.json")) {
  test(`checksum: ${name}`, () => {
    const result = rules.verifyManifest(JSON.stringify(manifest));
    assert.equal(result.ok, verified);
    if (verified) assert.deepEqual(result, { ok: true, version: manifest.version, checksum: manifest.checksum });
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
    const result = rules.reducePreview(answers, 0);
    if (problem) {
      assert.equal(result.ok, false);
      assert.equal(result.problem.code, problem);
      return;
    }
    const { content, checksum, dropped, missing } = result;
    assert.deepEqual({ content, checksum, dropped, missing }, made);
  });
}
