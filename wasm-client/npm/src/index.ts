/**
 * The words, constants, types and functions of Gatehouse's rules. Each function needs its module loaded once: `init()`
 * of `@gatehouse/wasm-client/forms` or of `@gatehouse/wasm-client/manifest`.
 *
 * @packageDocumentation
 */
export * from "./forms/rules.js";
export * from "./generated/catalogue.js";
export * from "./generated/fields.js";
export * from "./generated/vocabulary.js";
export * from "./manifest/rules.js";
export type * from "./generated/api.js";
export type * from "./generated/context.js";
export type { InitSource } from "./loading.js";
export type * from "./types.js";
