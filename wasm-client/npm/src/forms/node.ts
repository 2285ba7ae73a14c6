import { readFile } from "node:fs/promises";
import type { InitSource } from "../loading.js";
import { forms } from "./module.js";

export * from "./common.js";

/** Loads the module, without a source from this package's own file. */
export function init(source?: InitSource): Promise<void> {
  return forms.load(() => source ?? readFile(new URL("../../wasm/forms/forms_bg.wasm", import.meta.url)));
}
