/**
 * The rules of a page with a form: answers, the saved session, the gate, a payment's polling, a manifest's age.
 * The compiled core that the Worker runs, so a page and the Worker's refusal can never disagree. Await {@link init}
 * once before anything else.
 *
 * @packageDocumentation
 */
import type { InitSource } from "../loading.js";
import { forms } from "./module.js";

export type { InitSource } from "../loading.js";
export * from "./common.js";

/**
 * Loads the module; further calls wait for the first. A failed load is not remembered, so that a page that lost the
 * network, or passed the wrong file, can call again.
 *
 * @param source Where `@gatehouse/wasm-client/forms.wasm` is; without one, this package's own file, as each place of use
 * finds it. In Node pass bytes: its `fetch` reads no files.
 * @throws when it cannot be fetched or compiled, or is another module.
 */
export function init(source?: InitSource): Promise<void> {
  return forms.load(() => source ?? new URL("../../wasm/forms/forms_bg.wasm", import.meta.url));
}
