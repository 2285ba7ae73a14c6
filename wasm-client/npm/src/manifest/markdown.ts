// Core renders and verifies Markdown exports too (core/src/context/export.rs), but in the browser its tables of letters and
// its searches would make the module 11 KB larger after gzip. A test holds this against core's golden export.

/** A Markdown export: the manifest that it states as JSON text, and its text. */
export interface MarkdownExport {
  manifest: string;
  /** The first line in which the text for people disagrees with the content, counted from 1; 0 when none does. */
  changedLine: number;
}

const OPEN = "\n```json\n";
const CLOSE = "\n```\n";
const HEAD = /^# Business Context Manifest\n\nVersion (\d+) of (\S+), from (\w+)\.\nWorkspace (.*)\.\n/;
const END = /^SHA-256 of the canonical content: `([0-9a-f]{64})`$/;
/** The order of the sections; any other section comes last. */
const SECTIONS = ["foundation", "icps", "competitive", "messaging", "channels", "market", "facts", "guardrails"];

/** Reads a Markdown export; `undefined` for any other text. Nothing is verified yet. */
export function readMarkdown(file: string): MarkdownExport | undefined {
  // Editors may add a byte order mark and change line ends; neither changes the content.
  const text = file.replace(/^\ufeff/, "").replace(/\r\n/g, "\n");
  const head = HEAD.exec(text);
  const begin = text.lastIndexOf(OPEN) + OPEN.length;
  const end = text.indexOf(CLOSE, begin);
  const checksum = END.exec(text.slice(end + CLOSE.length).trim())?.[1];
  if (!head || begin < OPEN.length || end < 0 || !checksum) return undefined;
  const canonical = text.slice(begin, end);
  let content: unknown;
  try {
    content = JSON.parse(canonical);
  } catch {
    return undefined;
  }
  const [first, version, generated_at, source, workspace_id] = head;
  const claims = { workspace_id, generated_at, confirmed_at: generated_at, source, checksum, meta: { token_estimate: 0, dropped: [], missing: [] } };
  // The content as it stands: what a parser would take for two members must reach core, which refuses it.
  const manifest = `{"version":${version},"content":${canonical},${JSON.stringify(claims).slice(1)}`;
  const expected = `${first}${sections(content)}
---

The content in its canonical form (RFC 8785), from which all of this can be verified:
${OPEN}${canonical}${CLOSE}
SHA-256 of the canonical content: \`${checksum}\``.split("\n");
  const lines = text.trimEnd().split("\n");
  const length = Math.max(lines.length, expected.length);
  const changed = Array.from({ length }, (_, at) => lines[at] === expected[at]).indexOf(false);
  return { manifest, changedLine: changed + 1 };
}

function sections(content: unknown): string {
  const place = (name: string) => (SECTIONS.includes(name) ? SECTIONS.indexOf(name) : SECTIONS.length);
  const sorted = Object.entries(content ?? {}).sort(([one], [other]) => place(one) - place(other));
  return sorted.map(([name, section]) => `\n## ${heading(name)}\n\n${block(section, "")}`).join("");
}

function heading(name: string): string {
  if (name === "icps") return "Ideal customers";
  const [first = "", ...rest] = name.replace(/_/g, " ");
  return first.toUpperCase() + rest.join("");
}

function block(value: unknown, indent: string): string {
  if (Array.isArray(value)) return value.map((item) => (isScalar(item) ? `${indent}- ${line(item)}\n` : `${block(item, indent)}\n`)).join("");
  if (isScalar(value)) return `${indent}${line(value)}\n`;
  const members = Object.entries(value as object).map(([name, member]) =>
    isScalar(member) ? `${indent}- ${heading(name)}: ${line(member)}\n` : `${indent}- ${heading(name)}:\n${block(member, `${indent}  `)}`,
  );
  return members.join("");
}

function isScalar(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

/** A value as one line of plain text, with HTML and Markdown escaped. */
function line(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const words = text.split(/\p{White_Space}+/u).filter(Boolean).join(" ");
  return words.replace(/</g, "&lt;").replace(/[\\`*_[\]#|]/g, "\\$&");
}
