import { workerUrl } from "./env.ts";

/** The request headers passed to the Worker. No cookie is: the session is sent as a bearer token only. */
const REQUEST_HEADERS = ["authorization", "x-workspace-id", "if-match", "if-none-match", "content-type", "idempotency-key"];
/** The response headers passed to the browser. */
const RESPONSE_HEADERS = [
  "content-type", "content-disposition", "etag", "cache-control", "x-request-id", "server-timing", "x-cache", "degraded", "warning",
  "ratelimit-limit", "ratelimit-policy", "ratelimit-remaining", "ratelimit-reset", "retry-after", "www-authenticate", "allow", "idempotent-replayed",
];
/** The Worker's own limit is lower; this keeps the route from buffering what will be refused anyway. */
const MAX_BODY_BYTES = 1024 * 1024;
/** A suggestion may take 15 s of a model's time, and its token, database and cache 12 s more. */
const DEADLINE_MS = 30_000;
/** The request ids that the Worker accepts; it would replace any other. */
const REQUEST_ID = /^[A-Za-z0-9_-]{8,64}$/;

/**
 * Passes a request on to the Worker and its answer back.
 *
 * 1. No address configured, or no answer within `deadlineMs`: 503 `dependency_unavailable`, its cause in the log.
 * 2. A body over 1 MiB: 413 `body_too_large`; no more than that is ever held.
 * 3. A path with `.` or `..`: 404 `route_not_found`.
 * 4. Everything else is the Worker's own answer, its refusals included.
 *
 * One request id goes to the Worker, into this route's own refusals and into its log lines.
 */
export async function forward(request: Request, path: string[], deadlineMs = DEADLINE_MS): Promise<Response> {
  const sentId = request.headers.get("x-request-id") ?? "";
  const id = REQUEST_ID.test(sentId) ? sentId : crypto.randomUUID();
  const base = workerUrl();
  if (!base) {
    log(id, "GATEHOUSE_URL is not set.");
    return problem(id, 503, "dependency_unavailable", "This site is not connected to its service.", "Operators: set GATEHOUSE_URL.");
  }
  if (path.some((segment) => segment === "." || segment === "..")) {
    return problem(id, 404, "route_not_found", "There is nothing at this address.", "Check the path.");
  }
  const headers = copy(request.headers, REQUEST_HEADERS);
  headers.set("x-request-id", id);
  let body: Uint8Array<ArrayBuffer> | undefined | "too large";
  try {
    body = await readBody(request);
  } catch (cause) {
    log(id, cause);
    return problem(id, 400, "body_invalid", "The request ended before its body had arrived.", "Send it again.");
  }
  if (body === "too large") return problem(id, 413, "body_too_large", "The request is too large.", "Send less.");
  const url = `${base.replace(/\/$/, "")}/${path.map(encodeURIComponent).join("/")}${new URL(request.url).search}`;
  try {
    const answer = await fetch(url, {
      method: request.method,
      headers,
      body,
      redirect: "manual",
      cache: "no-store",
      signal: AbortSignal.timeout(deadlineMs),
    });
    const empty = answer.status === 204 || answer.status === 304;
    return new Response(empty ? null : await answer.arrayBuffer(), {
      status: answer.status,
      headers: copy(answer.headers, RESPONSE_HEADERS),
    });
  } catch (cause) {
    log(id, cause);
    return problem(id, 503, "dependency_unavailable", "The service is not answering.", "Try again in a few seconds; repeating is safe.");
  }
}

/** The whole body, or `too large` by its Content-Length or as soon as it passes the limit. */
async function readBody(request: Request): Promise<Uint8Array<ArrayBuffer> | undefined | "too large"> {
  if (Number(request.headers.get("content-length")) > MAX_BODY_BYTES) return "too large";
  if (request.body === null) return undefined;
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    size += next.value.byteLength;
    if (size > MAX_BODY_BYTES) {
      await reader.cancel();
      return "too large";
    }
    chunks.push(next.value);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/** One log line. fetch puts the reason of a failure into `cause`. */
function log(id: string, cause: unknown) {
  const inner = cause instanceof Error && cause.cause instanceof Error ? `: ${cause.cause.message}` : "";
  console.error(JSON.stringify({ event: "proxy", level: "error", request_id: id, cause: `${String(cause)}${inner}` }));
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
function problem(id: string, status: number, code: string, detail: string, fix: string): Response {
  const body = { type: `urn:gatehouse:error:${code}`, title: detail, status, code, detail, fix, request_id: id };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", "x-request-id": id },
  });
}
