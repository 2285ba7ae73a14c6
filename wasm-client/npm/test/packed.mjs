// The package packed, installed from the tarball into a project of its own, and what tests do there.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../../", import.meta.url));
export const tool = (name) => join(root, "node_modules/.bin", name);
export const golden = JSON.parse(readFileSync(join(root, "tests/contract/reduce.json"), "utf8")).cases.find(({ name }) => name === "all 21 answers");

/** The project that has the package installed. */
export let project;
before(() => {
  project = mkdtempSync(join(tmpdir(), "gatehouse-packed-"));
  const file = run("npm", ["pack", "--silent", "--pack-destination", project], join(root, "wasm-client/npm")).trim();
  writeFileSync(join(project, "package.json"), '{"private":true,"type":"module"}');
  run("npm", ["install", "--offline", "--no-audit", "--no-fund", "--omit=peer", `./${file}`]);
  // What every use below says, as one text.
  writeFileSync(join(project, "use.js"), `
    import { init as initForms, validateStep, formatMoney, decideGate } from "@gatehouse/wasm-client/forms";
    import { init as initManifest, reduce } from "@gatehouse/wasm-client/manifest";
    import { FIELDS, countCharacters } from "@gatehouse/wasm-client";
    export async function use(answers) {
      await Promise.all([initForms(), initManifest()]);
      return JSON.stringify([
        validateStep("company", {}), formatMoney(123456700), decideGate({ session: "missing" }, "/moves", "2026-02-10T00:00:00Z"),
        reduce(answers, 0), countCharacters(" चाय "), FIELDS.length,
      ]);
    }
  `);
});
after(() => rmSync(project, { recursive: true, force: true }));

/** Runs a program in the project and answers what it printed. */
export function run(program, args, cwd = project) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8", env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "1" } });
  assert.equal(status, 0, `${program} ${args.join(" ")}\n${stdout}\n${stderr}\n${error ?? ""}`);
  return stdout;
}

/** What Node says, against which the golden vectors of the other tests were held. */
export function inNode() {
  writeFileSync(join(project, "node.mjs"), `
    import { use } from "./use.js";
    process.stdout.write(await use(${JSON.stringify(golden.answers)}));
  `);
  return run(process.execPath, ["node.mjs"]);
}

const TYPES = { html: "text/html", js: "text/javascript", css: "text/css", wasm: "application/wasm" };

/** A page of Chromium, and an end to it. */
export async function open() {
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_BIN, args: ["--no-sandbox", "--disable-gpu"] });
  return { page: await browser.newPage(), close: () => browser.close() };
}

/** Answers what a page asks of http://packed.example/ from a folder. */
export function serve(page, folder) {
  return page.route("http://packed.example/**", (route) => {
    const path = new URL(route.request().url()).pathname.slice(1) || "index.html";
    return route.fulfill({ contentType: TYPES[path.split(".").pop()], body: readFileSync(join(folder, path)) });
  });
}
