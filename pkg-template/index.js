// The default entry, with inlined WebAssembly that is loaded on first use. It only re-exports, so that bundlers
// include only the files that an application uses.

export * from "ironflow:client";
export * from "./errors.js";
