// ajv's standalone code for the business context, made from core/schema when it is needed and bundled as a page would
// bundle it. A pattern's own sentence (x-error) and titles are of no use to it.
import { readFileSync, writeFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import standalone from "ajv/dist/standalone/index.js";
import formats from "ajv-formats";
import { build } from "esbuild";

const schema = (name) => JSON.parse(readFileSync(new URL(`../../../core/schema/${name}.json`, import.meta.url), "utf8"));

/** Writes the validator beside `file` and answers its bytes. */
export async function writeAjv(file) {
  const ajv = new Ajv2020({ allErrors: true, strict: false, code: { source: true, esm: true, optimize: 2 } });
  formats.default(ajv, ["date-time"]);
  ajv.addSchema({ $id: "texts.json", ...schema("texts") });
  const validate = ajv.compile({ $id: "business_context.json", ...schema("business_context") });
  writeFileSync(`${file}.source.mjs`, standalone.default(ajv, validate));
  const made = await build({
    entryPoints: [`${file}.source.mjs`], outfile: file, bundle: true, format: "esm", minify: true, platform: "browser",
    nodePaths: [new URL("../../../node_modules", import.meta.url).pathname], logLevel: "error",
  });
  if (made.errors.length > 0) throw new Error("esbuild refused ajv's code");
}
