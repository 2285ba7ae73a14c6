// The package as others get it: packed, installed from the tarball into a project of its own, and used there the way
// Node, TypeScript, Cloudflare Workers and a plain browser use it. Each must give the very bytes that the others give.
// Bundlers that must be downloaded: bundlers.test.mjs.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { golden, inNode, open, project, root, run, serve, tool } from "./packed.mjs";

test("the tarball has what its exports name, and no sources", () => {
  const installed = join(project, "node_modules/@gatehouse/wasm-client");
  const { exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  const files = Object.values(exports).flatMap((entry) => (typeof entry === "string" ? [entry] : Object.values(entry)));
  for (const file of files) assert.ok(readFileSync(join(installed, file)).length > 0, file);
  assert.deepEqual(readdirSync(installed).toSorted(), ["CHANGELOG.md", "README.md", "dist", "package.json", "wasm"]);
});

test("Node loads it from its own files", () => {
  const [step, money, gate, reduced, count, fields] = JSON.parse(inNode());
  assert.equal(step.errors[0].code, "required");
  assert.equal(money, "₹12,34,567");
  assert.equal(gate.gate.decision.to, "/signin?redirect=/moves");
  assert.equal(reduced.checksum, golden.checksum);
  assert.deepEqual([count, fields], [3, 21]);
});

test("TypeScript knows every entry, as bundlers and as Node resolve it", () => {
  writeFileSync(join(project, "use.ts"), `
    import { init, freshness, validateField, validateStep, mergeSession } from "@gatehouse/wasm-client/forms";
    import { diff, reduce } from "@gatehouse/wasm-client/manifest";
    import { stepSchema } from "@gatehouse/wasm-client/schema";
    import { type ManifestContent, type StepAnswers, type StepId, FIELDS } from "@gatehouse/wasm-client";
    await init();
    const step: StepId = FIELDS[0]!.step;
    const checked = validateField("brand_tone", step);
    const words: string = checked.ok ? JSON.stringify(checked.answer) : checked.errors.map((error) => error.message).join();
    const merged = mergeSession({}, {}, {});
    if (merged.ok && !merged.merged) console.log(merged.conflicts[0]?.theirs, words);
    // What is typed after \`ok\`.
    const company = validateStep("company", new FormData());
    if (company.ok) {
      const { company_name, company_website }: StepAnswers<"company"> = company.answers;
      const name: string = company_name;
      const site: string | undefined = company_website;
      // @ts-expect-error: a question of another step.
      company.answers.brand_tone;
      console.log(name, site);
    } else console.log(company.errors[0]?.path.join("."));
    const tone = validateField("brand_tone", "Warm");
    if (tone.ok) console.log(tone.answer?.map((word) => word.length));
    const preview = reduce({}, 0);
    if (preview.ok) {
      const content: ManifestContent = preview.content;
      const guardrails: string[] | undefined = content.guardrails?.constraints;
      console.log(guardrails);
    }
    mergeSession(undefined, {}, undefined);
    freshness(undefined, 0);
    const result = stepSchema("voice")["~standard"].validate({});
    if (!(result instanceof Promise) && !result.issues) console.log(result.value.brand_tone.length);
    // @ts-expect-error: how a module is loaded is the package's own affair.
    type Inner = import("@gatehouse/wasm-client").Rules;
    // @ts-expect-error: whether it is ok must be asked first.
    diff({}, {}).changes;
  `);
  for (const [module, resolution] of [["NodeNext", "NodeNext"], ["ESNext", "Bundler"]]) {
    run(tool("tsc"), ["--noEmit", "--strict", "--target", "ES2022", "--module", module, "--moduleResolution", resolution, "--lib", "ES2022,DOM", "use.ts"]);
  }
});

test("Workers run it as wrangler bundles it", () => {
  writeFileSync(join(project, "worker.js"), `
    import { use } from "./use.js";
    export default {
      async test() {
        const said = await use(${JSON.stringify(golden.answers)});
        if (said !== ${JSON.stringify(inNode())}) throw new Error(said);
      },
    };
  `);
  writeFileSync(join(project, "wrangler.toml"), 'name = "packed"\nmain = "worker.js"\ncompatibility_date = "2026-01-01"\n');
  run(tool("wrangler"), ["deploy", "--dry-run", "--outdir", "bundled"]);
  const files = readdirSync(join(project, "bundled")).filter((file) => /\.(js|wasm)$/.test(file));
  assert.equal(files.length, 3, `${files}: the script and two modules`);
  // The first module is the entry.
  const modules = files.toSorted((one) => (one === "worker.js" ? -1 : 1)).map((file) => {
    const kind = file.endsWith(".wasm") ? "wasm" : "esModule";
    return `(name = "${file}", ${kind} = embed "bundled/${file}")`;
  });
  writeFileSync(join(project, "packed.capnp"), `
    using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (services = [(name = "packed", worker = (modules = [${modules}], compatibilityDate = "2026-01-01"))]);
  `);
  run(tool("workerd"), ["test", "packed.capnp"]);
});

test("Node runs it bundled by esbuild, wherever the bundle lies", () => {
  writeFileSync(join(project, "bundle.mjs"), `
    import { use } from "./use.js";
    process.stdout.write(await use(${JSON.stringify(golden.answers)}));
  `);
  mkdirSync(join(project, "elsewhere"));
  run(tool("esbuild"), ["bundle.mjs", "--bundle", "--format=esm", "--platform=node", "--outfile=elsewhere/bundle.mjs"]);
  const moved = mkdtempSync(join(tmpdir(), "gatehouse-bundle-"));
  try {
    cpSync(join(project, "elsewhere/bundle.mjs"), join(moved, "bundle.mjs"));
    assert.equal(run(process.execPath, ["bundle.mjs"], moved), inNode());
  } finally {
    rmSync(moved, { recursive: true });
  }
});

test("what would be published are the package's own files", () => {
  const [{ files }] = JSON.parse(run("npm", ["pack", "--dry-run", "--json"], join(root, "wasm-client/npm")));
  const stray = files.map(({ path }) => path).filter((path) => !/^(README\.md|CHANGELOG\.md|package\.json|dist\/[a-z/]+(\.d\.ts|\.js)|wasm\/(forms|manifest)\/[a-z_]+(\.d\.ts|\.wasm|\.wasm\.d\.ts))$/.test(path));
  assert.deepEqual(stray, []);
});

test("a browser runs it bundled, in a Web Worker, and without a bundler", { skip: !process.env.CHROMIUM_BIN && "CHROMIUM_BIN is not set" }, async () => {
  const served = join(project, "served");
  mkdirSync(served);
  writeFileSync(join(served, "index.html"), "<!doctype html>");
  run(tool("esbuild"), ["use.js", "--bundle", "--format=esm", "--minify", "--outfile=served/assets/app/use.js"]);
  writeFileSync(join(project, "worker.js"), `import { use } from "./use.js"; onmessage = async (event) => postMessage(await use(event.data));`);
  run(tool("esbuild"), ["worker.js", "--bundle", "--format=esm", "--outfile=served/assets/app/worker.js"]);
  // esbuild leaves `new URL(…, import.meta.url)` alone; where it points is where the files are put.
  cpSync(join(project, "node_modules/@gatehouse/wasm-client/wasm"), join(served, "wasm"), { recursive: true });
  cpSync(join(project, "node_modules/@gatehouse/wasm-client"), join(served, "package"), { recursive: true });
  const { page, close } = await open();
  try {
    await serve(page, served);
    await page.goto("http://packed.example/");
    const bundled = await page.evaluate(async (answers) => (await import("/assets/app/use.js")).use(answers), golden.answers);
    assert.equal(bundled, inNode());
    const inWorker = await page.evaluate((answers) => {
      const worker = new Worker("/assets/app/worker.js", { type: "module" });
      const answer = new Promise((resolve, reject) => {
        worker.onmessage = (event) => resolve(event.data);
        worker.onerror = (event) => reject(new Error(event.message));
      });
      worker.postMessage(answers);
      return answer;
    }, golden.answers);
    assert.equal(inWorker, inNode());
    const checksum = await page.evaluate(async (answers) => {
      const manifest = await import("/package/dist/manifest/browser.js");
      await manifest.init();
      return manifest.reduce(answers, 0).checksum;
    }, golden.answers);
    assert.equal(checksum, golden.checksum);
  } finally {
    await close();
  }
});
