/**
 * `@ironflow/browser/slim`: the same API, with the WebAssembly in a separate file.
 *
 * @packageDocumentation
 */

export * from "./types.js";

/**
 * A source of the WebAssembly: the URL of `ironflow.wasm`, a response, its bytes, or a compiled module.
 */
export type WasmSource = string | URL | Response | BufferSource | WebAssembly.Module;

/**
 * Loads the WebAssembly; before that, every call throws a {@link NotConfiguredError}. Later calls ignore the
 * source, except after a failure. A page with a Content-Security-Policy needs `'wasm-unsafe-eval'`.
 *
 * Default source: `ironflow.wasm` beside the code, which webpack and Vite emit; under Node the
 * bytes are part of the code.
 */
export declare function init(source?: WasmSource | PromiseLike<WasmSource>): Promise<void>;
