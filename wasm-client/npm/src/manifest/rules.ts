import type { ContextResult, DiffResult, Preview, Verified } from "../types.js";
import { json, text } from "../input.js";
import { parse } from "../response.js";
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
 * Holds a manifest's content against the checksum that it claims, without asking anybody.
 *
 * @param document The manifest as `GET /context/manifest` or a JSON export gives it, or its JSON text.
 */
export function verifyManifest(document: unknown): Verified {
  return parse(manifest.call("verifyManifest", [json(document)]));
}

/**
 * Compares the contents of two manifests: sentences for people, a JSON Patch (RFC 6902) for programs.
 *
 * @param from The earlier manifest's `content`, or its JSON text.
 * @param to The later one's.
 */
export function diff(from: unknown, to: unknown): DiffResult {
  return parse(manifest.call("diff", [json(from), json(to)]));
}
