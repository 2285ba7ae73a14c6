import type { SupabaseClient } from "@supabase/supabase-js";

import { type Result, unreachable } from "./worker.ts";

/** Gets a new access token, or the problem that prevented it; `null` when the session has ended. */
export type Refresh = () => Promise<Result<string> | null>;

/** Refreshes the stored session. A sign-in service that does not answer must not end the session. */
export async function refreshSession(client: Pick<SupabaseClient, "auth">): Promise<Result<string> | null> {
  const { data, error } = await client.auth.refreshSession();
  if (data.session) return { ok: true, value: data.session.access_token };
  return error?.name === "AuthRetryableFetchError" ? { ok: false, problem: unreachable() } : null;
}

/**
 * Asks the Worker; when it says `token_expired` (a laptop that slept, a wrong clock), asks once more with a
 * new token. Returns the first answer when there is no new token.
 */
export async function withRefresh<T>(
  token: string,
  refresh: Refresh,
  ask: (token: string) => Promise<Result<T>>,
): Promise<Result<T>> {
  const first = await ask(token);
  if (first.ok || first.problem.code !== "token_expired") return first;
  const renewed = await refresh();
  if (renewed === null) return first;
  return renewed.ok ? ask(renewed.value) : renewed;
}
