// Writes documents.json: 220 documents with their true cl100k counts. The sentences at even places make the half that
// calibrates, the others the half that judges, so that no sentence is in both.
// Run it only to change them: node tests/contract/token_counts/generate.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { encode } from "gpt-tokenizer/encoding/cl100k_base";

const bank = JSON.parse(readFileSync(new URL("sentences.json", import.meta.url), "utf8"));

/** A small generator of repeatable numbers (Lehmer, MINSTD). */
let state = 42;
const random = (below) => (state = (state * 48271) % 2147483647) % below;
const pick = (list) => list[random(list.length)];

const letters = [..."ABCDEFGHJKLMNPQRSTUVWXYZ"];
function code() {
  const part = (from, length) => Array.from({ length }, () => pick(from)).join("");
  const hex = [..."0123456789abcdef"];
  return pick([
    () => `SKU-${part(letters, 3)}-${random(90000) + 10000}`,
    () => `${part(letters, 2)}${random(900) + 100}${part(letters, 4)}/${part(letters, 1)}${random(99)}`,
    () => `${part(hex, 8)}-${part(hex, 4)}-4${part(hex, 3)}`,
    () => `#${part(letters, 6)}_${part(letters, 2)}${random(9)}`,
    () => part([...letters, ...hex], 12),
  ])();
}
bank.sku = Array.from({ length: 60 }, () => `${code()}, ${code()} ${code()}`);

const documents = [];
const kinds = [...Object.keys(bank), "mixed"];
for (const kind of kinds) {
  for (let n = 0; n < 22; n += 1) {
    const half = n % 2 === 0 ? "calibrate" : "judge";
    const own = kind === "mixed" ? Object.values(bank).flat() : bank[kind];
    const known = own.filter((_, index) => index % 2 === n % 2);
    const lines = Array.from({ length: 3 + random(8) }, () => pick(known));
    // As prose, and as the canonical text of a manifest's part.
    const text = n % 4 < 2 ? lines.join(" ") : JSON.stringify({ company: lines[0], goals: lines, type: "direct" });
    documents.push({ kind, half, tokens: encode(text).length, text });
  }
}
const list = documents.map((document) => JSON.stringify(document)).join(",\n");
writeFileSync(new URL("documents.json", import.meta.url), `[\n${list}\n]\n`);
