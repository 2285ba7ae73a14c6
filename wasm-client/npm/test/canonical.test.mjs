// RFC 8785's vectors in JavaScript: written by ten lines that share nothing with the core, and proved through the
// package, whose checksum is that of the canonical text.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { init, verifyManifest } from "@gatehouse/wasm-client/manifest";

await init();

function cases(file) {
  const path = new URL(`../../../tests/contract/canonical/${file}`, import.meta.url);
  return JSON.parse(readFileSync(path, "utf8")).cases;
}

/** Strings and numbers are written as RFC 8785 asks by JSON.stringify; sort() goes by UTF-16 code units. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
  return `{${members.join(",")}}`;
}

/** Whether the package finds the checksum of `text` for the content that is written `input`. */
function packageAgrees(input, text) {
  const checksum = createHash("sha256").update(text, "utf8").digest("hex");
  const manifest = {
    version: 1,
    generated_at: "2026-01-01T00:00:00.000Z",
    confirmed_at: "2026-01-01T00:00:00.000Z",
    checksum,
    source: "import",
    meta: { token_estimate: 1, dropped: [], missing: [] },
  };
  return verifyManifest(`${JSON.stringify(manifest).slice(0, -1)},"content":${input}}`).ok;
}

for (const { name, input, canonical: text } of cases("documents.json")) {
  test(`canonical: ${name}`, () => {
    assert.equal(canonical(JSON.parse(input)), text);
    assert.ok(packageAgrees(input, text));
    assert.ok(!packageAgrees(input, `${text} `), "another text has another checksum");
  });
}

test("canonical: the doubles of appendix B", () => {
  const view = new DataView(new ArrayBuffer(8));
  const doubles = cases("numbers.json");
  for (const { bits, text } of doubles) {
    view.setBigUint64(0, BigInt(`0x${bits}`));
    const value = view.getFloat64(0);
    assert.equal(canonical(value), text, bits);
    // Seventeen digits name every double.
    assert.ok(packageAgrees(`[${value.toExponential(16)}]`, `[${text}]`), bits);
  }
  assert.equal(doubles.length, 24);
});
