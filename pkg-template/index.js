// The default entry: the WebAssembly is part of it and is loaded on first use.

export * from "./api.js";
