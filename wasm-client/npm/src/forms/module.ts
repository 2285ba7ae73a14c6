import type { InitOutput } from "../../wasm/forms/forms.js";
import { Loading } from "../loading.js";

/** The one instance of the module, whichever entry loads it. */
export const forms = new Loading<InitOutput>("forms", "validateStep");
