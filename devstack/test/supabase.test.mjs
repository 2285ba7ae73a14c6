// @supabase/supabase-js, unchanged, against the Auth server and the gateway. Addresses and keys come from the environment.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { createClient } from "@supabase/supabase-js";

const { SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, SUPABASE_SECRET_KEY } = process.env;
const options = { auth: { persistSession: false, autoRefreshToken: false } };
const client = () => createClient(SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, options);
const password = "correct horse";

test("sign-up, password, refresh, user, rows, sign-out", async () => {
  const email = `${randomUUID()}@example.com`;
  const signedUp = await client().auth.signUp({ email, password, options: { data: { name: "Asha" } } });
  assert.ifError(signedUp.error);
  assert.equal(signedUp.data.user.user_metadata.name, "Asha");
  assert.ok(signedUp.data.session.access_token);

  const supabase = client();
  const signedIn = await supabase.auth.signInWithPassword({ email, password });
  assert.ifError(signedIn.error);
  const user = await supabase.auth.getUser();
  assert.equal(user.data.user.email, email);
  const claims = await supabase.auth.getClaims();
  assert.ifError(claims.error);
  assert.equal(claims.data.claims.sub, user.data.user.id);

  const refreshed = await supabase.auth.refreshSession();
  assert.ifError(refreshed.error);
  assert.notEqual(refreshed.data.session.refresh_token, signedIn.data.session.refresh_token);

  const inserted = await supabase.from("notes").insert({ body: "a note" }).select("body,owner").single();
  assert.ifError(inserted.error);
  assert.deepEqual(inserted.data, { body: "a note", owner: user.data.user.id });
  const rows = await supabase.from("notes").select("*", { count: "exact" });
  assert.equal(rows.count, 1);
  const who = await supabase.rpc("who");
  assert.equal(who.data.role, "authenticated");
  const nobody = await client().from("notes").select();
  assert.deepEqual(nobody.data, []);

  assert.ifError((await supabase.auth.signOut()).error);
  const again = await client().auth.refreshSession({ refresh_token: refreshed.data.session.refresh_token });
  assert.equal(again.error.code, "refresh_token_not_found");
});

test("errors arrive with their codes", async () => {
  const wrong = await client().auth.signInWithPassword({ email: "nobody@example.com", password });
  assert.equal(wrong.error.code, "invalid_credentials");
  assert.equal(wrong.error.status, 400);
  const weak = await client().auth.signUp({ email: `${randomUUID()}@example.com`, password: "short" });
  assert.equal(weak.error.code, "weak_password");
  assert.deepEqual(weak.error.reasons, ["length"]);
});

test("the secret key administers users", async () => {
  const { admin } = createClient(SUPABASE_URL, SUPABASE_SECRET_KEY, options).auth;
  const email = `${randomUUID()}@example.com`;
  const created = await admin.createUser({ email, password, email_confirm: true, app_metadata: { gatehouse_support: true } });
  assert.ifError(created.error);
  assert.equal(created.data.user.app_metadata.gatehouse_support, true);
  assert.equal((await admin.getUserById(created.data.user.id)).data.user.email, email);
  assert.ifError((await admin.deleteUser(created.data.user.id)).error);
  assert.equal((await admin.getUserById(created.data.user.id)).error.status, 404);
});
