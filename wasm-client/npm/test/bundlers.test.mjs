// The packed package under Vite and Next, and with the libraries that take a Standard Schema. All of them are downloaded
// and take minutes: `npm run assurance` runs them, by GATEHOUSE_BUNDLERS=1.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { golden, inNode, open, project, root, run, serve } from "./packed.mjs";

const bundlers = { skip: !(process.env.GATEHOUSE_BUNDLERS && process.env.CHROMIUM_BIN) && "GATEHOUSE_BUNDLERS or CHROMIUM_BIN is not set" };
const ANSWERS = JSON.stringify(golden.answers);
const install = (...packages) => run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", ...packages]);
const bin = (name) => join(project, "node_modules/.bin", name);

function write(files) {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(project, file, ".."), { recursive: true });
    writeFileSync(join(project, file), text);
  }
}

/** Starts a server, waits for the address that it prints, and ends it after `use`. */
async function served(program, args, use) {
  const server = spawn(program, args, { cwd: project, detached: true, env: { ...process.env, NO_COLOR: "1" }, stdio: ["ignore", "pipe", "inherit"] });
  try {
    let printed = "";
    for await (const chunk of server.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
      printed += chunk;
      if (/➜.*http:\/\/localhost:\d+|Ready in/.test(printed)) break;
    }
    server.stdout.resume();
    const url = /http:\/\/localhost:\d+/.exec(printed)?.[0];
    assert.ok(url, printed);
    await use(url);
  } finally {
    process.kill(-server.pid);
    await once(server, "exit");
  }
}

/** What a page of Vite says on its own and in a Web Worker. */
async function saysTheSame(load) {
  const { page, close } = await open();
  try {
    await load(page);
    await page.waitForFunction(() => window.said);
    assert.deepEqual(await page.evaluate(() => window.said), [inNode(), inNode()]);
  } finally {
    await close();
  }
}

for (const version of ["6.4.1", "7.3.8", "8.3.8"]) {
  test(`Vite ${version} serves it in development and bundles it, for a page and a Web Worker`, bundlers, async () => {
    install(`vite@${version}`);
    write({
      "index.html": '<!doctype html><script type="module" src="/main.js"></script>',
      "main.js": `import { use } from "./use.js";
        const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
        const inWorker = new Promise((resolve, reject) => {
          worker.onmessage = (event) => resolve(event.data);
          worker.onerror = (event) => reject(new Error(event.message));
        });
        worker.postMessage(${ANSWERS});
        window.said = Promise.all([use(${ANSWERS}), inWorker]);`,
      "worker.js": "import { use } from './use.js'; onmessage = async (event) => postMessage(await use(event.data));",
      "vite.config.js": "export default { worker: { format: 'es' } };",
    });
    await served(bin("vite"), ["--port", "0", "--host", "localhost"], (url) => saysTheSame((page) => page.goto(url)));
    run(bin("vite"), ["build", "--outDir", "vite"]);
    await saysTheSame(async (page) => {
      await serve(page, join(project, "vite"));
      await page.goto("http://packed.example/");
    });
  });
}

const PAGES = {
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
  "app/component/page.js": `import { use } from "../../use.js";
    export const dynamic = "force-dynamic";
    export default async function Page() { return <pre id="said">{await use(${ANSWERS})}</pre>; }`,
  "app/server/route.js": `import { use } from "../../use.js";
    export const dynamic = "force-dynamic";
    export const GET = async () => new Response(await use(${ANSWERS}));`,
  "app/edge/route.js": `import { use } from "../../use.js";
    export const runtime = "edge";
    export const GET = async () => new Response(await use(${ANSWERS}));`,
  "next.config.mjs": `export default {
    turbopack: { root: import.meta.dirname },
    webpack: (config) => ({ ...config, experiments: { ...config.experiments, asyncWebAssembly: true } }),
  };`,
};

async function saysTheSameInNext(url, paths) {
  for (const path of paths) assert.equal(await (await fetch(`${url}/${path}`)).text(), inNode(), path);
  const { page, close } = await open();
  try {
    await page.goto(`${url}/component`);
    assert.equal(await page.locator("#said").textContent(), inNode());
    await page.goto(url);
    await page.getByText('"state":"ready","errors":{},"age":"missing"').waitFor();
    await page.locator("input").fill("chaya");
    await page.getByText('"company_website":"Website must').waitFor();
    await page.getByRole("button", { name: "Check" }).click();
    await page.getByText('"company_name":"Company name is required."').waitFor();
  } finally {
    await close();
  }
}

for (const bundler of ["turbopack", "webpack"]) {
  test(`Next with ${bundler} runs it on the server and in a page with the hooks, developed and built`, bundlers, async () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, "web/package.json"), "utf8"));
    install(...["next", "react", "react-dom"].map((name) => `${name}@${dependencies[name]}`));
    write(PAGES);
    const paths = bundler === "webpack" ? ["server"] : ["server", "edge"];
    // With webpack Next 16.4.6 misses a file of its own for any route at the edge, even one that imports nothing.
    if (bundler === "webpack") rmSync(join(project, "app/edge"), { recursive: true });
    await served(bin("next"), ["dev", `--${bundler}`, "--port", "0"], (url) => saysTheSameInNext(url, paths));
    run(bin("next"), ["build", `--${bundler}`]);
    await served(bin("next"), ["start", "--port", "0"], (url) => saysTheSameInNext(url, paths));
  });
}

test("React Hook Form, TanStack Form and tRPC take its Standard Schemas", { skip: bundlers.skip }, () => {
  install("@hookform/resolvers", "react-hook-form", "react", "@tanstack/form-core", "@trpc/server");
  write({
    "schemas.mjs": `
      import assert from "node:assert/strict";
      import { standardSchemaResolver } from "@hookform/resolvers/standard-schema";
      import { FormApi } from "@tanstack/form-core";
      import { initTRPC } from "@trpc/server";
      import { stepSchema } from "@gatehouse/wasm-client/schema";

      const resolve = standardSchemaResolver(stepSchema("company"));
      const options = { fields: {}, shouldUseNativeValidation: false };
      const { errors } = await resolve({ company_website: "chaya" }, undefined, options);
      assert.deepEqual(Object.keys(errors).toSorted(), ["business_stage", "company_description", "company_name", "company_website", "industry"]);
      const voice = await standardSchemaResolver(stepSchema("voice"))({ brand_tone: " Warm " }, undefined, options);
      assert.deepEqual(voice, { values: { brand_tone: ["Warm"] }, errors: {} });

      const form = new FormApi({ defaultValues: { brand_tone: "" }, validators: { onSubmit: stepSchema("voice") } });
      form.mount();
      await form.handleSubmit();
      assert.deepEqual(Object.keys(form.state.errors[0]), ["brand_tone"]);

      const { procedure, router, createCallerFactory } = initTRPC.create();
      const app = router({ save: procedure.input(stepSchema("voice")).mutation(({ input }) => input) });
      const caller = createCallerFactory(app)({});
      assert.deepEqual(await caller.save({ brand_tone: "Warm" }), { brand_tone: ["Warm"] });
      await assert.rejects(caller.save({}), { code: "BAD_REQUEST" });
    `,
  });
  run(process.execPath, ["schemas.mjs"]);
});
