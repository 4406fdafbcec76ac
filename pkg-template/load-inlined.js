// How the default entry loads its WebAssembly: at first use, or by `init()`.

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
