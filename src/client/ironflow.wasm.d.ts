import type { WasmSource } from "./slim.js";

/**
 * `@ironflow/browser/ironflow.wasm`: what a bundler or an edge runtime makes of the file, which is for
 * `init()` of `@ironflow/browser/slim`.
 */
declare const wasm: WasmSource;
export default wasm;
