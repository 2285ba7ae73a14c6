import { forms } from "./module.js";

export * from "./rules.js";

/**
 * Loads the module from its bytes at once, as Node can. Nothing happens when it is loaded already, and a failed load is
 * not remembered.
 *
 * @param module The bytes of `@gatehouse/wasm-client/forms.wasm`, or the compiled module.
 * @throws when the bytes are no module, or another one.
 */
export function initSync(module: BufferSource | WebAssembly.Module): void {
  forms.loadSync(module);
}

/** Whether the module is loaded. */
export function isReady(): boolean {
  return forms.isReady();
}
