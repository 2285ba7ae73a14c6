// Two commands in one checkout, as processes of their own.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { enter, lock, running, untilUnused } from "./lock.mjs";
import { buildFolder, prepareBuildFolder } from "./targets.mjs";

const url = (file) => JSON.stringify(new URL(file, import.meta.url).href);
const program = (text) => ["--input-type=module", "-e", `import { lock, enter } from ${url("./lock.mjs")};\n${text}`];

function folder(context) {
  const path = mkdtempSync(join(tmpdir(), "gatehouse-lock-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const exitCode = (child) => new Promise((done) => child.on("exit", (code) => done(code)));
const spoke = (child) => new Promise((done) => child.stdout.once("data", (data) => done(String(data))));

test("only one of many holds the lock, and all get it", async (context) => {
  const dir = folder(context);
  const text = `
    import { appendFileSync } from "node:fs";
    for (let round = 0; round < 5; round++) {
      const release = lock(${JSON.stringify(join(dir, "x.lock"))}, "test", () => {});
      appendFileSync(${JSON.stringify(join(dir, "log"))}, "<");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
      appendFileSync(${JSON.stringify(join(dir, "log"))}, ">");
      release();
    }`;
  const codes = await Promise.all([1, 2, 3, 4].map(() => exitCode(spawn(process.execPath, program(text)))));
  assert.deepEqual(codes, [0, 0, 0, 0]);
  assert.equal(readFileSync(join(dir, "log"), "utf8"), "<>".repeat(20));
});

test("one who waits says for whom", async (context) => {
  const file = join(folder(context), "x.lock");
  const holder = spawn(process.execPath, program(`lock(${JSON.stringify(file)}, "dev", () => {}); console.log("held"); setInterval(() => {}, 1000);`));
  await spoke(holder);
  const waiter = spawn(process.execPath, program(`lock(${JSON.stringify(file)}, "test", console.log); process.exit(7);`));
  assert.match(await spoke(waiter), new RegExp(`npm run dev.*process ${holder.pid}`));
  holder.kill("SIGKILL");
  assert.equal(await exitCode(waiter), 7, "a dead holder's lock is taken over");
});

test("a lock whose holder's number belongs to another process now is taken over, by one of many", async (context) => {
  const dir = folder(context);
  const file = join(dir, "x.lock");
  writeFileSync(file, JSON.stringify({ pid: process.pid, since: "1", what: "dev", nonce: "n" }));
  lock(file, "test", () => {})();
  assert.ok(!existsSync(file));
});

test("packages in use by `npm run dev` are not replaced, and one who only tests is waited for", async (context) => {
  const dir = folder(context);
  const child = spawn("sleep", ["1000"]);
  const leave = enter(dir, child.pid, "dev");
  assert.match(untilUnused(dir, () => {}), new RegExp(`npm run dev. \\(process ${child.pid}\\).*stop it`));
  leave();
  assert.equal(untilUnused(dir, () => {}), undefined);
  enter(dir, child.pid, "test");
  assert.deepEqual(running(dir).map(({ what }) => what), ["test"]);
  const printed = [];
  const waited = untilUnused(dir, (line) => {
    printed.push(line);
    child.kill("SIGKILL");
  });
  assert.equal(waited, undefined);
  assert.equal(printed.length, 1);
  assert.deepEqual(readdirSync(dir), [], "the dead are forgotten");
});

test("a set whose checkout is out of sight is kept for a day, then taken over", (context) => {
  const cache = folder(context);
  const away = buildFolder(cache, "/nowhere/away");
  mkdirSync(join(away, "native"), { recursive: true });
  writeFileSync(join(away, "checkout"), "/nowhere/away\n");
  prepareBuildFolder(cache, "/nowhere/first", () => {});
  assert.ok(existsSync(join(away, "native")));
  const old = new Date(Date.now() - 25 * 60 * 60 * 1000);
  utimesSync(join(away, "checkout"), old, old);
  const second = prepareBuildFolder(cache, "/nowhere/second", () => {});
  assert.ok(!existsSync(away));
  assert.ok(existsSync(join(second, "native")));
});

test("the entry point stops before npm ci while dev runs", (context) => {
  const cache = folder(context);
  const root = folder(context);
  mkdirSync(join(root, "scripts"));
  for (const name of ["run.mjs", "core.mjs", "lock.mjs", "targets.mjs"]) {
    writeFileSync(join(root, "scripts", name), readFileSync(new URL(`./${name}`, import.meta.url)));
  }
  writeFileSync(join(root, "package-lock.json"), "{}");
  const leave = enter(`${buildFolder(cache, root)}.running`, process.pid, "dev");
  const { GATEHOUSE_INSIDE, ...env } = process.env;
  const run = spawnSync(process.execPath, [join(root, "scripts/run.mjs"), "test"], { env: { ...env, GATEHOUSE_CACHE: cache }, encoding: "utf8" });
  leave();
  assert.equal(run.status, 1);
  assert.match(run.stderr, /`npm run dev` \(process \d+\) uses the npm packages/);
  assert.ok(!existsSync(join(root, "node_modules")));
  assert.ok(!existsSync(`${buildFolder(cache, root)}.lock`), "the lock is released");
});
