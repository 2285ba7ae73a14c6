import type { Answer, ContextSource, FieldId, Suggestion, SuggestionState, Suggestions, Written } from "@gatehouse/wasm-client";

import { type Result, type ResponseText, call } from "./worker.ts";

/** The answers that the manifest is made from, and the ETag that an edit must name. */
export interface Source {
  answers: Record<string, Answer>;
  tag: string;
}

async function parseJson<T>(response: Promise<Result<ResponseText>>): Promise<Result<T>> {
  const got = await response;
  return got.ok ? { ok: true, value: JSON.parse(got.value.text) as T } : got;
}

/** The current answers; `null` before the first manifest. */
export async function fetchSource(token: string, workspaceId: string): Promise<Result<Source | null>> {
  const got = await call("/context/source", token, { headers: { "X-Workspace-Id": workspaceId } });
  if (!got.ok) return got.problem.code === "manifest_not_found" ? { ok: true, value: null } : got;
  const { answers } = JSON.parse(got.value.text) as ContextSource;
  return { ok: true, value: { answers, tag: got.value.etag ?? "" } };
}

/** Replaces all answers if their ETag is still `tag`, and rebuilds the manifest. Safe to repeat. */
export function saveAnswers(token: string, workspaceId: string, { answers, tag }: Source): Promise<Result<Written>> {
  const headers = { "Content-Type": "application/json", "X-Workspace-Id": workspaceId, "If-Match": tag };
  return parseJson(call("/context/source", token, { method: "PUT", headers, body: JSON.stringify({ answers }) }));
}

/** The open suggestions: neither accepted nor dismissed. */
export async function fetchSuggestions(token: string, workspaceId: string): Promise<Result<Suggestion[]>> {
  const got = await parseJson<Suggestions>(call("/context/suggestions", token, { headers: { "X-Workspace-Id": workspaceId } }));
  return got.ok ? { ok: true, value: got.value.suggestions } : got;
}

/** Asks a model about one field. Safe to repeat with the same `key`: the model is asked once. */
export async function askSuggestion(token: string, workspaceId: string, key: string, field: FieldId): Promise<Result<Suggestion[]>> {
  const headers = { "Content-Type": "application/json", "X-Workspace-Id": workspaceId, "Idempotency-Key": key };
  const body = JSON.stringify({ fields: [field] });
  const got = await parseJson<Suggestions>(call("/context/suggestions", token, { method: "POST", headers, body }));
  return got.ok ? { ok: true, value: got.value.suggestions } : got;
}

/** Marks a suggestion accepted or dismissed. Changes no answer. */
export function decideSuggestion(token: string, workspaceId: string, id: string, state: SuggestionState): Promise<Result<Suggestion>> {
  const headers = { "Content-Type": "application/json", "X-Workspace-Id": workspaceId };
  return parseJson(call(`/context/suggestions/${encodeURIComponent(id)}`, token, { method: "PATCH", headers, body: JSON.stringify({ state }) }));
}
