import assert from "node:assert/strict";
import { after, before } from "node:test";
import { ANSWERS, callWorker, launch, newPerson, open, picture, signUp, test, token, unexpected, violations, workspaceOf } from "./support.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Signs up, pays for Glide, finalizes over HTTP and follows the desk's link to the suggestions. */
async function withAnswers(options) {
  const opened = await open(browser, options);
  const { page } = opened;
  const person = newPerson();
  await signUp(page, person);
  await page.getByRole("link", { name: "Choose a plan" }).click();
  await page.getByRole("button", { name: "Choose Glide" }).click();
  await page.getByRole("button", { name: "Pay ₹7,000.00" }).click();
  await page.getByTestId("payment-state").getByText("Payment completed", { exact: true }).waitFor({ timeout: 60_000 });
  const bearer = await token(person);
  const workspace = await workspaceOf(bearer);
  const made = await callWorker("/onboarding/finalize", { bearer, workspace, body: { answers: ANSWERS } });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  await page.getByRole("link", { name: "Go to your workspace" }).click();
  await page.getByRole("link", { name: "Suggestions for your answers" }).click();
  await page.getByRole("heading", { name: "Suggestions", exact: true }).waitFor();
  const source = async () => (await callWorker("/context/source", { bearer, workspace, method: "GET" })).body;
  const { answers } = await source();
  const tone = page.getByRole("article", { name: "Tone of voice" });
  await tone.waitFor();
  return { ...opened, bearer, workspace, source, answers, tone };
}

/** Asks for a tone and waits for it. */
async function askFor(tone) {
  await tone.getByRole("button", { name: "Ask for a suggestion" }).click();
  await tone.getByText("Here is a suggestion.").waitFor();
}

const items = (part) => part.getByRole("listitem").allTextContents();

for (const width of [1280, 360]) {
  test(`a founder compares a suggestion with the answer and accepts it, at ${width} px`, async () => {
    const { page, problems, source, answers, tone, close } = await withAnswers({ viewport: { width, height: 780 } });
    assert.equal(await page.getByRole("article").count(), 10);
    assert.equal(await page.getByRole("article", { name: "Company name" }).count(), 0, "a fact is not suggested");
    await askFor(tone);
    assert.deepEqual(await items(tone.getByTestId("present")), ANSWERS.brand_tone);
    const suggested = await items(tone.getByTestId("suggested"));
    assert.equal(suggested.length, 2);
    await picture(page, `suggestions-${width}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= width, `the page is ${wide} px wide`);
    assert.deepEqual(await violations(page), []);
    assert.deepEqual((await source()).answers, answers, "nothing has changed yet");

    await tone.getByRole("button", { name: "Accept" }).click();
    await tone.getByText("Version 2 is now the current manifest.").waitFor();
    assert.deepEqual(await items(tone.getByTestId("present")), suggested);
    assert.equal(await tone.getByTestId("suggested").count(), 0);
    assert.ok(await tone.getByText("Version 2").evaluate((text) => document.activeElement.contains(text)), "the focus is on what was said");
    const now = await source();
    assert.deepEqual([now.version, now.answers], [2, { ...answers, brand_tone: suggested }]);
    await picture(page, `suggestions-accepted-${width}`);
    assert.deepEqual(unexpected(problems), []);
    await close();
  });
}

test("a dismissed suggestion is gone, and the answer stays, after a reload too", async () => {
  const { page, problems, source, answers, tone, close } = await withAnswers();
  await askFor(tone);
  await page.reload();
  await tone.getByTestId("suggested").waitFor();
  await tone.getByRole("button", { name: "Dismiss" }).click();
  await tone.getByText("Dismissed.").waitFor();
  await page.reload();
  await tone.getByRole("button", { name: "Ask for a suggestion" }).waitFor();
  assert.equal(await tone.getByTestId("suggested").count(), 0);
  const now = await source();
  assert.deepEqual([now.version, now.answers], [1, answers]);
  assert.deepEqual(unexpected(problems), []);
  await close();
});

/** The Worker's refusal of a question. */
async function refuse(page, status, code, detail, fix) {
  await page.route("**/context/suggestions", (route) => {
    if (route.request().method() !== "POST") return route.continue();
    const body = JSON.stringify({ type: `urn:gatehouse:error:${code}`, title: detail, status, code, detail, fix, request_id: "" });
    return route.fulfill({ status, contentType: "application/problem+json", body });
  });
}

test("no model, a model that failed and no connection are said, and change nothing", async () => {
  const { page, source, answers, tone, close } = await withAnswers();
  const asked = tone.getByRole("button", { name: "Ask for a suggestion" });
  const unchanged = tone.getByText("Your answers and your manifest have not changed.");
  await refuse(page, 501, "suggestions_off", "Suggestions are switched off.", "Operators: set the VERTEX_ settings.");
  await asked.click();
  await tone.getByText("Suggestions are not available.").waitFor();
  assert.equal(await unchanged.count(), 1);
  await picture(page, "suggestions-off-1280");

  await page.unroute("**/context/suggestions");
  await refuse(page, 502, "suggestions_failed", "The model declined to answer. Nothing was changed.", "Try again later.");
  await asked.click();
  await tone.getByText("The model declined to answer.").waitFor();
  assert.equal(await unchanged.count(), 1);
  assert.deepEqual(await violations(page), []);

  await page.unroute("**/context/suggestions");
  const keys = [];
  await page.route("**/context/suggestions", (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    return route.abort();
  });
  await asked.click();
  await tone.getByText("There is no connection to the service.").waitFor();
  await page.unroute("**/context/suggestions");
  const again = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/context/suggestions"));
  await asked.click();
  keys.push((await again).headers()["idempotency-key"]);
  await tone.getByText("Here is a suggestion.").waitFor();
  assert.deepEqual(keys, [keys[0], keys[0]], "asked once, however often it is tried");
  assert.deepEqual((await source()).answers, answers);
  await close();
});

test("answers that were changed meanwhile are shown, and not written over", async () => {
  const { bearer, workspace, source, answers, tone, close } = await withAnswers();
  await askFor(tone);
  const suggested = await items(tone.getByTestId("suggested"));
  const theirs = { ...answers, brand_tone: ["Brisk"], acquisition_goal: "Two thousand first orders" };
  const edited = await callWorker("/context/source", { bearer, workspace, method: "PUT", ifMatch: '"1"', body: { answers: theirs } });
  assert.equal(edited.status, 201, JSON.stringify(edited.body));
  await tone.getByRole("button", { name: "Accept" }).click();
  await tone.getByText("Nothing was saved: the answers have changed in the meantime.").waitFor();
  assert.deepEqual(await items(tone.getByTestId("present")), ["Brisk"]);
  assert.deepEqual((await source()).answers, theirs);
  await tone.getByRole("button", { name: "Accept" }).click();
  await tone.getByText("Version 3 is now the current manifest.").waitFor();
  assert.deepEqual((await source()).answers, { ...theirs, brand_tone: suggested });
  await close();
});

test("before the first manifest the page says what comes first, and a stranger is asked to sign in", async () => {
  const { page, close } = await open(browser);
  const address = page.url();
  await page.goto(`${address}suggestions`);
  await page.getByRole("heading", { name: "Sign in to see suggestions" }).waitFor();
  const { email, password } = newPerson();
  await page.getByRole("button", { name: "Create an account" }).click();
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText("Finish onboarding first").waitFor();
  await close();
});
