import type { EnsureProfile, Manifest, Problem, VerifyProfile } from "@gatehouse/wasm-client";

/** The value of a request, or the problem document of its refusal. */
export type Result<T> = { ok: true; value: T } | { ok: false; problem: Problem };

/** The problem to show when the network gives no answer. */
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

/** The body of a 2xx response, with the headers that the pages use. */
export interface ResponseText {
  text: string;
  /** When the server sent it, by its clock, in milliseconds since 1970: the person's clock may be wrong. */
  at: number;
  /** The server's warning that it could not check what it sent. */
  warning?: string;
  /** The ETag that a change must name. */
  etag?: string;
}

/** Sends a request to the Worker through this site's proxy; `token` is `null` for one without a session. Never throws. */
export async function call(path: string, token: string | null, init: RequestInit = {}): Promise<Result<ResponseText>> {
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
export async function ensureProfile(token: string): Promise<Result<EnsureProfile>> {
  const answer = await call("/auth/ensure-profile", token, { method: "POST" });
  return answer.ok ? { ok: true, value: JSON.parse(answer.value.text) as EnsureProfile } : answer;
}

/** Which conditions the person meets, and the next action. */
export async function verifyProfile(token: string): Promise<Result<VerifyProfile>> {
  const answer = await call("/auth/verify-profile", token);
  return answer.ok ? { ok: true, value: JSON.parse(answer.value.text) as VerifyProfile } : answer;
}

/** A manifest as received. `text` is what gets verified. */
export interface ReceivedManifest {
  text: string;
  manifest: Manifest;
  /** The server's warning that the database could not confirm it. */
  warning?: string;
}

/** The workspace's manifest, `null` when there is none yet. */
export async function fetchManifest(token: string, workspaceId: string): Promise<Result<ReceivedManifest | null>> {
  const answer = await call("/context/manifest", token, { headers: { "X-Workspace-Id": workspaceId } });
  if (answer.ok) {
    const { text, warning } = answer.value;
    return { ok: true, value: { text, warning, manifest: JSON.parse(text) as Manifest } };
  }
  return answer.problem.code === "manifest_not_found" ? { ok: true, value: null } : answer;
}
