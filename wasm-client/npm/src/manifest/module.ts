import type { InitOutput } from "../../wasm/manifest/manifest.js";
import { Loading } from "../loading.js";

/** The one instance of the module, whichever entry loads it. */
export const manifest = new Loading<InitOutput>("manifest", "reduce");
