import module from "../../wasm/forms/forms_bg.wasm?module";
import type { InitSource } from "../loading.js";
import { forms } from "./module.js";

export * from "./common.js";

/** Starts the module, without a source the one that Next has compiled for its edge runtime. */
export function init(source?: InitSource): Promise<void> {
  return forms.load(() => source ?? module);
}
