// `npm run test:core`: core's unit tests and golden vectors, and nothing else. Needs no npm packages and none of the
// project's tools: cargo compiles core alone, with fewer features of its dependencies than beside the other packages.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Sums `test result: ok. 3 passed; 0 failed; 1 ignored; …`. */
export function addSummary(tally, line) {
  const found = /^test result: \S+ (\d+) passed; (\d+) failed; (\d+) ignored/.exec(line);
  if (!found) return tally;
  const [passed, failed, skipped] = found.slice(1).map(Number);
  return { passed: tally.passed + passed, failed: tally.failed + failed, skipped: tally.skipped + skipped };
}

/** `N passed, N failed`, and `, N skipped` when there are any. */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** Runs the tests whose names contain `filter`, all without one. Resolves with the exit code. */
export async function testCore(root, env, filter = "") {
  const args = ["test", "--quiet", "--package", "gatehouse-core", "--no-fail-fast", ...(filter ? ["--", filter] : [])];
  const cargo = spawn("cargo", args, { cwd: root, stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...env } });
  const ended = new Promise((done) => cargo.on("error", () => done(1)).on("close", (code) => done(code ?? 1)));
  let tally = { passed: 0, failed: 0, skipped: 0 };
  for await (const line of createInterface({ input: cargo.stdout })) {
    console.log(line);
    tally = addSummary(tally, line);
  }
  const code = await ended;
  const isEmpty = tally.passed + tally.failed + tally.skipped === 0;
  if (isEmpty && code === 0 && filter) console.log(`No test of core has \`${filter}\` in its name.`);
  // Also a compilation that failed, which has no test to count.
  if (tally.failed === 0 && (code !== 0 || isEmpty)) tally.failed = 1;
  console.log(closingLine(tally));
  return tally.failed === 0 ? 0 : 1;
}
