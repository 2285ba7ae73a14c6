// Puts the compiled rules where Next serves them, under a name that holds the content's hash: a cached module
// can never meet glue of another build.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const rules = join(web, "../wasm-client/npm");
const served = join(web, "public/wasm");

/** Copies the module unless it is there already, and returns the path that browsers ask for. */
export function prepareRules() {
  for (const file of ["wasm/index_bg.wasm", "dist/index.js"]) {
    if (!existsSync(join(rules, file))) {
      throw new Error("The compiled rules are missing: run `npm run build` at the root of the project first.");
    }
  }
  const bytes = readFileSync(join(rules, "wasm/index_bg.wasm"));
  const name = `rules-${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}.wasm`;
  if (!existsSync(join(served, name))) {
    rmSync(served, { recursive: true, force: true });
    mkdirSync(served, { recursive: true });
    writeFileSync(join(served, name), bytes);
  }
  return `/wasm/${name}`;
}

/** The path of the module that a finished build serves. */
export function servedRules() {
  const name = readdirSync(served).find((file) => file.endsWith(".wasm"));
  if (!name) throw new Error("The compiled rules are missing: run `npm run build -w @gatehouse/web`.");
  return `/wasm/${name}`;
}
