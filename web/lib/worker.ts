import type { EnsureProfile, Manifest, Problem } from "@gatehouse/wasm-client";

/** An answer, or the problem document that came instead. */
export type Answered<T> = { ok: true; value: T } | { ok: false; problem: Problem };

/** What an answer of the network is turned into when there is none. */
export function unreachable(): Problem {
  return {
    type: "urn:gatehouse:error:dependency_unavailable",
    title: "A service we depend on is not answering.",
    status: 503,
    code: "dependency_unavailable",
    detail: "There is no connection to the service.",
    fix: "Check your network and try again; repeating is safe.",
    request_id: "",
  };
}

async function call(path: string, token: string, init: RequestInit): Promise<Answered<string>> {
  try {
    const answer = await fetch(`/api/gatehouse${path}`, {
      ...init,
      headers: { ...init.headers, Authorization: `Bearer ${token}` },
    });
    const text = await answer.text();
    return answer.ok ? { ok: true, value: text } : { ok: false, problem: JSON.parse(text) as Problem };
  } catch {
    return { ok: false, problem: unreachable() };
  }
}

/** Makes sure that the person has a profile and a workspace. Safe to repeat. */
export async function ensureProfile(token: string): Promise<Answered<EnsureProfile>> {
  const answer = await call("/auth/ensure-profile", token, { method: "POST" });
  return answer.ok ? { ok: true, value: JSON.parse(answer.value) as EnsureProfile } : answer;
}

/** A manifest as it was sent: its text is what gets verified. */
export interface SentManifest {
  text: string;
  manifest: Manifest;
}

/** The workspace's manifest, `null` when there is none yet. */
export async function fetchManifest(token: string, workspaceId: string): Promise<Answered<SentManifest | null>> {
  const answer = await call("/context/manifest", token, { headers: { "X-Workspace-Id": workspaceId } });
  if (answer.ok) return { ok: true, value: { text: answer.value, manifest: JSON.parse(answer.value) as Manifest } };
  return answer.problem.code === "manifest_not_found" ? { ok: true, value: null } : answer;
}
