import type { ContextResult, DiffResult, Preview, Verified } from "../types.js";
import { json, text } from "../input.js";
import { parse } from "../response.js";
import { readMarkdown } from "./markdown.js";
import { manifest } from "./module.js";

/**
 * Makes the business context of the answers so far, as finalize does. Unanswered questions stay empty in it.
 *
 * @param answers The answers so far, their JSON text, or the `FormData` of their form.
 * @param sessionId The onboarding session's id, a text; empty where answers come without one, as is anything else.
 * @param nowMs The current time in milliseconds since 1970.
 */
export function buildContext(answers: unknown, sessionId: string, nowMs: number): ContextResult {
  return parse(manifest.call("buildContext", [json(answers), text(sessionId)], nowMs));
}

/**
 * Shows what the manifest of the answers so far would be, with the tokens that it needs and has. Unanswered questions
 * are listed, not refused.
 *
 * @param answers The answers so far, their JSON text, or the `FormData` of their form.
 * @param nowMs The current time in milliseconds since 1970.
 */
export function reduce(answers: unknown, nowMs: number): Preview {
  return parse(manifest.call("reduce", [json(answers)], nowMs));
}

/**
 * Holds a manifest's content against the checksum that it claims, without asking anybody. That proves the content alone:
 * `unproven` names what anybody could have written beside it.
 *
 * @param document The manifest as `GET /context/manifest` or a JSON export gives it, its JSON text, or the text of a
 * Markdown export, whose text for people must match its content.
 */
export function verifyManifest(document: unknown): Verified {
  const markdown = typeof document === "string" ? readMarkdown(document) : undefined;
  const verified = parse<Verified>(manifest.call("verifyManifest", [markdown?.manifest ?? json(document)]));
  if (!verified.ok) return verified;
  if (markdown?.changedLine) {
    const detail = `The text disagrees with the block of canonical JSON, first in line ${markdown.changedLine}. The block has its checksum: what it says was exported, what the text says was not.`;
    return { ok: false, problem: { code: "text_changed", detail, fix: "Take a new export.", errors: [] } };
  }
  return { ...verified, unproven: UNPROVEN };
}

/** What stands in a manifest beside its content and the checksum of that. */
const UNPROVEN = ["version", "workspace_id", "generated_at", "confirmed_at", "source", "meta"] as const;

/**
 * Compares the contents of two manifests: sentences for people, a JSON Patch (RFC 6902) for programs.
 *
 * @param from The earlier manifest's `content`, or its JSON text.
 * @param to The later one's.
 */
export function diff(from: unknown, to: unknown): DiffResult {
  return parse(manifest.call("diff", [json(from), json(to)]));
}
