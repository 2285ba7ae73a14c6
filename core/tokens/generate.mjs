// Writes the two tables of core/src/tokens: cl100k.table with all merges, cl100k_at_most.table with those that the browser
// package carries (subset.mjs). core/src/tokens/table.rs reads them and explains the format.
// Run it after a change: node core/tokens/generate.mjs
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chooseMerges } from "./subset.mjs";
import { readVocabulary } from "./vocabulary.mjs";

/** The contents of both files, by their names. */
export function tables() {
  const tokens = readVocabulary();
  const classes = classRuns();
  return new Map([
    ["cl100k.table", encode(tokens.filter((token) => token.left !== undefined), classes)],
    ["cl100k_at_most.table", encode(chooseMerges(tokens), classes)],
  ]);
}

/**
 * Merges in levels: no merge of a level can take a part from another of the same level, so their order within the level
 * means nothing, and sorting them there makes the file a third smaller than ranks would.
 */
function levelsOf(merges) {
  const level = new Map();
  const asLeft = new Map();
  const asRight = new Map();
  const levels = [];
  for (const token of merges) {
    const { left, right } = token;
    const before = [level.get(left), level.get(right), asRight.get(left), asLeft.get(right)];
    const own = Math.max(-1, ...before.filter((value) => value !== undefined)) + 1;
    level.set(token, own);
    asLeft.set(left, Math.max(own, asLeft.get(left) ?? 0));
    asRight.set(right, Math.max(own, asRight.get(right) ?? 0));
    (levels[own] ??= []).push(token);
  }
  return levels;
}

function encode(merges, classes) {
  const levels = levelsOf(merges);
  // A byte is its own number; the merges follow in their order in the file.
  const numbers = new Map();
  const number = (token) => numbers.get(token) ?? token.bytes.charCodeAt(0);
  for (const level of levels) {
    level.sort((a, b) => number(a.right) - number(b.right) || number(a.left) - number(b.left));
    for (const token of level) numbers.set(token, 256 + numbers.size);
  }
  const sorted = levels.flat();
  const parts = (side) => [...new Set(sorted.map((token) => number(token[side])))].sort((a, b) => a - b);
  const [lefts, rights] = [parts("left"), parts("right")];
  const places = (list) => new Map(list.map((value, place) => [value, place]));
  const [leftPlaces, rightPlaces] = [places(lefts), places(rights)];
  const rightSteps = levels.flatMap((level) => {
    let last = 0;
    return level.map((token) => {
      const place = rightPlaces.get(number(token.right));
      const step = place - last;
      last = place;
      return step;
    });
  });
  const left = sorted.map((token) => leftPlaces.get(number(token.left)));
  const head = Buffer.alloc(8);
  head.writeUInt32LE(sorted.length, 0);
  head.writeUInt16LE(classes.length, 4);
  head.writeUInt16LE(levels.length, 6);
  return Buffer.concat([
    head,
    varints(classes),
    varints(levels.map((level) => level.length)),
    bits(lefts, 256 + sorted.length),
    bits(rights, 256 + sorted.length),
    Buffer.from(left.map((place) => place & 255)),
    Buffer.from(left.map((place) => place >> 8)),
    varints(rightSteps),
  ]);
}

/** Runs of characters of one class from U+0000 on, each as its length times 4 plus the class. */
function classRuns() {
  // White_Space, which cl100k means by \s, has U+0085 and has not U+FEFF; JavaScript's \s is the other way round.
  const classes = [/\p{L}/u, /\p{N}/u, /\p{White_Space}/u];
  const runs = [];
  let end = 0;
  for (let code = 0; code <= 0x10ffff; code += 1) {
    const own = classes.findIndex((pattern) => pattern.test(String.fromCodePoint(code))) + 1;
    const last = runs.at(-1);
    if (last?.own === own) last.length += 1;
    else runs.push({ own, length: 1 });
    if (own > 0) end = runs.length;
  }
  return runs.slice(0, end).map(({ own, length }) => length * 4 + own);
}

function varints(values) {
  const bytes = [];
  for (let value of values) {
    for (; value > 127; value >>= 7) bytes.push((value & 127) | 128);
    bytes.push(value);
  }
  return Buffer.from(bytes);
}

function bits(places, length) {
  const bytes = Buffer.alloc(Math.ceil(length / 8));
  for (const place of places) bytes[place >> 3] |= 1 << (place & 7);
  return bytes;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, bytes] of tables()) {
    writeFileSync(new URL(`../src/tokens/${name}`, import.meta.url), bytes);
    console.log(`${name}: ${bytes.length} bytes`);
  }
}
