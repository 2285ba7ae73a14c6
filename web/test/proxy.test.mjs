// The route handler's forwarding, against a real HTTP server that records what reaches it.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { forward } from "../lib/proxy.ts";

const seen = [];
let answer;
const upstream = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  seen.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
  response.writeHead(answer.status, answer.headers).end(answer.body);
});

before(() => new Promise((done) => upstream.listen(0, "127.0.0.1", done)));
after(() => new Promise((done) => upstream.close(done)));

function forwardRequest(path, init, reply) {
  process.env.GATEHOUSE_URL = `http://127.0.0.1:${upstream.address().port}/`;
  answer = { status: 200, headers: {}, body: "", ...reply };
  seen.length = 0;
  return forward(new Request(`http://web.example/api/gatehouse/${path}`, init), path.split("?")[0].split("/"));
}

test("method, query, body and the five headers reach the Worker, and nothing else does", async () => {
  const headers = {
    Authorization: "Bearer abc", "X-Workspace-Id": "w", "If-None-Match": '"e"', "Content-Type": "application/json",
    "Idempotency-Key": "k-1", Cookie: "secret=1", "X-Forwarded-For": "1.2.3.4", "X-Middleware-Subrequest": "x",
  };
  await forwardRequest("onboarding/finalize?x=1", { method: "POST", headers, body: '{"answers":{}}' });
  assert.equal(seen[0].method, "POST");
  assert.equal(seen[0].url, "/onboarding/finalize?x=1");
  assert.equal(seen[0].body, '{"answers":{}}');
  assert.equal(seen[0].headers.authorization, "Bearer abc");
  assert.equal(seen[0].headers["x-workspace-id"], "w");
  assert.equal(seen[0].headers["if-none-match"], '"e"');
  assert.equal(seen[0].headers["content-type"], "application/json");
  assert.equal(seen[0].headers["idempotency-key"], "k-1");
  for (const name of ["cookie", "x-forwarded-for", "x-middleware-subrequest"]) assert.equal(seen[0].headers[name], undefined);
});

test("a refusal comes back as it is, with its id and times, without the Worker's other headers", async () => {
  const body = '{"code":"answers_invalid"}';
  const back = await forwardRequest("onboarding/finalize", { method: "POST", body: "{}" }, {
    status: 422,
    headers: { "content-type": "application/problem+json", "x-request-id": "r1", "server-timing": "total;dur=1", "set-cookie": "a=b", server: "x" },
    body,
  });
  assert.equal(back.status, 422);
  assert.equal(await back.text(), body);
  assert.equal(back.headers.get("content-type"), "application/problem+json");
  assert.equal(back.headers.get("x-request-id"), "r1");
  assert.equal(back.headers.get("server-timing"), "total;dur=1");
  assert.equal(back.headers.get("set-cookie"), null);
  assert.equal(back.headers.get("server"), null);
});

test("an unchanged manifest is a 304 with its ETag and no body", async () => {
  const back = await forwardRequest("context/manifest", {}, { status: 304, headers: { etag: '"e"' } });
  assert.equal(back.status, 304);
  assert.equal(back.headers.get("etag"), '"e"');
  assert.equal(await back.text(), "");
});

test("a Worker that is not there is a 503 problem", async () => {
  await forwardRequest("health", {});
  process.env.GATEHOUSE_URL = "http://127.0.0.1:1";
  const back = await forward(new Request("http://web.example/api/gatehouse/health"), ["health"]);
  assert.equal(back.status, 503);
  assert.equal(back.headers.get("content-type"), "application/problem+json");
  const problem = await back.json();
  assert.equal(problem.code, "dependency_unavailable");
  assert.ok(problem.fix && problem.request_id);
});

test("a missing address is a 503 that tells the operator what to set", async () => {
  delete process.env.GATEHOUSE_URL;
  const back = await forward(new Request("http://web.example/api/gatehouse/health"), ["health"]);
  assert.equal(back.status, 503);
  assert.match((await back.json()).fix, /GATEHOUSE_URL/);
});

test("a path cannot leave the Worker", async () => {
  await forwardRequest("health", {});
  process.env.GATEHOUSE_URL = `http://127.0.0.1:${upstream.address().port}/below/here`;
  for (const path of [["..", "admin"], ["context", "..", "..", "admin"], [".", "health"]]) {
    const back = await forward(new Request("http://web.example/x"), path);
    assert.equal(back.status, 404, path.join("/"));
    assert.equal((await back.json()).code, "route_not_found");
  }
  await forward(new Request("http://web.example/x"), ["//evil.example", "@evil.example", "a/b", "%2e%2e", "..x"]);
  assert.equal(seen.length, 2, "what climbs is never sent");
  assert.equal(seen[1].url, "/below/here/%2F%2Fevil.example/%40evil.example/a%2Fb/%252e%252e/..x");
});

test("a body over 1 MiB is refused before it is sent on", async () => {
  const back = await forwardRequest("onboarding/finalize", { method: "POST", body: "x".repeat(1024 * 1024 + 1) });
  assert.equal(back.status, 413);
  assert.equal(seen.length, 0);
});

/** A body in pieces of 64 KiB without an end, and how many were taken. */
function endless() {
  const taken = { pieces: 0, cancelled: false };
  const body = new ReadableStream({
    pull: (controller) => (taken.pieces++ < 64 ? controller.enqueue(new Uint8Array(65536)) : controller.close()),
    cancel: () => { taken.cancelled = true; },
  });
  return { taken, init: { method: "POST", body, duplex: "half" } };
}

test("an announced length over 1 MiB is refused with nothing read", async () => {
  const { taken, init } = endless();
  const before = taken.pieces;
  const back = await forwardRequest("onboarding/finalize", { ...init, headers: { "Content-Length": String(5 * 1024 * 1024) } });
  assert.equal(back.status, 413);
  assert.ok(taken.pieces <= before + 1, `${taken.pieces} pieces were read`);
  assert.equal(seen.length, 0);
});

test("a body without a length is read no further than 1 MiB", async () => {
  const { taken, init } = endless();
  const back = await forwardRequest("onboarding/finalize", init);
  assert.equal(back.status, 413);
  assert.ok(taken.cancelled, "the rest is not asked for");
  assert.ok(taken.pieces <= 19, `${taken.pieces} pieces were read`);
  assert.equal(seen.length, 0);
});

test("a body of exactly 1 MiB in pieces arrives whole", async () => {
  const pieces = ["a".repeat(524288), "b".repeat(524288)].map((piece) => new TextEncoder().encode(piece));
  const body = new ReadableStream({ pull: (controller) => (pieces.length ? controller.enqueue(pieces.shift()) : controller.close()) });
  await forwardRequest("onboarding/finalize", { method: "POST", body, duplex: "half" });
  assert.equal(seen[0].body, "a".repeat(524288) + "b".repeat(524288));
});

test("a request id goes on as it came, and one is made when there is none worth having", async () => {
  await forwardRequest("health", { headers: { "X-Request-Id": "from-the-page_1" } });
  assert.equal(seen[0].headers["x-request-id"], "from-the-page_1");
  for (const headers of [{}, { "X-Request-Id": "a b" }, { "X-Request-Id": "x".repeat(65) }]) {
    await forwardRequest("health", { headers });
    assert.match(seen[0].headers["x-request-id"], /^[0-9a-f-]{36}$/);
  }
});

test("what tells a client how to go on comes back", async () => {
  const headers = { "retry-after": "2", "www-authenticate": "Bearer", allow: "POST", "idempotent-replayed": "true" };
  const back = await forwardRequest("health", {}, { status: 405, headers });
  for (const [name, value] of Object.entries(headers)) assert.equal(back.headers.get(name), value);
});

test("a Worker that does not answer in time is a 503, and the log names the cause with the answered id", async (context) => {
  const lines = context.mock.method(console, "error", () => {});
  const silent = createServer(() => {});
  await new Promise((done) => silent.listen(0, "127.0.0.1", done));
  process.env.GATEHOUSE_URL = `http://127.0.0.1:${silent.address().port}`;
  const back = await forward(new Request("http://web.example/x"), ["health"], 20);
  silent.closeAllConnections();
  await new Promise((done) => silent.close(done));
  assert.equal(back.status, 503);
  const { request_id: id } = await back.json();
  assert.equal(back.headers.get("x-request-id"), id);
  assert.equal(lines.mock.callCount(), 1);
  const line = JSON.parse(lines.mock.calls[0].arguments[0]);
  assert.equal(line.request_id, id);
  assert.match(line.cause, /Timeout/);
});

test("the log says why a Worker cannot be reached", async (context) => {
  const lines = context.mock.method(console, "error", () => {});
  process.env.GATEHOUSE_URL = "http://127.0.0.1:1";
  const back = await forward(new Request("http://web.example/x"), ["health"]);
  const line = JSON.parse(lines.mock.calls[0].arguments[0]);
  assert.equal(line.request_id, (await back.json()).request_id);
  assert.match(line.cause, /fetch failed: .+/);
});
