// Which merges the browser's table keeps, so that it never counts too few tokens.
//
// Byte-pair encoding applies the merges in the order of their ranks. Leaving merges out keeps the count from falling below
// the truth if every merge that is kept finds its two parts free whenever they stand side by side: then the tokens of the
// full table are unions of the subset's, so there are no more of them. For that, a kept merge (l, r) needs
//   - its own parts,
//   - each lower merge (x, l) and (r, y) that can take one of its parts away, in the text x·l·r or l·r·y.
// A set that has these for each of its merges is closed. The lowest N ranks are closed; `close` adds what other tokens need.

/** Merges from 0 to this rank are all kept. */
export const LOWEST = 18_432;
/** A token of punctuation is kept if it needs no more than this many merges that would otherwise be left out. */
const MOST_FOR_A_SIGN = 8;

/** The kept tokens, in the order of their ranks: the lowest, and what scripts of India, emoji and typography use. */
export function chooseMerges(tokens) {
  const merges = tokens.filter((token) => token.left !== undefined);
  const lowest = new Set(merges.filter((token) => token.rank < LOWEST));
  const users = { left: group(merges, "left"), right: group(merges, "right") };
  // UTF-8 begins the scripts of India with e0, emoji with f0, and typographic signs with e2.
  const wanted = merges.filter((token) => /[\xe0\xf0]/.test(token.bytes));
  const signs = merges.filter((token) => token.bytes.includes("\xe2") && !lowest.has(token))
    .filter((token) => close(lowest, [token], users, MOST_FOR_A_SIGN) !== undefined);
  const kept = close(lowest, [...wanted, ...signs], users, Infinity);
  return merges.filter((token) => kept.has(token));
}

function group(merges, side) {
  const groups = new Map();
  for (const token of merges) {
    if (!groups.has(token[side])) groups.set(token[side], []);
    groups.get(token[side]).push(token);
  }
  return groups;
}

/** The smallest closed set that contains `base`, which is closed, and `seeds`; undefined if it needs more than `most` more. */
function close(base, seeds, users, most) {
  const added = new Set();
  const open = [];
  const add = (token) => {
    if (token.left === undefined || base.has(token) || added.has(token)) return;
    added.add(token);
    open.push(token);
  };
  seeds.forEach(add);
  for (let token = open.pop(); token !== undefined; token = open.pop()) {
    const { rank, left, right } = token;
    add(left);
    add(right);
    for (const rival of users.right.get(left) ?? []) {
      if (rival.rank < rank && isPossible(rival.bytes + right.bytes)) add(rival);
    }
    for (const rival of users.left.get(right) ?? []) {
      if (rival.rank < rank && isPossible(left.bytes + rival.bytes)) add(rival);
    }
    if (added.size > most) return undefined;
  }
  return new Set([...base, ...added]);
}

/** False only if the pattern of cl100k never leaves these bytes in one piece, in any text. */
function isPossible(bytes) {
  const whole = wholeCharacters(bytes);
  if (whole === undefined) return false;
  const { text, isCutBefore } = whole;
  const characters = [...text];
  const isLetter = (character) => /\p{L}/u.test(character);
  if (/^[\s\u0085]*$/u.test(text) || /[\u0085\ufeff]/u.test(text)) return true;
  if (/\p{N}/u.test(text)) return /^\p{N}{1,3}$/u.test(text);
  if (characters.some(isLetter)) {
    const letters = isCutBefore ? characters : characters.slice(1);
    return letters.every(isLetter) && (isCutBefore || !/^[\r\n]/.test(text));
  }
  return (isCutBefore ? /^\S*[\r\n]*$/u : /^ ?\S*[\r\n]*$/u).test(text);
}

/** The characters that stand whole in the bytes; undefined if no UTF-8 contains these bytes. */
function wholeCharacters(bytes) {
  const at = (n) => bytes.charCodeAt(n);
  const isContinuation = (n) => n < bytes.length && (at(n) & 0xc0) === 0x80;
  let start = 0;
  while (start < 3 && isContinuation(start)) start += 1;
  let end = start;
  while (end < bytes.length) {
    const length = lengthOf(at(end));
    if (length === undefined) return undefined;
    let next = end + 1;
    while (next < end + length && isContinuation(next)) next += 1;
    if (next < end + length) {
      if (next < bytes.length) return undefined;
      break;
    }
    end = next;
  }
  return { text: Buffer.from(bytes.slice(start, end), "latin1").toString("utf8"), isCutBefore: start > 0 };
}

/** How many bytes a character has by its first. */
function lengthOf(byte) {
  if (byte < 0x80) return 1;
  if (byte >= 0xc2 && byte < 0xe0) return 2;
  if (byte >= 0xe0 && byte < 0xf0) return 3;
  return byte >= 0xf0 && byte < 0xf5 ? 4 : undefined;
}
