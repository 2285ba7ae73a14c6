// What forms and their libraries pass, and what they need back: FormData, nothing saved yet, paths, Standard Schema.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as rules from "@gatehouse/wasm-client";
import { init as initForms, isReady } from "@gatehouse/wasm-client/forms";
import { init as initManifest } from "@gatehouse/wasm-client/manifest";
import { answersSchema, businessContextSchema, stepSchema } from "@gatehouse/wasm-client/schema";

const validate = (schema, value) => schema["~standard"].validate(value);

// First in this file: afterwards the rules are loaded.
test("a Standard Schema loads the rules by itself, and then answers at once", async () => {
  assert.equal(isReady(), false);
  const pending = validate(stepSchema("voice"), { brand_tone: " Warm \nwarm" });
  assert.ok(pending instanceof Promise);
  assert.deepEqual(await pending, { value: { brand_tone: ["Warm"] } });
  assert.deepEqual(validate(stepSchema("voice"), { brand_tone: "Warm" }), { value: { brand_tone: ["Warm"] } });
  await Promise.all([initForms(), initManifest()]);
});

test("a Standard Schema names each fault by sentence and path", () => {
  const { version, vendor } = stepSchema("company")["~standard"];
  assert.deepEqual([version, vendor], [1, "gatehouse"]);
  const { issues } = validate(stepSchema("company"), { company_website: "chaya", industry: "Tea" });
  assert.deepEqual(issues.map(({ path }) => path.join(".")).toSorted(), ["business_stage", "company_description", "company_name", "company_website"]);
  assert.ok(issues.every(({ message }) => message.length > 0));
  assert.equal(validate(answersSchema, {}).issues.length, 16);
  for (const none of [undefined, null, 7, [], () => 1]) assert.equal(validate(stepSchema("company"), none).issues[0].path.length, 0);
});

test("a business context passes as it came, and only as an object", () => {
  const { context } = rules.buildContext({ company_name: "चाय" }, "", 0);
  assert.equal(validate(businessContextSchema, context).value, context);
  context.intelligence.facts = [{ id: "a", label: "b", value: 7 }];
  assert.deepEqual(validate(businessContextSchema, context).issues.map(({ path }) => path), [["intelligence", "facts", 0, "value"]]);
  for (const other of [JSON.stringify(context), new TextEncoder().encode("{}"), null, undefined]) assert.ok(validate(businessContextSchema, other).issues);
});

test("a form's data is read: one text, the same name several times, and what React adds", () => {
  const form = new FormData();
  form.append("$ACTION_ID_7f", "");
  form.append("brand_tone", "Warm\r\nClear");
  form.append("banned_phrases", "best");
  form.append("banned_phrases", "cheapest");
  const answers = { brand_tone: ["Warm", "Clear"], banned_phrases: ["best", "cheapest"] };
  assert.deepEqual(rules.validateStep("voice", form), { ok: true, answers });
  assert.deepEqual(rules.reduce(form, 0), rules.reduce(answers, 0));
  assert.equal(rules.progress(form).answered, 1);
  const file = new FormData();
  file.append("brand_tone", new File(["x"], "x.txt"));
  assert.deepEqual(rules.validateStep("voice", file).errors[0].path, ["brand_tone"]);
});

test("nothing saved yet is nothing", () => {
  const merged = { ok: true, merged: true, answers: { industry: "Tea" }, changed: ["industry"] };
  for (const none of [undefined, null]) {
    assert.deepEqual(rules.mergeSession(none, { industry: "Tea" }, none), merged);
    assert.deepEqual(rules.freshness(none, 0), { ok: true, view: rules.freshness(null, 0).view });
  }
  assert.equal(rules.freshness(undefined, 0).view.freshness, "missing");
});

test("every error has its path: names, and positions behind them", () => {
  assert.deepEqual(rules.validateStep("company", { 7: "x", "a/b~c": "y" }).errors.filter(({ code }) => code === "unknown_field").map(({ path }) => path), [["7"], ["a/b~c"]]);
  assert.deepEqual(rules.validateField("company_website", "chaya").errors[0].path, ["company_website"]);
  assert.deepEqual(rules.reduce({ industry: 7 }, 0).problem.errors[0].path, ["industry"]);
  assert.deepEqual(rules.validateDocument("voice", { brand_tone: ["Warm", 7] }).errors[0].path, ["brand_tone", 1]);
});
