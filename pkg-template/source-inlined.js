// Under Node the WebAssembly is inlined, because the path of its file is unknown after bundling.

export { wasm as defaultSource } from "ironflow:inlined";
