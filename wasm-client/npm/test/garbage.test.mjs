// Bad data is answered, never thrown.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runInNewContext } from "node:vm";

import * as rules from "@gatehouse/wasm-client";
import * as forms from "@gatehouse/wasm-client/forms";
import * as manifest from "@gatehouse/wasm-client/manifest";

const read = (name) => readFileSync(new URL(import.meta.resolve(`@gatehouse/wasm-client/${name}.wasm`)));
const call = { forms: () => rules.validateStep("company", {}), manifest: () => rules.reduce({}, 0) };
for (const [name, module] of Object.entries({ forms, manifest })) {
  const bytes = read(name);

  test(`${name}: a call before init says what to do`, () => {
    assert.equal(module.isReady(), false);
    assert.throws(call[name], new RegExp(`await init\\(\\) of "@gatehouse/wasm-client/${name}"`));
  });

  test(`${name}: the other module, and what is none, are refused and leave room for the right one`, async () => {
    const other = read(name === "forms" ? "manifest" : "forms");
    const sentence = new RegExp(`pass "@gatehouse/wasm-client/${name}\\.wasm"`);
    await assert.rejects(module.init(other), sentence);
    await assert.rejects(module.init(new Response(other)), sentence);
    await assert.rejects(module.init(await WebAssembly.compile(other)), sentence);
    assert.throws(() => module.initSync(other), sentence);
    // Compiled or read elsewhere, as Next's edge runtime and test runners do it.
    const foreign = runInNewContext("const module = new WebAssembly.Module(other); ({ module, bytes: Uint8Array.from(other) })", { other });
    assert.equal(foreign.module instanceof WebAssembly.Module, false);
    for (const from of [foreign.module, foreign.bytes, foreign.bytes.buffer]) await assert.rejects(module.init(from), sentence);
    assert.throws(() => module.initSync(foreign.module), sentence);
    await assert.rejects(module.init(new Response("", { status: 404 })), /HTTP 404/);
    assert.equal(module.isReady(), false);
  });

  test(`${name}: a failed load is not remembered, and calls at the same time share one load`, async () => {
    await assert.rejects(module.init(new Uint8Array([1, 2, 3])));
    assert.equal(module.isReady(), false);
    await Promise.all([module.init(bytes), module.init(), module.init(bytes)]);
    assert.equal(module.isReady(), true);
    module.initSync(bytes);
    assert.equal(call[name]().ok, name === "manifest");
  });
}

const circular = {};
circular.self = circular;
const garbage = ["", "{", "[]", "null", "7", '"text"', "{}x", '{"a":"\\ud800"', undefined, null, 7, NaN, [], circular, { a: 1n }, () => 1];

const half = '{"a":"\\ud800"}';

test("answers that are no JSON object are refused with one sentence", () => {
  for (const value of garbage) {
    for (const result of [rules.validateStep("company", value), rules.validateAnswers(value)]) {
      assert.equal(result.ok, false);
      assert.equal(result.errors.length, 1);
      assert.equal(result.errors[0].code, "not_an_object");
      assert.match(result.errors[0].message, /JSON object/);
    }
    const preview = rules.reduce(value, 0);
    assert.equal(preview.ok, false);
    assert.equal(preview.problem.code, "answers_invalid");
  }
});

test("what is no manifest is refused", () => {
  for (const value of [...garbage, half, {}, { version: "three" }]) {
    const result = rules.verifyManifest(value);
    assert.equal(result.ok, false);
    assert.equal(result.problem.code, "not_a_manifest");
  }
});

test("an unknown step is refused by name", () => {
  for (const step of ["", "1", "Company", "__proto__", null, undefined, 1]) {
    const result = rules.validateStep(step, {});
    assert.equal(result.ok, false);
    assert.equal(result.errors[0].code, "unknown_step");
  }
});

test("members of Object's prototype are not answers", () => {
  const result = rules.validateStep("voice", '{"brand_tone":["Warm"],"__proto__":"x","constructor":"y"}');
  assert.deepEqual(result.errors.map((error) => error.code), ["unknown_field", "unknown_field"]);
});

test("an unreadable time is refused and does not pass for a missing manifest", () => {
  for (const [confirmed, now] of [["yesterday", 0], ["", 0], [null, NaN], [null, Infinity], [null, 1e300]]) {
    const result = rules.freshness(confirmed, now);
    assert.equal(result.ok, false, `${confirmed} ${now}`);
    assert.equal(result.problem.code, "time_invalid");
  }
});

test("a document of a megabyte and one nested a thousand deep are answered", () => {
  const long = rules.validateStep("company", { company_name: "चाय".repeat(120_000) });
  assert.equal(long.errors[0].code, "too_long");
  const deep = rules.validateStep("company", `${'{"a":'.repeat(1000)}1${"}".repeat(1000)}`);
  assert.equal(deep.errors[0].code, "not_an_object");
});

test("characters are counted as the length rules count them", () => {
  assert.equal(rules.countCharacters("  चाय \n"), 3);
  assert.equal(rules.countCharacters("👩‍🌾"), 3);
  assert.equal(rules.countCharacters(""), 0);
});

test("contents, sessions and times that cannot be read are refused", () => {
  for (const value of [...garbage, half]) {
    assert.equal(rules.diff(value, {}).problem?.code, "not_a_content");
    assert.equal(rules.buildContext(value, "", 0).problem?.code, "answers_invalid");
    assert.equal(rules.progress(value).problem?.code, "answers_invalid");
    // A saved copy that is not there is no garbage.
    const saved = value == null ? [] : [[value, {}, {}], [{}, {}, value]];
    for (const copies of [[{}, value, {}], ...saved])
      assert.equal(rules.mergeSession(...copies).problem?.code, "answers_invalid");
    assert.equal(rules.nextPoll(value, "1970-01-01T00:00:00Z", 0).problem?.code, "time_invalid");
  }
  for (const paise of [0.5, NaN, Infinity, 2 ** 53, undefined]) assert.equal(rules.formatMoney(paise), "");
});
