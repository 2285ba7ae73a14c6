import type { EnsureProfile, Manifest, Problem, VerifyProfile } from "@gatehouse/wasm-client";

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

/** The text of an answer. */
export interface Sent {
  text: string;
  /** When it was sent by the server's clock, in milliseconds since 1970: a person's clock may be off. */
  at: number;
  /** What the server warns of: it could not check what it sent. */
  warning?: string;
  /** The tag that a change of it names. */
  etag?: string;
}

/** Asks the Worker through this site's proxy, as nobody when `token` is `null`. Never throws. */
export async function call(path: string, token: string | null, init: RequestInit = {}): Promise<Answered<Sent>> {
  try {
    const headers = new Headers(init.headers);
    if (token !== null) headers.set("Authorization", `Bearer ${token}`);
    const answer = await fetch(`/api/gatehouse${path}`, { ...init, headers });
    const text = await answer.text();
    if (!answer.ok) return { ok: false, problem: JSON.parse(text) as Problem };
    const warning = /"(.*)"/.exec(answer.headers.get("warning") ?? "")?.[1];
    const etag = answer.headers.get("etag") ?? undefined;
    return { ok: true, value: { text, at: Date.parse(answer.headers.get("date") ?? "") || Date.now(), warning, etag } };
  } catch {
    return { ok: false, problem: unreachable() };
  }
}

/** Makes sure that the person has a profile and a workspace. Safe to repeat. */
export async function ensureProfile(token: string): Promise<Answered<EnsureProfile>> {
  const answer = await call("/auth/ensure-profile", token, { method: "POST" });
  return answer.ok ? { ok: true, value: JSON.parse(answer.value.text) as EnsureProfile } : answer;
}

/** Which conditions the person meets, and the one next action. */
export async function verifyProfile(token: string): Promise<Answered<VerifyProfile>> {
  const answer = await call("/auth/verify-profile", token);
  return answer.ok ? { ok: true, value: JSON.parse(answer.value.text) as VerifyProfile } : answer;
}

/** A manifest as it was sent: its text is what gets verified. */
export interface SentManifest {
  text: string;
  manifest: Manifest;
  /** What the server warns of, when the database could not confirm it. */
  warning?: string;
}

/** The workspace's manifest, `null` when there is none yet. */
export async function fetchManifest(token: string, workspaceId: string): Promise<Answered<SentManifest | null>> {
  const answer = await call("/context/manifest", token, { headers: { "X-Workspace-Id": workspaceId } });
  if (answer.ok) {
    const { text, warning } = answer.value;
    return { ok: true, value: { text, warning, manifest: JSON.parse(text) as Manifest } };
  }
  return answer.problem.code === "manifest_not_found" ? { ok: true, value: null } : answer;
}
