// Compiles the rules package's TypeScript and puts its wasm where Next serves it, under a name that holds the
// content's hash: a cached module can never meet glue of another build.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const rules = join(web, "../wasm-client/npm");
const wasm = join(rules, "wasm/index_bg.wasm");
if (!existsSync(wasm)) {
  console.error("The compiled rules are missing: run `npm run build` at the root of the project first.");
  process.exit(1);
}
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
execFileSync(process.execPath, [tsc, "-p", rules], { stdio: "inherit" });

const hash = createHash("sha256").update(readFileSync(wasm)).digest("hex").slice(0, 16);
const served = join(web, "public/wasm");
rmSync(served, { recursive: true, force: true });
mkdirSync(served, { recursive: true });
copyFileSync(wasm, join(served, `rules-${hash}.wasm`));
