import type { SupabaseClient } from "@supabase/supabase-js";

import { type Answered, unreachable } from "./worker.ts";

/** Gets a new access token, or the problem with that; `null` when the session is over. */
export type Refresh = () => Promise<Answered<string> | null>;

/** Renews the stored session. A service that is not answering is no reason to lose it. */
export async function refreshSession(client: Pick<SupabaseClient, "auth">): Promise<Answered<string> | null> {
  const { data, error } = await client.auth.refreshSession();
  if (data.session) return { ok: true, value: data.session.access_token };
  return error?.name === "AuthRetryableFetchError" ? { ok: false, problem: unreachable() } : null;
}

/**
 * Asks the Worker; when it says `token_expired` (a laptop that slept, a clock that is off), asks once more with a
 * new token. Its first answer stays when there is no new token to be had.
 */
export async function withRefresh<T>(
  token: string,
  refresh: Refresh,
  ask: (token: string) => Promise<Answered<T>>,
): Promise<Answered<T>> {
  const first = await ask(token);
  if (first.ok || first.problem.code !== "token_expired") return first;
  const renewed = await refresh();
  if (renewed === null) return first;
  return renewed.ok ? ask(renewed.value) : renewed;
}
