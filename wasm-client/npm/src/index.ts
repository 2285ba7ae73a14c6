/**
 * The rules of Gatehouse in JavaScript: the compiled core that the Worker runs, so a form and the Worker's
 * refusal can never disagree. Call {@link init} once before anything else.
 *
 * @packageDocumentation
 */
import load, * as wasm from "../wasm/index.js";
import type { GateFacts } from "./generated/api.js";
import type { FieldId, StepId } from "./generated/fields.js";
import type {
  Checked,
  CheckedField,
  FreshnessResult,
  GateResult,
  Judged,
  Preview,
  SchemaName,
  Verified,
} from "./types.js";

export * from "./generated/catalogue.js";
export * from "./generated/fields.js";
export * from "./generated/vocabulary.js";
export type * from "./generated/api.js";
export type * from "./generated/context.js";
export type * from "./types.js";

/** Where the compiled module comes from: its address, a response, its bytes, or the module itself. */
export type InitSource = string | URL | Request | Response | BufferSource | WebAssembly.Module;

let loading: Promise<void> | undefined;
let ready = false;

/**
 * Loads the compiled module; further calls wait for the first. A failed load is not remembered, so that a
 * page that lost the network can call again.
 *
 * @param source Where the module is. A web app serves the file `@gatehouse/wasm-client/wasm` itself and passes
 *   its address: bundlers disagree on what they do with an imported `.wasm`.
 * @throws when the module cannot be fetched or compiled.
 */
export function init(source: InitSource): Promise<void> {
  if (ready) return Promise.resolve();
  loading ??= load({ module_or_path: source })
    .then(() => {
      ready = true;
    })
    .finally(() => {
      loading = undefined;
    });
  return loading;
}

/**
 * Loads the compiled module from its bytes at once, as Node and Workers can.
 *
 * @param module The bytes of `@gatehouse/wasm-client/wasm`, or the compiled module.
 * @throws when the bytes are no such module.
 */
export function initSync(module: BufferSource | WebAssembly.Module): void {
  if (ready) return;
  wasm.initSync({ module });
  ready = true;
}

/** Whether the module is loaded. */
export function isReady(): boolean {
  return ready;
}

/**
 * Checks the answers of one step, as a form does before it moves on.
 *
 * @param step The step's id.
 * @param answers The step's answers, or their JSON text.
 */
export function validateStep(step: StepId, answers: unknown): Checked {
  return loaded().validateStep(text(step), json(answers)) as Checked;
}

/**
 * Checks all answers of a finished onboarding.
 *
 * @param answers All answers, or their JSON text.
 */
export function validateAnswers(answers: unknown): Checked {
  return loaded().validateAnswers(json(answers)) as Checked;
}

/**
 * Checks one answer alone, as at a keystroke; an empty one is no fault here.
 *
 * @param field The question's id.
 * @param answer What was typed.
 */
export function validateField(field: FieldId, answer: unknown): CheckedField {
  // A text is an answer here and not JSON text, unlike everywhere else.
  return loaded().validateField(text(field), typeof answer === "string" ? JSON.stringify(answer) : json(answer)) as CheckedField;
}

/**
 * Holds a whole document against a schema. Nothing is trimmed or split: a schema describes what is kept.
 *
 * @param schema The schema's name.
 * @param document The document: its JSON text or, fastest, its bytes.
 */
export function validateDocument(schema: SchemaName, document: unknown): Judged {
  const name = text(schema);
  if (document instanceof Uint8Array) return loaded().validateDocumentBytes(name, document) as Judged;
  return loaded().validateDocument(name, json(document)) as Judged;
}

/** Counts a text as the length rules do: Unicode characters without the white space around them. */
export function countCharacters(value: string): number {
  return loaded().countCharacters(text(value));
}

/**
 * Judges the age of a manifest.
 *
 * @param confirmedAt The manifest's `confirmed_at`; `null` when there is no manifest.
 * @param nowMs The current time in milliseconds since 1970.
 */
export function freshness(confirmedAt: string | null, nowMs: number): FreshnessResult {
  return loaded().freshness(confirmedAt === null ? undefined : text(confirmedAt), nowMs) as FreshnessResult;
}

/**
 * Holds a manifest's content against the checksum that it claims, without asking anybody.
 *
 * @param manifest The manifest as the Worker sent it; JSON text is the exact and faster form.
 */
export function verifyManifest(manifest: unknown): Verified {
  return loaded().verifyManifest(json(manifest)) as Verified;
}

/**
 * Shows the manifest that the answers so far would make. Unanswered questions are listed, not refused.
 *
 * @param answers The answers so far, or their JSON text.
 * @param nowMs The current time in milliseconds since 1970.
 */
export function reducePreview(answers: unknown, nowMs: number): Preview {
  const result = loaded().reducePreview(json(answers), nowMs);
  if (result.ok !== true) return result as Preview;
  const { canonical, ...rest } = result;
  return { ...rest, content: JSON.parse(canonical) } as Preview;
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
  return loaded().decideGate(json(facts), text(path), text(nowIso)) as GateResult;
}

/**
 * Where a sign-in page sends people afterwards: the page of this site that its `redirect` names, or the dashboard.
 * Never another site, and never a page that leads back to signing in or out.
 *
 * @param redirect The decoded `redirect` parameter; `null` when there is none.
 */
export function landing(redirect: string | null): string {
  return loaded().landing(redirect === null ? "" : text(redirect));
}

function loaded(): typeof wasm {
  if (!ready) throw new Error("The rules are not loaded yet: await init() once before the first call.");
  return wasm;
}

/** What is no text becomes a text that no rule accepts, so that the answer names it. */
function text(value: unknown): string {
  return typeof value === "string" ? value : String(value);
}

/** JSON text of a value; text passes as it is. What has no JSON becomes text that is refused with a sentence. */
function json(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "";
  }
}
