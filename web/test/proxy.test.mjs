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

function ask(path, init, reply) {
  process.env.GATEHOUSE_URL = `http://127.0.0.1:${upstream.address().port}/`;
  answer = { status: 200, headers: {}, body: "", ...reply };
  seen.length = 0;
  return forward(new Request(`http://web.example/api/gatehouse/${path}`, init), path.split("?")[0].split("/"));
}

test("method, query, body and the four headers reach the Worker, and nothing else does", async () => {
  const headers = {
    Authorization: "Bearer abc", "X-Workspace-Id": "w", "If-None-Match": '"e"', "Content-Type": "application/json",
    Cookie: "secret=1", "X-Forwarded-For": "1.2.3.4", "X-Middleware-Subrequest": "x",
  };
  await ask("onboarding/finalize?x=1", { method: "POST", headers, body: '{"answers":{}}' });
  assert.equal(seen[0].method, "POST");
  assert.equal(seen[0].url, "/onboarding/finalize?x=1");
  assert.equal(seen[0].body, '{"answers":{}}');
  assert.equal(seen[0].headers.authorization, "Bearer abc");
  assert.equal(seen[0].headers["x-workspace-id"], "w");
  assert.equal(seen[0].headers["if-none-match"], '"e"');
  assert.equal(seen[0].headers["content-type"], "application/json");
  for (const name of ["cookie", "x-forwarded-for", "x-middleware-subrequest"]) assert.equal(seen[0].headers[name], undefined);
});

test("a refusal comes back as it is, with its id and times, without the Worker's other headers", async () => {
  const body = '{"code":"answers_invalid"}';
  const back = await ask("onboarding/finalize", { method: "POST", body: "{}" }, {
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
  const back = await ask("context/manifest", {}, { status: 304, headers: { etag: '"e"' } });
  assert.equal(back.status, 304);
  assert.equal(back.headers.get("etag"), '"e"');
  assert.equal(await back.text(), "");
});

test("a Worker that is not there is a 503 problem", async () => {
  await ask("health", {});
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
  await ask("..", {});
  await forward(new Request("http://web.example/x"), ["//evil.example", "@evil.example", "a/b"]);
  assert.equal(seen.length, 2);
  assert.equal(seen[1].url, "/%2F%2Fevil.example/%40evil.example/a%2Fb");
});

test("a body over 1 MiB is refused before it is sent on", async () => {
  const back = await ask("onboarding/finalize", { method: "POST", body: "x".repeat(1024 * 1024 + 1) });
  assert.equal(back.status, 413);
  assert.equal(seen.length, 0);
});
