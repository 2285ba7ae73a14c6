import type { InitSource } from "../loading.js";
import { forms } from "./module.js";

export * from "./common.js";

/**
 * Loads the module, without a source from its bytes in this package's JavaScript: wherever a bundler puts that, it runs.
 * For Node and servers, and for development servers, which move files.
 */
export function init(source?: InitSource): Promise<void> {
  return forms.load(async () => source ?? (await import("./bytes.js")).default);
}
