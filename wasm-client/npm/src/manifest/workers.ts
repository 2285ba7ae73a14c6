import module from "../../wasm/manifest/manifest_bg.wasm";
import type { InitSource } from "../loading.js";
import { manifest } from "./module.js";

export * from "./common.js";

/** Starts the module, without a source the one that the bundler for Workers has compiled. */
export function init(source?: InitSource): Promise<void> {
  return manifest.load(() => source ?? module);
}
