import type { GateFacts } from "../generated/api.js";
import type { FieldId, StepId } from "../generated/fields.js";
import type {
  Checked,
  CheckedField,
  CompleteAnswers,
  FieldAnswer,
  FreshnessResult,
  GateResult,
  Judged,
  MergeResult,
  PollResult,
  ProgressResult,
  SchemaName,
  StepAnswers,
  Violation,
} from "../types.js";
import { bytes, json, text } from "../input.js";
import { addPaths, parse } from "../response.js";
import { forms } from "./module.js";

/**
 * Checks the answers of one step, as a form does before it moves on.
 *
 * @param step The step's id.
 * @param answers The step's answers, their JSON text, or the `FormData` of their form.
 */
export function validateStep<S extends StepId>(step: S, answers: unknown): Checked<StepAnswers<S>> {
  return parse(forms.call("validateStep", [text(step), json(answers)]));
}

/**
 * Checks all answers of a finished onboarding.
 *
 * @param answers All answers, their JSON text, or the `FormData` of their form.
 */
export function validateAnswers(answers: unknown): Checked<CompleteAnswers> {
  return parse(forms.call("validateAnswers", [json(answers)]));
}

/**
 * Checks one answer alone, as at a keystroke; an empty one, `null` or `undefined` is no fault here. Only this answer crosses into the module,
 * so it costs a few microseconds however long the form is.
 *
 * @param field The question's id.
 * @param answer What was typed.
 */
export function validateField<F extends FieldId>(field: F, answer: unknown): CheckedField<FieldAnswer<F>> {
  // A text is an answer here and not JSON text, unlike everywhere else.
  const given = typeof answer === "string" ? JSON.stringify(answer) : json(answer ?? null);
  return parse(forms.call("validateField", [text(field), given]));
}

/**
 * Holds a whole document against a schema. Nothing is trimmed or split: a schema describes what is kept.
 *
 * @param schema The schema's name.
 * @param document The document: its JSON text or, fastest, its UTF-8 bytes (an `ArrayBuffer` or any view of one).
 */
export function validateDocument(schema: SchemaName, document: unknown): Judged {
  const call = (given: string | Uint8Array, isText: number) => forms.call("validateDocument", [given, text(schema)], isText);
  // Looking for half a character in every text takes as long as half of the check, so only a doubtful one is looked through.
  let found = typeof document === "string" ? call(document, 1) : "?";
  if (found === "?") found = call(bytes(document) ?? json(document), 0);
  if (found === "") return { ok: true, errors: [] };
  const errors = JSON.parse(found) as [Violation, ...Violation[]];
  addPaths(errors, "");
  return { ok: false, errors };
}

/**
 * Holds a business context (`business_context.json`, schema 2.x) against its schema.
 *
 * @param context The document: its JSON text or, fastest, its UTF-8 bytes (an `ArrayBuffer` or any view of one).
 */
export function validateContext(context: unknown): Judged {
  return validateDocument("business_context", context);
}

/**
 * How far an onboarding is. An answer that is not good counts as none.
 *
 * @param answers The answers so far, their JSON text, or the `FormData` of their form.
 */
export function progress(answers: unknown): ProgressResult {
  return parse(forms.call("progress", [json(answers)]));
}

/**
 * Merges this tab's answers into those that another tab saved meanwhile, as the Worker does. Different fields never
 * conflict; a field that both changed is asked about once, with every copy.
 *
 * @param base What this tab had loaded or saved last; `undefined` or `null` for nothing.
 * @param mine This tab's answers: every field that it knows, `null` for one that was emptied.
 * @param theirs The saved answers now, such as the `current` of a 412; `undefined` or `null` for none.
 */
export function mergeSession(base: unknown, mine: unknown, theirs: unknown): MergeResult {
  return parse(forms.call("mergeSession", [json(base ?? {}), json(mine), json(theirs ?? {})]));
}

/** Counts a text as the length rules do: Unicode characters without the white space around them. */
export function countCharacters(value: string): number {
  return Number(forms.call("countCharacters", [text(value)]));
}

/**
 * Judges the age of a manifest.
 *
 * @param confirmedAt The manifest's `confirmed_at`; `null` or `undefined` when there is no manifest.
 * @param nowMs The current time in milliseconds since 1970.
 */
export function freshness(confirmedAt: string | null | undefined, nowMs: number): FreshnessResult {
  return parse(forms.call("freshness", [text(confirmedAt)], confirmedAt == null ? 0 : 1, nowMs));
}

/**
 * When a page may ask about a pending payment again, on PhonePe's schedule.
 *
 * @param createdAt The order's `created_at`.
 * @param expiresAt The order's `expires_at`.
 * @param nowMs The current time in milliseconds since 1970.
 */
export function nextPoll(createdAt: string, expiresAt: string, nowMs: number): PollResult {
  return parse(forms.call("nextPoll", [text(createdAt), text(expiresAt)], nowMs));
}

/**
 * An amount for people, grouped as in India, such as `₹1,00,000` or `₹499.50`.
 *
 * @param paise Whole paise; anything else gives an empty text.
 */
export function formatMoney(paise: number): string {
  return forms.call("formatMoney", [], paise);
}

/**
 * Decides about a page, as the Worker does: one call of `GET /auth/gate` gives the facts, and every further page is
 * judged from them here. Branch on `gate.decision.kind`: `allow`, `redirect` (with `to`) or `interstitial`. When `ok`
 * is false nothing was decided: keep the page closed.
 *
 * @param facts The `facts` that `GET /auth/gate` sent, or their JSON text. Ask the Worker again once they are old.
 * @param path The page's path, such as `location.pathname`.
 * @param nowIso The current time, RFC 3339, such as `new Date().toISOString()`.
 */
export function decideGate(facts: GateFacts | string, path: string, nowIso: string): GateResult {
  return parse(forms.call("decideGate", [json(facts), text(path), text(nowIso)]));
}

/**
 * Where a sign-in page sends people afterwards: the page of this site that its `redirect` names, or the dashboard.
 * Never another site, and never a page that leads back to signing in or out.
 *
 * @param redirect The decoded `redirect` parameter; `null` when there is none.
 */
export function landing(redirect: string | null): string {
  return forms.call("landing", [text(redirect)]);
}
