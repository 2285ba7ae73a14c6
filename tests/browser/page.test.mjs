import assert from "node:assert/strict";
import { after, before } from "node:test";
import { ANSWERS, buyPlan, callWorker, launch, newPerson, open, picture, signUp, test, token, unexpected, violations, workspaceOf } from "./support.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** The sentence under each input, by field id. */
async function sentences(page) {
  await page.getByTestId("step-result").getByText(/./).first().waitFor();
  return page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll("form [aria-invalid=true]")].map((input) => {
        const ids = input.getAttribute("aria-describedby").split(" ");
        return [input.id, document.getElementById(ids.find((id) => id.endsWith("-error"))).textContent];
      }),
    ),
  );
}

/** The Worker's 422 for the same answers, for the company step's fields, by field id. */
async function refusals(person, answers) {
  const bearer = await token(person);
  const refused = await callWorker("/onboarding/finalize", { bearer, workspace: await workspaceOf(bearer), body: { answers } });
  assert.equal(refused.status, 422, JSON.stringify(refused.body));
  assert.equal(refused.body.code, "answers_invalid");
  const ours = refused.body.errors.filter((error) => error.step === "company");
  assert.ok(ours.length > 0, "the Worker refuses something of the step");
  return Object.fromEntries(ours.map((error) => [error.pointer.replace("/answers/", ""), error.message]));
}

const CASES = {
  "nothing answered": {},
  "Devanagari one character too long, and a website that is none": {
    company_name: "च".repeat(201), company_website: "chaya", industry: "D2C", business_stage: "बीज",
    company_description: "चाय ".repeat(501) + "।",
  },
  "blanks, emoji and a script instead of an address": {
    company_name: "   ", company_website: "javascript:alert(1)", industry: "🍵".repeat(201), business_stage: "Seed",
    company_description: "x",
  },
};

for (const [name, answers] of Object.entries(CASES)) {
  test(`the page says what the Worker says: ${name}`, async () => {
    const { page, problems, close } = await open(browser);
    const person = newPerson();
    await signUp(page, person);
    for (const [field, answer] of Object.entries(answers)) await page.locator(`#${field}`).fill(answer);
    await page.getByRole("button", { name: "Check this step" }).click();
    const shown = await sentences(page);
    assert.deepEqual(shown, await refusals(person, answers));
    const first = await page.evaluate(() => document.activeElement.id);
    assert.equal(first, Object.keys(shown)[0], "the first input with an error has the focus");
    await page.locator("h2", { hasText: "No manifest yet" }).waitFor();
    await picture(page, `step-${Object.keys(CASES).indexOf(name) + 1}-1280`);
    assert.deepEqual(unexpected(problems), []);
    await close();
  });
}

test("corrected answers lose their sentences and the step is complete", async () => {
  const { page, close } = await open(browser);
  await signUp(page, newPerson());
  await page.getByRole("button", { name: "Check this step" }).click();
  assert.equal(Object.keys(await sentences(page)).length, 4);
  for (const field of ["company_name", "industry", "business_stage", "company_description"]) {
    await page.locator(`#${field}`).fill(ANSWERS[field]);
  }
  await page.getByText("This step is complete.").waitFor();
  assert.equal(await page.locator("[aria-invalid=true]").count(), 0);
  await close();
});

test("the counter counts characters as the rules do", async () => {
  const { page, close } = await open(browser);
  await signUp(page, newPerson());
  await page.locator("#company_name").fill(" चाय 🍵 ");
  await page.locator("#company_name-aside", { hasText: "5 / 200" }).waitFor();
  await close();
});

/** Signs up, buys a plan and finalizes over HTTP, and loads the page again. */
async function withManifest(options) {
  const opened = await open(browser, options);
  const person = newPerson();
  await signUp(opened.page, person);
  await opened.page.locator("h2", { hasText: "No manifest yet" }).waitFor();
  const bearer = await token(person);
  const workspace = await workspaceOf(bearer);
  await buyPlan(bearer, workspace);
  const made = await callWorker("/onboarding/finalize", { bearer, workspace, body: { answers: ANSWERS } });
  assert.ok(made.status === 200 || made.status === 201, JSON.stringify(made.body));
  opened.problems.length = 0;
  await opened.page.reload();
  return opened;
}

test("after a finalize the card shows the manifest fresh and verified, without an error in the console", async () => {
  const { page, problems, close } = await withManifest();
  await page.getByTestId("freshness").waitFor();
  assert.equal(await page.getByTestId("freshness").textContent(), "Fresh");
  assert.equal(await page.getByTestId("verified").textContent(), "Verified");
  assert.equal(await page.getByTestId("version").textContent(), "1");
  await page.getByText("Confirmed today.").waitFor();
  await picture(page, "manifest-1280");
  assert.deepEqual(problems, []);
  await close();
});

test("a manifest changed on its way is not verified", async () => {
  const { page, close } = await withManifest();
  await page.route("**/context/manifest", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replace("No medical claims", "Any medical claim") });
  });
  await page.reload();
  await page.getByTestId("verified").waitFor();
  assert.equal(await page.getByTestId("verified").textContent(), "Not verified");
  await close();
});

test("a session that the Worker refuses leads back to sign-in with a sentence", async () => {
  const { page, close } = await open(browser);
  await signUp(page, newPerson());
  await page.locator("h2", { hasText: "No manifest yet" }).waitFor();
  await page.route("**/api/gatehouse/**", (route) =>
    route.continue({ headers: { ...route.request().headers(), authorization: "Bearer not-a-session" } }),
  );
  await page.reload();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.getByText("Your session is not valid.").waitFor();
  await close();
});

test("a wrong password is said in a sentence, and a Worker that is away with its fix", async () => {
  const { page, close } = await open(browser);
  await page.getByLabel("E-mail address").fill(newPerson().email);
  await page.getByLabel("Password").fill("wrong-password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Wrong e-mail or password.").waitFor();
  await page.route("**/api/gatehouse/**", (route) => route.abort());
  await signUp(page, newPerson());
  await page.getByText("There is no connection to the service.").waitFor();
  await page.unroute("**/api/gatehouse/**");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.locator("h2", { hasText: "No manifest yet" }).waitFor();
  await close();
});

for (const width of [360, 1280]) {
  test(`at ${width} px nothing scrolls sideways and axe finds nothing`, async () => {
    const { page, close } = await open(browser, { viewport: { width, height: 780 } });
    const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await picture(page, `sign-in-${width}`);
    assert.ok(await fits(), "sign-in");
    assert.deepEqual(await violations(page), []);
    await close();

    const desk = await withManifest({ viewport: { width, height: 780 } });
    await desk.page.getByTestId("verified").waitFor();
    await desk.page.locator("#company_name").fill("च".repeat(201));
    await desk.page.getByRole("button", { name: "Check this step" }).click();
    await sentences(desk.page);
    await picture(desk.page, `desk-${width}`);
    const wide = await desk.page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= width, `the desk is ${wide} px wide`);
    assert.deepEqual(await violations(desk.page), []);
    await desk.close();
  });
}

/** The Worker's refusal of an expired token, for as long as `times` lasts. */
async function expire(page, times) {
  await page.route("**/api/gatehouse/auth/ensure-profile", (route) => {
    const body = { status: 401, code: "token_expired", title: "Your session has expired.", detail: "", fix: "", request_id: "" };
    if (times-- <= 0) return route.continue();
    return route.fulfill({ status: 401, contentType: "application/problem+json", body: JSON.stringify(body) });
  });
}

test("an expired token is renewed without the person noticing", async () => {
  const { page, close } = await open(browser);
  await expire(page, 1);
  const renewed = page.waitForRequest(/grant_type=refresh_token/);
  await signUp(page, newPerson());
  await renewed;
  await page.locator("h2", { hasText: "No manifest yet" }).waitFor();
  await close();
});

test("a session that cannot be renewed ends at the sign-in, which says why", async () => {
  const { page, close } = await open(browser);
  await expire(page, 9);
  await page.route(/grant_type=refresh_token/, (route) =>
    route.fulfill({ status: 400, contentType: "application/json", body: '{"code":"refresh_token_already_used","message":"used"}' }),
  );
  const { email, password } = newPerson();
  await page.getByRole("button", { name: "Create an account" }).click();
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText("Your session has expired.").waitFor();
  await close();
});
