// The client of the default entry, with inlined WebAssembly.

import { instantiateAsync } from "ironflow:glue";
import { wasm } from "ironflow:inlined";
import { blocked } from "./blocked.js";

export * from "./api.js";

async function load() {
  try {
    await instantiateAsync(await WebAssembly.compile(wasm()));
  } catch (cause) {
    throw blocked(cause);
  }
}

let loading;

export function init() {
  loading ??= load().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}
