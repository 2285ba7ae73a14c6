// @supabase/supabase-js and @supabase/ssr, unchanged: the session they store is the session that the Worker takes.
// Addresses and keys come by environment.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { createBrowserClient, createServerClient, serializeCookieHeader } from "@supabase/ssr";
import { createClient } from "@supabase/supabase-js";

const { SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, WORKER_URL } = process.env;
const person = (data = {}) => ({ email: `${randomUUID()}@example.in`, password: "correct horse", options: { data } });

/** The Worker's verdict on a request: its status, and the code of a refusal. */
async function verdict(path, init) {
  const response = await fetch(`${WORKER_URL}${path}`, init);
  return [response.status, (await response.json()).code];
}
const verify = (headers) => verdict("/auth/verify-profile", { headers });

/** Signs up with a client that keeps its session in cookies, and gives those as a browser would send them. */
async function cookiesOf(create, more = {}, data = {}) {
  const jar = new Map();
  const { encode, ...options } = more;
  const client = create(SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, {
    ...options,
    cookies: {
      ...(encode && { encode }),
      getAll: () => [...jar].map(([name, { value }]) => ({ name, value })),
      setAll: (cookies) => cookies.forEach(({ name, value, options }) => jar.set(name, { value, options })),
    },
  });
  assert.ifError((await client.auth.signUp(person(data))).error);
  return [...jar].filter(([, { value }]) => value).map(([name, { value, options }]) => serializeCookieHeader(name, value, options).split(";")[0]);
}
const session = (cookies) => cookies.filter((cookie) => cookie.includes("-auth-token"));

test("supabase-js: its access token is a session", async () => {
  const client = createClient(SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, { auth: { persistSession: false, autoRefreshToken: false } });
  const { data, error } = await client.auth.signUp(person());
  assert.ifError(error);
  assert.deepEqual(await verify({ authorization: `Bearer ${data.session.access_token}` }), [200, undefined]);
});

for (const [name, create, options] of [
  ["a server client", createServerClient, {}],
  ["a server client with raw cookies", createServerClient, { cookieEncoding: "raw" }],
  ["a server client that stores tokens only", createServerClient, { encode: "tokens-only" }],
  ["a browser client", createBrowserClient, { isSingleton: false }],
]) {
  test(`${name}: its cookie is a session`, async () => {
    const cookies = await cookiesOf(create, options);
    assert.deepEqual(await verify({ cookie: ["theme=dark", ...cookies].join("; ") }), [200, undefined]);
    const others = cookies.map((cookie) => cookie.replace(/^sb-[^-]*/, "sb-other"));
    assert.deepEqual(await verify({ cookie: others.join("; ") }), [401, "token_missing"]);
  });
}

for (const options of [{}, { cookieEncoding: "raw" }]) {
  test(`a long session in chunks, ${options.cookieEncoding ?? "base64url"}`, async () => {
    const chunks = session(await cookiesOf(createServerClient, options, { about: "चाय ".repeat(250) }));
    assert.ok(chunks.length >= 3 && chunks.every((chunk) => /-auth-token\.\d=/.test(chunk)), `${chunks.length} chunks`);
    assert.deepEqual(await verify({ cookie: chunks.toReversed().join("; ") }), [200, undefined]);
    for (const missing of chunks.keys()) {
      const rest = chunks.filter((_, index) => index !== missing);
      assert.deepEqual(await verify({ cookie: rest.join("; ") }), [401, "token_missing"], `without chunk ${missing}`);
    }
  });
}

test("a cookie changes something from our own pages only", async () => {
  const cookie = (await cookiesOf(createServerClient)).join("; ");
  const ensure = (headers) => verdict("/auth/ensure-profile", { method: "POST", headers: { cookie, ...headers } });
  assert.deepEqual(await ensure({ origin: "https://evil.example" }), [403, "origin_not_allowed"]);
  assert.deepEqual(await ensure({}), [403, "origin_not_allowed"]);
  assert.deepEqual(await ensure({ origin: WORKER_URL }), [200, undefined]);
});
