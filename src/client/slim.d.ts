/**
 * `@ironflow/browser/slim`: the same, with the WebAssembly in a file of its own.
 *
 * @packageDocumentation
 */

export * from "./types.js";

/**
 * What the WebAssembly can be had from: the address of `ironflow.wasm`, a server's answer, its bytes, or
 * what they compile to.
 */
export type WasmSource = string | URL | Response | BufferSource | WebAssembly.Module;

/**
 * Loads the WebAssembly; before that all else throws a {@link NotConfiguredError}. Once it is loaded, or
 * being loaded, the source makes no difference; where it could not be, another call tries again. A page
 * with a Content-Security-Policy needs `'wasm-unsafe-eval'`.
 *
 * Default source: `ironflow.wasm` beside the code, which webpack and Vite take along; under Node the
 * bytes are part of the code.
 */
export declare function init(source?: WasmSource | PromiseLike<WasmSource>): Promise<void>;
