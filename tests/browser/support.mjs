// A browser, a person of its own for each test, and the Worker spoken to directly.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout } from "node:timers/promises";
import { test as nodeTest } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const names = ["GATEHOUSE_WEB_URL", "GATEHOUSE_URL", "SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "PHONEPE_PG_URL"];
const noBrowser = !process.env.CHROMIUM_BIN && "CHROMIUM_BIN is not set";
const missing = noBrowser ? [] : names.filter((name) => !process.env[name]);
assert.deepEqual(missing, [], `Set ${missing.join(", ")}; tests/browser/README.md says what they are.`);
const { GATEHOUSE_WEB_URL: web, GATEHOUSE_URL: worker, SUPABASE_URL: auth, SUPABASE_PUBLISHABLE_KEY: key } = process.env;
const phonepe = process.env.PHONEPE_PG_URL;

const output = fileURLToPath(new URL("../output/", import.meta.url));
mkdirSync(output, { recursive: true });

/** As `test` of node:test; each test is skipped, and counted so, where there is no browser. */
export function test(name, body) {
  return nodeTest(name, { skip: noBrowser }, body);
}

/** A full-page picture for people to look at. */
export function picture(page, name) {
  return page.screenshot({ path: `${output}${name}.png`, fullPage: true });
}

/** Starts Chromium without its own traffic; nothing where there is none. */
export async function launch() {
  if (noBrowser) return undefined;
  return chromium.launch({
    executablePath: process.env.CHROMIUM_BIN,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic", "--no-first-run",
      "--disable-component-update", "--disable-sync",
    ],
  });
}

/** Opens the page in a context of its own. `problems` collects console errors and failures of the page. */
export async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    const known = [web, auth, phonepe].map((url) => new URL(url).origin);
    if (protocol.startsWith("http") && !known.includes(origin)) problems.push(`unknown origin: ${request.url()}`);
  });
  await page.goto(web);
  return { page, problems, close: () => context.close() };
}

/** The problems without the 404 that says "no manifest yet", which the browser itself logs. */
export function unexpected(problems) {
  return problems.filter((text) => !/status of 404/.test(text));
}

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What axe finds wrong with the page as it stands. */
export async function violations(page) {
  await page.addScriptTag({ path: axe });
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map((node) => node.target).join(", ")}`);
}

/** Credentials of nobody yet. */
export function newPerson() {
  return { email: `founder-${randomUUID()}@chaya.example`, password: `pass-${randomUUID()}` };
}

/** Makes an account through the page and waits for the desk. */
export async function signUp(page, { email, password }) {
  await page.getByRole("button", { name: "Create an account" }).click();
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Your company" }).waitFor();
}

/** A person's access token, from the Auth service itself. */
export async function token({ email, password }) {
  const answer = await fetch(`${auth}/auth/v1/token?grant_type=password`, {
    method: "POST",
    headers: { apikey: key, "content-type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return (await answer.json()).access_token;
}

/** Calls the Worker directly, past the page and its proxy. */
export async function callWorker(path, { bearer, workspace, body, ifMatch, idempotencyKey, method = "POST" }) {
  const headers = { authorization: `Bearer ${bearer}` };
  if (workspace) headers["x-workspace-id"] = workspace;
  if (ifMatch) headers["if-match"] = ifMatch;
  if (idempotencyKey) headers["idempotency-key"] = idempotencyKey;
  if (body) headers["content-type"] = "application/json";
  const answer = await fetch(`${worker}${path}`, { method, headers, body: body && JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

/** The person's own workspace. */
export async function workspaceOf(bearer) {
  const answer = await callWorker("/auth/ensure-profile", { bearer });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.workspace_id;
}

/** Buys a month of Glide without the pages, and waits until PhonePe's webhook has completed the order. */
export async function buyPlan(bearer, workspace) {
  const order = { bearer, workspace, idempotencyKey: randomUUID(), body: { plan: "glide", interval: "month" } };
  const opened = await callWorker("/payments/v2/init", order);
  assert.equal(opened.status, 201, JSON.stringify(opened.body));
  const paid = await fetch(opened.body.redirect_url, { method: "POST", redirect: "manual", body: new URLSearchParams({ action: "pay" }) });
  assert.ok(paid.status < 400, `PhonePe's page answered ${paid.status}`);
  const status = () => callWorker(`/payments/v2/status/${opened.body.order_id}`, { bearer, workspace, method: "GET" });
  const giveUp = Date.now() + 60_000;
  while ((await status()).body.status !== "completed") {
    assert.ok(Date.now() < giveUp, "the order was not completed within a minute");
    await setTimeout(100);
  }
}

/** All 21 answers of a finished onboarding. */
export const ANSWERS = {
  company_name: "चाय Co", company_website: "chaya.example", industry: "D2C / Beverages", business_stage: "Seed",
  company_description: "Single-estate Assam tea, posted within ten days of plucking.",
  primary_offer: "Assam first flush, 250 g", core_problem: "Nobody can tell how old the tea in a shop is.",
  pricing_model: "₹549 per 250 g", ideal_customer_title: "Urban ritual drinker",
  ideal_customer_profile: "Lives in Bengaluru or Pune and brews twice a day.",
  top_pain_points: ["Stale tea"], top_goals: ["A calm morning"], key_differentiator: "The plucking date on every packet.",
  competitors: ["Vahdam"], brand_tone: ["Warm"], banned_phrases: ["game-changer"], channel_priorities: ["Instagram"],
  geographic_focus: "Bengaluru", proof_points: ["38% reorder within 60 days"],
  acquisition_goal: "1,500 first orders a month", constraints_and_guardrails: ["No medical claims"],
};
