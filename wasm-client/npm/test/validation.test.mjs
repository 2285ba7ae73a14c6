// The validator's vectors, which native core runs too, run here against the compiled package: as text and as bytes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as rules from "@gatehouse/wasm-client";
import { init as initForms } from "@gatehouse/wasm-client/forms";
import { init as initManifest } from "@gatehouse/wasm-client/manifest";
import { document } from "../../../tests/contract/validation/document.mjs";
import { withoutPaths } from "./support.mjs";

await Promise.all([initForms(), initManifest()]);

for (const file of ["steps", "context", "manifest", "json"]) {
  const vectors = new URL(`../../../tests/contract/validation/${file}.json`, import.meta.url);
  for (const { name, schema, expect, ...source } of JSON.parse(readFileSync(vectors, "utf8")).cases) {
    test(`${file}: ${name}`, () => {
      const text = document(source);
      const judged = { ok: expect.length === 0, errors: expect };
      assert.deepEqual(withoutPaths(rules.validateDocument(schema, text)), judged);
      assert.deepEqual(withoutPaths(rules.validateDocument(schema, new TextEncoder().encode(text))), judged);
    });
  }
}

test("bytes that are no UTF-8 and names that are no schema are refused, not thrown", () => {
  const codes = (judged) => judged.errors.map((error) => error.code);
  assert.deepEqual(codes(rules.validateDocument("manifest", new Uint8Array([0x7b, 0xff]))), ["not_utf8"]);
  assert.deepEqual(codes(rules.validateDocument("companies", "{}")), ["unknown_schema"]);
});

test("one answer is checked alone, as it is typed", () => {
  assert.deepEqual(rules.validateField("brand_tone", " Warm \nwarm"), { ok: true, answer: ["Warm"] });
  assert.deepEqual(rules.validateField("industry", ""), { ok: true, answer: null });
  assert.equal(rules.validateField("company_website", "chaya").errors[0].code, "not_a_url");
  assert.equal(rules.validateField("shoe_size", "44").errors[0].code, "unknown_field");
});
