// The gate's golden vectors that native core runs, run here against the compiled package.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as rules from "@gatehouse/wasm-client";
import { init as initForms } from "@gatehouse/wasm-client/forms";
import { init as initManifest } from "@gatehouse/wasm-client/manifest";

await Promise.all([initForms(), initManifest()]);

const read = (file) => JSON.parse(readFileSync(new URL(`../../../tests/contract/gate/${file}`, import.meta.url), "utf8"));

function decide(facts, path, now) {
  const result = rules.decideGate(facts, path, now);
  assert.equal(result.ok, true, JSON.stringify(result));
  return result.gate;
}

/** The values of runs: value, count, value, count. */
function values(runs) {
  return runs.flatMap((value, at) => (at % 2 === 0 ? Array(runs[at + 1]).fill(value) : []));
}

/** The letter of a decision, as generate.mjs explains it. */
function letter({ decision, next }) {
  if (decision.kind === "allow") return "A";
  if (decision.kind === "redirect") return "R";
  if (decision.retry) return decision.condition === "session" ? "U" : "Q";
  if (next.code === "write_to_support") return "D";
  return { profile: "P", workspace: "W", plan: "L", onboarding: "O" }[decision.condition];
}

test("every combination is decided as written", () => {
  const file = read("combinations.json");
  const axes = file.states;
  const states = [];
  for (const session of axes.session) for (const profile of axes.profile) for (const plan of axes.plan)
    for (const onboarding of axes.onboarding) for (const manifest of axes.manifest)
      states.push(JSON.stringify({ session, profile: profile && { ...profile, ...plan, ...onboarding, ...manifest } }));
  assert.ok(states.length > 7000);
  const [next, controls] = [values(file.next), values(file.controls)];
  for (const [page, runs] of Object.entries(file.decisions)) {
    const expected = values(runs);
    assert.equal(expected.length, states.length);
    states.forEach((facts, at) => {
      const gate = decide(facts, page, file.now);
      const found = [letter(gate), gate.next?.code ?? "none", gate.controls.state[0].toUpperCase()];
      if (found[0] !== expected[at] || found[1] !== next[at] || found[2] !== controls[at])
        assert.deepEqual(found, [expected[at], next[at], controls[at]], `${page}, state ${at}: ${facts}`);
    });
  }
});

/** Asserts every member that `expected` has. */
function assertIncludes(found, expected, where) {
  if (expected === null || typeof expected !== "object") return assert.equal(found, expected, where);
  if (Array.isArray(expected)) assert.equal(found.length, expected.length, where);
  for (const [key, value] of Object.entries(expected)) assertIncludes(found[key], value, `${where}.${key}`);
}

const { cases, profile: common } = read("cases.json");
for (const { rule, facts, path, now = "2026-02-10T00:00:00Z", gate } of cases) {
  test(`gate: ${rule}`, () => {
    const whole = { ...facts, profile: facts.profile && { ...common, ...facts.profile } };
    assertIncludes(decide(whole, path, now), gate, rule);
  });
}

test("what is not the gate's facts decides nothing and throws nothing", () => {
  for (const facts of ["", "{", null, undefined, 7, [], {}, { session: "yes" }, { session: "valid", profile: {} }, () => 1]) {
    const result = rules.decideGate(facts, "/dashboard", "2026-02-10T00:00:00Z");
    assert.equal(result.ok, false);
    assert.equal(result.problem.code, "facts_invalid");
  }
  for (const now of ["", "soon", null, undefined, 7]) {
    const result = rules.decideGate({ session: "valid", profile: null }, "/plans", now);
    assert.equal(result.problem?.code, "time_invalid", String(now));
  }
  for (const path of [null, undefined, 7, {}, "", "\ud800"]) {
    const result = rules.decideGate({ session: "missing", profile: null }, path, "2026-02-10T00:00:00Z");
    assert.equal(result.gate.decision.kind, "redirect");
  }
});

test("a sign-in page leads to a page of this site and never in a circle", () => {
  assert.equal(rules.landing("/moves/12?tab=2"), "/moves/12");
  for (const redirect of [null, undefined, "", "//evil.example", "/\\evil.example", "https://evil.example", "/signin", "/signout", "/auth/callback"])
    assert.equal(rules.landing(redirect), "/dashboard", String(redirect));
});
