// What the Worker and the package weigh and how fast the rules are, each beside its budget: `npm run budgets`.
// With --json for programs. Ends with 1 when a budget is broken.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { text } from "./document.mjs";

const root = new URL("../../../", import.meta.url);
const packed = new URL("wasm-client/npm/", root);
const gzip = (bytes) => gzipSync(bytes, { level: 9 }).length;

/** A module with all JavaScript that a page loads for it, as a bundler would write it. */
async function weight(module) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`dist/${module}/browser.js`, packed))],
    bundle: true, minify: true, format: "esm", platform: "browser", write: false, logLevel: "error",
  });
  return gzip(outputFiles[0].contents) + gzip(readFileSync(new URL(`wasm/${module}/${module}_bg.wasm`, packed)));
}

/** Milliseconds of loading *forms* in Chromium, and of the first call after that: medians of fresh pages. */
async function firstCall() {
  if (!process.env.CHROMIUM_BIN) return {};
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_BIN, args: ["--no-sandbox", "--disable-gpu"] });
  const types = { js: "text/javascript", wasm: "application/wasm" };
  const seen = [];
  for (let at = 0; at < 7; at += 1) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.route("http://package.example/**", (route) => {
      const path = new URL(route.request().url()).pathname.slice(1);
      if (path === "") return route.fulfill({ contentType: "text/html", body: "<!doctype html>" });
      return route.fulfill({ contentType: types[path.split(".").pop()], body: readFileSync(new URL(path, packed)) });
    });
    await page.goto("http://package.example/");
    seen.push(
      await page.evaluate(async (text) => {
        const rules = await import("/dist/forms/browser.js");
        const begin = performance.now();
        await rules.init();
        const loaded = performance.now();
        if (!rules.validateContext(text).ok) throw new Error("The document must be good.");
        return [loaded - begin, performance.now() - loaded];
      }, text),
    );
    await context.close();
  }
  await browser.close();
  const median = (at) => Number(seen.map((pair) => pair[at]).toSorted((one, other) => one - other)[seen.length >> 1].toFixed(2));
  return { load_ms: median(0), first_call_ms: median(1) };
}

function bench() {
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(new URL("bench.mjs", import.meta.url))], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const edge = ["index_bg.wasm", "index.js"].map((file) => gzip(readFileSync(new URL(`build/worker/${file}`, root))));
const speed = bench();
const { load_ms, first_call_ms } = await firstCall();
const most = (value, budget) => ({ value, most: budget, kept: value <= budget });
const least = (value, budget) => ({ value, least: budget, kept: value >= budget });
const measured = (value) => ({ value });

/** What has no budget is printed for comparison. Bytes are gzip -9, glue included. */
const found = {
  edge_gzip: most(edge[0] + edge[1], 900_000),
  wasm_forms_gzip: most(await weight("forms"), 50_000),
  wasm_manifest_gzip: most(await weight("manifest"), 120_000),
  load_ms: measured(load_ms),
  first_call_ms: first_call_ms === undefined ? measured("no Chromium here") : most(first_call_ms, 10),
  validate_vs_ajv_standalone: { text: least(speed.text.ratio, 3), bytes: least(speed.utf8.ratio, 4), faults: measured(speed.faults.ratio) },
  validate_object: measured(speed.object.ratio),
  keystroke_ms: most(speed.keystroke_ms, 0.2),
  step_ms: measured(speed.step_ms),
  details: { document_bytes: measured(speed.bytes), text_us: measured(speed.text.ours_us), ajv_text_us: measured(speed.text.ajv_us) },
};

const rows = Object.entries(found).flatMap(([name, entry]) =>
  "value" in entry ? [[name, entry]] : Object.entries(entry).map(([inner, one]) => [`${name}.${inner}`, one]),
);
if (process.argv.includes("--json")) {
  console.log(JSON.stringify(found, null, 2));
} else {
  for (const [name, { value, most, least, kept }] of rows) {
    const budget = most !== undefined ? `at most ${most}` : least !== undefined ? `at least ${least}` : "";
    console.log(`  ${name.padEnd(36)} ${String(value).padStart(10)}  ${budget}${kept === false ? "  BROKEN" : ""}`);
  }
}
process.exitCode = rows.some(([, { kept }]) => kept === false) ? 1 : 0;
