// The package as others get it: packed, installed from the tarball into a project of its own, and used there the way
// Node, TypeScript, Cloudflare Workers and a plain browser use it. Each must give the very bytes that the others give.
// Vite and Next are downloaded and take minutes: `npm run assurance` runs them, by GATEHOUSE_BUNDLERS=1.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const tool = (name) => join(root, "node_modules/.bin", name);
const golden = JSON.parse(readFileSync(join(root, "tests/contract/reduce.json"), "utf8")).cases.find(({ name }) => name === "all 21 answers");

let project;
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
function run(program, args, cwd = project) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8", env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "1" } });
  assert.equal(status, 0, `${program} ${args.join(" ")}\n${stdout}\n${stderr}\n${error ?? ""}`);
  return stdout;
}

/** What Node says, against which the golden vectors of the other tests were held. */
function inNode() {
  writeFileSync(join(project, "node.mjs"), `
    import { use } from "./use.js";
    process.stdout.write(await use(${JSON.stringify(golden.answers)}));
  `);
  return run(process.execPath, ["node.mjs"]);
}

test("the tarball has what its exports name, and no sources", () => {
  const installed = join(project, "node_modules/@gatehouse/wasm-client");
  const { exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  const files = Object.values(exports).flatMap((entry) => (typeof entry === "string" ? [entry] : Object.values(entry)));
  for (const file of files) assert.ok(readFileSync(join(installed, file)).length > 0, file);
  assert.deepEqual(readdirSync(installed).toSorted(), ["README.md", "dist", "package.json", "wasm"]);
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

const TYPES = { html: "text/html", js: "text/javascript", css: "text/css", wasm: "application/wasm" };

/** A page of Chromium, and an end to it. */
async function open() {
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_BIN, args: ["--no-sandbox", "--disable-gpu"] });
  return { page: await browser.newPage(), close: () => browser.close() };
}

/** Answers what a page asks of http://packed.example/ from a folder. */
function serve(page, folder) {
  return page.route("http://packed.example/**", (route) => {
    const path = new URL(route.request().url()).pathname.slice(1) || "index.html";
    return route.fulfill({ contentType: TYPES[path.split(".").pop()], body: readFileSync(join(folder, path)) });
  });
}

test("a browser runs it bundled, and without a bundler", { skip: !process.env.CHROMIUM_BIN && "CHROMIUM_BIN is not set" }, async () => {
  const served = join(project, "served");
  mkdirSync(served);
  writeFileSync(join(served, "index.html"), "<!doctype html>");
  run(tool("esbuild"), ["use.js", "--bundle", "--format=esm", "--minify", "--outfile=served/assets/app/use.js"]);
  // esbuild leaves `new URL(…, import.meta.url)` alone; where it points is where the files are put.
  cpSync(join(project, "node_modules/@gatehouse/wasm-client/wasm"), join(served, "wasm"), { recursive: true });
  cpSync(join(project, "node_modules/@gatehouse/wasm-client"), join(served, "package"), { recursive: true });
  const { page, close } = await open();
  try {
    await serve(page, served);
    await page.goto("http://packed.example/");
    const bundled = await page.evaluate(async (answers) => (await import("/assets/app/use.js")).use(answers), golden.answers);
    assert.equal(bundled, inNode());
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

const bundlers = { skip: !(process.env.GATEHOUSE_BUNDLERS && process.env.CHROMIUM_BIN) && "GATEHOUSE_BUNDLERS or CHROMIUM_BIN is not set" };
const install = (...packages) => run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", ...packages]);

test("Vite bundles it for a browser", bundlers, async () => {
  install("vite@8.3.8");
  writeFileSync(join(project, "index.html"), '<!doctype html><script type="module" src="/main.js"></script>');
  writeFileSync(join(project, "main.js"), `import { use } from "./use.js"; window.said = use(${JSON.stringify(golden.answers)});`);
  run(join(project, "node_modules/.bin/vite"), ["build", "--outDir", "vite"]);
  const { page, close } = await open();
  try {
    await serve(page, join(project, "vite"));
    await page.goto("http://packed.example/");
    assert.equal(await page.evaluate(() => window.said), inNode());
  } finally {
    await close();
  }
});

test("Next runs it on the server, at the edge, and in a page with the hooks", bundlers, async () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, "web/package.json"), "utf8"));
  install(...["next", "react", "react-dom"].map((name) => `${name}@${dependencies[name]}`));
  const files = {
    "app/layout.js": "export default ({ children }) => <html><body>{children}</body></html>;",
    "app/page.js": `"use client";
      import { useFreshness, useValidatedStep } from "@gatehouse/wasm-client/react";
      export default function Page() {
        const { state, drafts, errors, change, check } = useValidatedStep("company");
        const age = useFreshness(null);
        return <form>
          <input value={drafts.company_website ?? ""} onChange={(event) => change("company_website", event.target.value)} />
          <button type="button" onClick={check}>Check</button>
          <pre>{JSON.stringify({ state, errors, age: age?.ok && age.view.freshness })}</pre>
        </form>;
      }`,
    "app/server/route.js": `import { use } from "../../use.js";
      export const dynamic = "force-dynamic";
      export const GET = async () => new Response(await use(${JSON.stringify(golden.answers)}));`,
    "app/edge/route.js": `import { use } from "../../use.js";
      export const runtime = "edge";
      export const GET = async () => new Response(await use(${JSON.stringify(golden.answers)}));`,
    "next.config.mjs": "export default { turbopack: { root: import.meta.dirname } };",
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(project, file, ".."), { recursive: true });
    writeFileSync(join(project, file), text);
  }
  const next = join(project, "node_modules/.bin/next");
  run(next, ["build"]);
  const server = spawn(next, ["start", "--port", "0"], { cwd: project, detached: true, stdio: ["ignore", "pipe", "inherit"] });
  try {
    let printed = "";
    for await (const chunk of server.stdout.setEncoding("utf8")) {
      printed += chunk;
      if (/Ready in/.test(printed)) break;
    }
    const url = /http:\/\/localhost:\d+/.exec(printed)[0];
    for (const path of ["server", "edge"]) {
      const answer = await fetch(`${url}/${path}`);
      assert.equal(await answer.text(), inNode(), path);
    }
    const { page, close } = await open();
    try {
      await page.goto(url);
      await page.getByText('"state":"ready","errors":{},"age":"missing"').waitFor();
      await page.locator("input").fill("chaya");
      await page.getByText('"company_website":"Website must').waitFor();
      await page.getByRole("button").click();
      await page.getByText('"company_name":"Company name is required."').waitFor();
    } finally {
      await close();
    }
  } finally {
    process.kill(-server.pid);
    await once(server, "exit");
  }
});
