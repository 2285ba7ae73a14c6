/**
 * Loading in Node, where the compiled module is a file beside this package.
 *
 * @packageDocumentation
 */
import { readFileSync } from "node:fs";
import { initSync } from "./index.js";

export * from "./index.js";

/**
 * Loads the compiled module from this package's own file.
 *
 * @throws when the file is missing: the package was not built.
 */
export function initFromPackage(): void {
  initSync(readFileSync(new URL("../wasm/index_bg.wasm", import.meta.url)));
}
