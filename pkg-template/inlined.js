// Loads the WebAssembly that is part of this file, when it is first used.

import { IronflowError } from "ironflow:errors";
import base64 from "ironflow:wasm";

/** Stands for the WebAssembly's exports until one of them is wanted. */
export function unloaded(instantiate) {
  return new Proxy({}, { get: (_, name) => instantiate()[name] });
}

export function load() {
  const bytes = Uint8Array.fromBase64
    ? Uint8Array.fromBase64(base64)
    : Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    throw new IronflowError(
      "WebAssembly cannot be compiled here. A page with a Content-Security-Policy needs " +
        "'wasm-unsafe-eval' among its script-src",
      { code: "WASM_BLOCKED", cause },
    );
  }
}
