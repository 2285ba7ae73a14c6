// The counts that the native tests trust, counted again by a true cl100k tokenizer.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { encode } from "gpt-tokenizer/encoding/cl100k_base";

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));

for (const [name, least] of [["documents.json", 200], ["rare_words.json", 20], ["unseen.json", 100]]) {
  test(`every document has the tokens that ${name} says`, () => {
    const documents = read(name);
    assert.ok(documents.length >= least, `${documents.length} documents`);
    for (const { kind, text, tokens } of documents) assert.equal(encode(text).length, tokens, `${kind}: ${text}`);
  });
}

test("no sentence of the stock stands in a document that the estimate has never seen", () => {
  const unseen = read("unseen.json").map(({ text }) => text).join("\n");
  for (const sentence of Object.values(read("sentences.json")).flat()) assert.ok(!unseen.includes(sentence), sentence);
});
