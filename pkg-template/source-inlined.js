// Under Node the WebAssembly comes with the code: where its file lies after bundling nobody knows.

export { wasm as defaultSource } from "ironflow:inlined";
