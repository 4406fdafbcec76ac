// The default entry: the WebAssembly is part of it and is loaded on first use. It only names what other
// files hold, so that bundlers take those that an application uses.

// Nothing is taken from it here: where there is no bundler, it need not wait until the client has come.
import "ironflow:inlined";

export * from "ironflow:client";
export * from "./errors.js";
