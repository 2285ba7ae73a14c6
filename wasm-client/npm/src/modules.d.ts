declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

declare module "*.wasm?module" {
  const module: WebAssembly.Module;
  export default module;
}

/** Written by `inline.mjs`. */
declare module "*/bytes.js" {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
