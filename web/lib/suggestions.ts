import type { Answer, ContextSource, FieldId, Suggestion, SuggestionState, Suggestions, Written } from "@gatehouse/wasm-client";

import { type Answered, type Sent, call } from "./worker.ts";

/** The answers that the manifest is made from, and the tag that an edit of them names. */
export interface Source {
  answers: Record<string, Answer>;
  tag: string;
}

async function parsed<T>(answer: Promise<Answered<Sent>>): Promise<Answered<T>> {
  const got = await answer;
  return got.ok ? { ok: true, value: JSON.parse(got.value.text) as T } : got;
}

/** The present answers, `null` before the first manifest. */
export async function fetchSource(token: string, workspaceId: string): Promise<Answered<Source | null>> {
  const got = await call("/context/source", token, { headers: { "X-Workspace-Id": workspaceId } });
  if (!got.ok) return got.problem.code === "manifest_not_found" ? { ok: true, value: null } : got;
  const { answers } = JSON.parse(got.value.text) as ContextSource;
  return { ok: true, value: { answers, tag: got.value.etag ?? "" } };
}

/** Replaces all answers, if they are still those of the tag, and makes the manifest anew. Safe to repeat. */
export function saveAnswers(token: string, workspaceId: string, { answers, tag }: Source): Promise<Answered<Written>> {
  const headers = { "Content-Type": "application/json", "X-Workspace-Id": workspaceId, "If-Match": tag };
  return parsed(call("/context/source", token, { method: "PUT", headers, body: JSON.stringify({ answers }) }));
}

/** The suggestions that nobody has decided about. */
export async function fetchSuggestions(token: string, workspaceId: string): Promise<Answered<Suggestion[]>> {
  const got = await parsed<Suggestions>(call("/context/suggestions", token, { headers: { "X-Workspace-Id": workspaceId } }));
  return got.ok ? { ok: true, value: got.value.suggestions } : got;
}

/** Asks a model about one field. With the same `key` it can be repeated and is asked once. */
export async function askSuggestion(token: string, workspaceId: string, key: string, field: FieldId): Promise<Answered<Suggestion[]>> {
  const headers = { "Content-Type": "application/json", "X-Workspace-Id": workspaceId, "Idempotency-Key": key };
  const body = JSON.stringify({ fields: [field] });
  const got = await parsed<Suggestions>(call("/context/suggestions", token, { method: "POST", headers, body }));
  return got.ok ? { ok: true, value: got.value.suggestions } : got;
}

/** Marks a suggestion. It changes no answer. */
export function decideSuggestion(token: string, workspaceId: string, id: string, state: SuggestionState): Promise<Answered<Suggestion>> {
  const headers = { "Content-Type": "application/json", "X-Workspace-Id": workspaceId };
  return parsed(call(`/context/suggestions/${encodeURIComponent(id)}`, token, { method: "PATCH", headers, body: JSON.stringify({ state }) }));
}
