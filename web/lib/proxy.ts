import { workerUrl } from "./env.ts";

/** The request's headers that reach the Worker. No cookie does: the session travels as a bearer token alone. */
const SENT = ["authorization", "x-workspace-id", "if-none-match", "content-type"];
/** The answer's headers that reach the browser. */
const RETURNED = ["content-type", "content-disposition", "etag", "cache-control", "x-request-id", "server-timing", "x-cache", "degraded"];
/** The Worker's own limit is lower; this keeps the route from buffering what will be refused anyway. */
const MAX_BODY_BYTES = 1024 * 1024;
/** The longest budget of a route is 5 s. */
const DEADLINE_MS = 10_000;

/**
 * Passes a request on to the Worker and its answer back.
 *
 * 1. No address configured, or no answer in time: 503 `dependency_unavailable`.
 * 2. A body over 1 MiB: 413 `body_too_large`.
 * 3. Everything else is the Worker's own answer, its refusals included.
 */
export async function forward(request: Request, path: string[]): Promise<Response> {
  const base = workerUrl();
  if (!base) {
    return problem(503, "dependency_unavailable", "This site does not know where its service is.", "Operators: set GATEHOUSE_URL.");
  }
  const headers = copy(request.headers, SENT);
  const hasBody = request.method !== "GET" && request.method !== "HEAD";
  const body = hasBody ? await request.arrayBuffer() : undefined;
  if (body && body.byteLength > MAX_BODY_BYTES) {
    return problem(413, "body_too_large", "The request is too large.", "Send less.");
  }
  const url = `${base.replace(/\/$/, "")}/${path.map(encodeURIComponent).join("/")}${new URL(request.url).search}`;
  try {
    const answer = await fetch(url, {
      method: request.method,
      headers,
      body,
      redirect: "manual",
      cache: "no-store",
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const empty = answer.status === 204 || answer.status === 304;
    return new Response(empty ? null : await answer.arrayBuffer(), {
      status: answer.status,
      headers: copy(answer.headers, RETURNED),
    });
  } catch {
    return problem(503, "dependency_unavailable", "The service is not answering.", "Try again in a few seconds; repeating is safe.");
  }
}

function copy(from: Headers, names: string[]): Headers {
  const to = new Headers();
  for (const name of names) {
    const value = from.get(name);
    if (value !== null) to.set(name, value);
  }
  return to;
}

/** A refusal of this route's own, in the Worker's form. */
function problem(status: number, code: string, detail: string, fix: string): Response {
  const body = { type: `urn:gatehouse:error:${code}`, title: detail, status, code, detail, fix, request_id: crypto.randomUUID() };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", "x-request-id": body.request_id },
  });
}
