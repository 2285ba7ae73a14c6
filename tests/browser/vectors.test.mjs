// The validator's vectors in Chromium, against the package as it is published: the page is given the files that the
// package's own `exports` name, and nothing is bundled. Native core runs the same vectors (core/tests/validation.rs).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before } from "node:test";
import { document } from "../contract/validation/document.mjs";
import { launch, test } from "./support.mjs";

const HOST = "http://package.example";
const folder = new URL("../../wasm-client/npm/", import.meta.url);
const TYPES = { js: "text/javascript", wasm: "application/wasm", html: "text/html" };
const VECTORS = ["steps", "context", "manifest", "json"];

/** The entries of the package for browsers, by name: "." and whatever stands beside it. */
function entries() {
  const { exports } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
  const files = Object.entries(exports).map(([name, entry]) => [name, entry.browser ?? entry.import ?? entry.default ?? entry]);
  return Object.fromEntries(files.filter(([, file]) => typeof file === "string"));
}

/** Every case, with its document as text. */
function cases() {
  return VECTORS.flatMap((file) => {
    const url = new URL(`../contract/validation/${file}.json`, import.meta.url);
    return JSON.parse(readFileSync(url, "utf8")).cases.map(({ name, schema, expect, ...source }) => ({
      name: `${file}: ${name}`,
      schema,
      text: document(source),
      expect,
    }));
  });
}

let browser, page;
before(async () => {
  browser = await launch();
  if (!browser) return;
  page = await browser.newPage();
  await page.route(`${HOST}/**`, (route) => {
    const path = new URL(route.request().url()).pathname.slice(1);
    if (path === "") return route.fulfill({ contentType: TYPES.html, body: "<!doctype html><title>The package</title>" });
    const body = readFileSync(new URL(path, folder));
    return route.fulfill({ contentType: TYPES[path.split(".").pop()] ?? "text/plain", body });
  });
  await page.goto(`${HOST}/`);
});
after(() => browser?.close());

/** Loads, in the page, the entry that checks whole documents; answers its name. */
function load(files) {
  return page.evaluate(async (files) => {
    const wasm = Object.values(files).filter((file) => file.endsWith(".wasm"));
    for (const [name, file] of Object.entries(files).filter(([, file]) => file.endsWith(".js"))) {
      // Entries of other places (Node, React) do not load in a plain page.
      const rules = await import(new URL(file, location.href).href).catch(() => undefined);
      if (!rules?.validateDocument) continue;
      for (const file of [undefined, ...wasm]) {
        try {
          await rules.init(file && new URL(file, location.href).href);
          rules.validateDocument("company", "{}");
          globalThis.rules = rules;
          return name;
        } catch {
          // Not this module; the next one.
        }
      }
    }
    throw new Error(`no entry of the package has validateDocument: ${Object.keys(files)}`);
  }, files);
}

test("every vector is judged in Chromium as it is native, as text and as bytes", async () => {
  await load(entries());
  const vectors = cases();
  assert.ok(vectors.length >= 300, `${vectors.length} vectors`);
  for (const { name, schema, text, expect } of vectors) {
    const found = await page.evaluate(
      ([schema, text]) => {
        const judged = [text, new TextEncoder().encode(text)].map((document) => rules.validateDocument(schema, document));
        // The vectors have no `path`, which says again what `pointer` says.
        return judged.map((judged) => JSON.stringify(judged, (name, value) => (name === "path" && Array.isArray(value) ? undefined : value)));
      },
      [schema, text],
    );
    const expected = JSON.stringify({ ok: expect.length === 0, errors: expect });
    assert.deepEqual(found, [expected, expected], name);
  }
});
