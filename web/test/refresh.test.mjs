// What happens to a session whose token has expired.
import assert from "node:assert/strict";
import { test } from "node:test";
import { refreshSession, withRefresh } from "../lib/refresh.ts";

const refusal = (code) => ({ ok: false, problem: { code, status: 401 } });

/** A Worker that accepts one token only, and what it was asked with. */
function worker(accepted, code = "token_expired") {
  const tokens = [];
  const ask = async (token) => {
    tokens.push(token);
    return token === accepted ? { ok: true, value: "manifest" } : refusal(code);
  };
  return { tokens, ask };
}

test("an expired token is renewed and the question repeated, once", async () => {
  const { tokens, ask } = worker("new");
  assert.deepEqual(await withRefresh("old", async () => ({ ok: true, value: "new" }), ask), { ok: true, value: "manifest" });
  assert.deepEqual(tokens, ["old", "new"]);
  const never = worker("none");
  assert.deepEqual(await withRefresh("old", async () => ({ ok: true, value: "new" }), never.ask), refusal("token_expired"));
  assert.deepEqual(never.tokens, ["old", "new"]);
});

test("a good token and any other refusal renew nothing", async () => {
  const refresh = () => assert.fail("there is nothing to renew");
  assert.equal((await withRefresh("good", refresh, worker("good").ask)).ok, true);
  for (const code of ["token_invalid", "token_missing", "role_not_allowed"]) {
    const { tokens, ask } = worker("good", code);
    assert.deepEqual(await withRefresh("bad", refresh, ask), refusal(code));
    assert.deepEqual(tokens, ["bad"]);
  }
});

test("a session that is over keeps the Worker's refusal, which signs out", async () => {
  const { tokens, ask } = worker("new");
  assert.deepEqual(await withRefresh("old", async () => null, ask), refusal("token_expired"));
  assert.deepEqual(tokens, ["old"]);
});

test("an Auth service that is not answering is no end of the session", async () => {
  const answers = (data, error) => ({ auth: { refreshSession: async () => ({ data, error }) } });
  const good = await refreshSession(answers({ session: { access_token: "new" } }, null));
  assert.deepEqual(good, { ok: true, value: "new" });
  const down = await refreshSession(answers({ session: null }, { name: "AuthRetryableFetchError" }));
  assert.equal(down.problem.code, "dependency_unavailable");
  assert.equal(await refreshSession(answers({ session: null }, { name: "AuthApiError" })), null);
  const { ask } = worker("new");
  assert.equal((await withRefresh("old", async () => down, ask)).problem.status, 503);
});
