// The counts that the native tests trust, counted again by a true cl100k tokenizer.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { encode } from "gpt-tokenizer/encoding/cl100k_base";

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));

test("every document has the tokens that documents.json says", () => {
  const documents = read("documents.json");
  assert.ok(documents.length >= 200, `${documents.length} documents`);
  for (const { kind, text, tokens } of documents) assert.equal(encode(text).length, tokens, `${kind}: ${text}`);
});
