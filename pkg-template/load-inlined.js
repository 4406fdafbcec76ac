// How the default entry comes by its WebAssembly, when it is first used.

import { wasm } from "ironflow:inlined";
import { uncompiled } from "./uncompiled.js";

export function load() {
  try {
    return new WebAssembly.Module(wasm());
  } catch (cause) {
    throw uncompiled(cause);
  }
}
