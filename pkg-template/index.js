// The default entry: the WebAssembly is part of it and is loaded on first use. It only names what other
// files hold, so that bundlers take those that an application uses.

export * from "ironflow:client";
export * from "./errors.js";
