// Texts cross through one buffer in the module's memory: any number of them, of any size, in any order.
import assert from "node:assert/strict";
import { test } from "node:test";

import { countCharacters, init, mergeSession, validateContext, validateStep } from "@gatehouse/wasm-client/forms";
import { forms } from "../dist/forms/module.js";

await init();
const long = (megabytes) => "चाय ".repeat(Math.ceil((megabytes * 1_000_000) / 10));

test("documents of megabytes again and again need no more memory than the first did", () => {
  const document = JSON.stringify({ version: long(5), faults: Array.from({ length: 50_000 }, (_, at) => ({ [`name ${at}`]: at })) });
  const bytes = new TextEncoder().encode(document);
  const run = () => {
    assert.equal(validateContext(document).ok, false);
    assert.equal(validateContext(bytes).ok, false);
    assert.equal(mergeSession("{}", { company_name: long(1) }, "{}").ok, false);
  };
  run();
  run();
  const before = forms.rules.memory.buffer.byteLength;
  for (let at = 0; at < 20; at += 1) run();
  assert.equal(forms.rules.memory.buffer.byteLength, before);
});

test("arguments of every length arrive whole, whatever was there before", () => {
  for (const length of [3, 0, 400_000, 1, 349_999, 350_001, 20_000, 5]) {
    assert.equal(countCharacters("च".repeat(length)), length);
    assert.equal(countCharacters("🍵".repeat(length)), length);
  }
});

test("an empty text arrives after the memory has grown", () => {
  const before = forms.rules.memory.buffer;
  assert.equal(validateContext(JSON.stringify(long(40))).ok, false);
  assert.notEqual(forms.rules.memory.buffer, before);
  assert.equal(countCharacters(""), 0);
  assert.equal(validateStep("", "").errors[0].code, "unknown_step");
});

test("an answer longer than its question is read whole", () => {
  // 26 letters more for each name: what is wrong with it.
  const unknown = Object.fromEntries(Array.from({ length: 999 }, (_, at) => [`name ${at}`, at]));
  const { ok, errors } = validateStep("company", unknown);
  assert.equal(ok, false);
  assert.equal(errors.filter(({ code }) => code === "unknown_field").length, 999);
});
