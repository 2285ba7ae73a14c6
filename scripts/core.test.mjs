import assert from "node:assert/strict";
import { test } from "node:test";
import { addSummary, closingLine } from "./core.mjs";

test("cargo's summaries are summed, and skipped tests are named only when there are any", () => {
  const lines = [
    "running 3 tests",
    "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 4 filtered out; finished in 0.10s",
    "test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out",
  ];
  const none = { passed: 0, failed: 0, skipped: 0 };
  assert.equal(closingLine(lines.slice(0, 2).reduce(addSummary, none)), "12 passed, 0 failed");
  assert.equal(closingLine(lines.reduce(addSummary, none)), "15 passed, 2 failed, 1 skipped");
});
