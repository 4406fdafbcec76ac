// Loads the WebAssembly of the default entry on first use.

import { wasm } from "ironflow:inlined";
import { blocked } from "./blocked.js";

/** @param {(module: WebAssembly.Module) => WebAssembly.Exports} instantiate */
export function load(instantiate) {
  try {
    return instantiate(new WebAssembly.Module(wasm()));
  } catch (cause) {
    throw blocked(cause);
  }
}
