import assert from "node:assert/strict";
import { test } from "node:test";
import { rupees } from "../lib/money.ts";
import { nextCheckDelay } from "../lib/payments.ts";

test("rupees are grouped as in India, and paise are shown when there are some", () => {
  const cases = [[500000, "₹5,000"], [10000000, "₹1,00,000"], [99999, "₹999.99"], [1234567805, "₹1,23,45,678.05"], [0, "₹0"]];
  for (const [paise, text] of cases) assert.equal(rupees(paise), text);
});

const pending = { status: "pending", poll_after_ms: 22000, give_up_at: "2026-02-01T00:22:00Z" };
const giveUp = Date.parse(pending.give_up_at);

test("a pending order is asked about again when the Worker says, until it says to give up", () => {
  assert.equal(nextCheckDelay(pending, giveUp - 1), 22000);
  assert.equal(nextCheckDelay(pending, giveUp), undefined);
  assert.equal(nextCheckDelay({ ...pending, poll_after_ms: 0 }, giveUp - 1), 1000, "never at once");
  assert.equal(nextCheckDelay({ ...pending, give_up_at: null }, giveUp), 22000);
});

test("a settled order is not asked about again", () => {
  for (const status of ["completed", "failed", "cancelled", "refunded"]) {
    assert.equal(nextCheckDelay({ ...pending, status }, 0), undefined);
  }
  assert.equal(nextCheckDelay({ status: "pending" }, 0), undefined);
});
