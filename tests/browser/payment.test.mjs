import assert from "node:assert/strict";
import { after, before } from "node:test";
import { launch, newPerson, open, picture, signUp, test, unexpected, violations } from "./support.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Signs up a person and follows the desk's link to the plans. */
async function toPlans(options) {
  const opened = await open(browser, options);
  await signUp(opened.page, newPerson());
  await opened.page.getByRole("link", { name: "Choose a plan" }).click();
  await opened.page.getByRole("button", { name: "Choose Glide" }).waitFor();
  return opened;
}

/** Chooses Glide for a month and waits for PhonePe's page. */
async function toPhonePe(options) {
  const opened = await toPlans(options);
  await opened.page.getByRole("button", { name: "Choose Glide" }).click();
  await opened.page.getByRole("heading", { name: "Pay Gatehouse" }).waitFor();
  return opened;
}

/** Waits until the payment's page shows `words`. The webhook is quick; without it the page asks after 22 s. */
function waitForState(page, words) {
  return page.getByTestId("payment-state").getByText(words, { exact: true }).waitFor({ timeout: 60_000 });
}

async function assertFits(page, width) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= width, `the page is ${wide} px wide`);
}

for (const width of [1280, 360]) {
  test(`a founder pays for Glide and sees what it bought, at ${width} px`, async () => {
    const { page, problems, close } = await toPlans({ viewport: { width, height: 780 } });
    await picture(page, `plans-${width}`);
    await assertFits(page, width);
    assert.deepEqual(await violations(page), []);

    await page.getByRole("button", { name: "Choose Glide" }).click();
    await page.getByRole("button", { name: "Pay ₹7,000.00" }).click();
    await page.waitForURL(/\/payment\/[A-Za-z0-9]+$/);
    await waitForState(page, "Payment completed");
    assert.match(await page.getByTestId("bought").textContent(), /^Glide until \d+ \w+ \d{4}/);
    await page.getByText("₹7,000", { exact: true }).waitFor();
    await picture(page, `payment-${width}`);
    await assertFits(page, width);
    assert.deepEqual(await violations(page), []);

    await page.reload();
    await waitForState(page, "Payment completed");
    await page.getByRole("link", { name: "Go to your workspace" }).click();
    await page.locator("h2", { hasText: "No manifest yet" }).waitFor();
    assert.equal(await page.getByRole("link", { name: "Choose a plan" }).count(), 0, "nothing is left to pay");
    assert.deepEqual(unexpected(problems), []);
    await close();
  });
}

test("a declined payment says so and leads back to the plans", async () => {
  const { page, problems, close } = await toPhonePe();
  await page.getByRole("button", { name: /^Fail/ }).click();
  await waitForState(page, "Payment failed");
  await picture(page, "payment-failed-1280");
  assert.equal(await page.getByTestId("bought").count(), 0);
  await page.getByRole("link", { name: "Try again" }).click();
  await page.getByRole("button", { name: "Choose Glide" }).waitFor();
  assert.deepEqual(unexpected(problems), []);
  await close();
});

test("who leaves without paying sees that it is waiting, and after a reload too", async () => {
  const { page, close } = await toPhonePe();
  await page.getByRole("button", { name: /^Leave/ }).click();
  await waitForState(page, "Waiting for the payment");
  await page.reload();
  await waitForState(page, "Waiting for the payment");
  await picture(page, "payment-pending-1280");
  await close();
});

test("after the time to give up the page says that we go on without it", async () => {
  const { page, close } = await toPhonePe();
  let looks = 0;
  await page.route("**/payments/v2/status/*", async (route) => {
    looks += 1;
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), give_up_at: "2026-01-01T00:00:00Z" } });
  });
  await page.getByRole("button", { name: /^Leave/ }).click();
  await waitForState(page, "Payment still pending");
  await page.getByText("We keep checking and will e-mail you.").waitFor();
  assert.equal(looks, 1);
  await page.getByRole("button", { name: "Check now" }).click();
  await page.waitForResponse(/payments\/v2\/status/);
  await close();
});

test("a try again sends the same key, another click another one", async () => {
  const { page, close } = await toPlans();
  const keys = [];
  await page.route("**/payments/v2/init", (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    return route.abort();
  });
  await page.getByRole("button", { name: "Choose Glide" }).click();
  await page.getByText("There is no connection to the service.").waitFor();
  await picture(page, "plans-refused-1280");
  await page.getByRole("button", { name: "Choose Soar" }).click();
  await page.getByText("There is no connection to the service.").waitFor();
  const retried = page.waitForRequest("**/payments/v2/init");
  await page.unroute("**/payments/v2/init");
  await page.getByRole("button", { name: "Try again" }).click();
  keys.push((await retried).headers()["idempotency-key"]);
  await page.getByRole("button", { name: "Pay ₹10,000.00" }).waitFor();
  assert.equal(new Set(keys).size, 2, keys.join(" "));
  assert.equal(keys[1], keys[2]);
  assert.match(keys[0], /^[0-9a-f-]{36}$/);
  await close();
});

test("the switch shows the yearly prices, and PhonePe asks for them", async () => {
  const { page, close } = await toPlans();
  await page.getByRole("radio", { name: "Yearly" }).check();
  assert.equal(await page.getByTestId("price-soar").textContent(), "₹1,00,000");
  await picture(page, "plans-yearly-1280");
  await page.getByRole("button", { name: "Choose Soar" }).click();
  await page.getByRole("button", { name: "Pay ₹1,00,000.00" }).waitFor();
  await close();
});

test("somebody else's order is not shown, and a stranger is asked to sign in", async () => {
  const paying = await toPhonePe();
  await paying.page.getByRole("button", { name: /^Leave/ }).click();
  await paying.page.waitForURL(/\/payment\//);
  const address = paying.page.url();
  await paying.close();
  const { page, close } = await open(browser);
  await page.goto(address);
  await page.getByRole("heading", { name: "Sign in to see your payment" }).waitFor();
  await picture(page, "payment-stranger-1280");
  await page.goto(new URL("/", address).href);
  await signUp(page, newPerson());
  await page.goto(address);
  await waitForState(page, "Order not found");
  await page.getByRole("alert").getByText(/order/i).first().waitFor();
  await picture(page, "payment-unknown-1280");
  await close();
});
