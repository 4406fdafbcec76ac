import { IronflowError } from "ironflow:errors";

/** The error where the platform does not compile WebAssembly. */
export function uncompiled(cause) {
  return new IronflowError(
    "WebAssembly cannot be compiled here. A page with a Content-Security-Policy needs " +
      "'wasm-unsafe-eval' among its script-src; an edge runtime needs @ironflow/browser/slim",
    { code: "WASM_BLOCKED", cause },
  );
}
