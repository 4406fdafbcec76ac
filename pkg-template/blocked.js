// Errors that say why WebAssembly cannot run, and what to do about it.

import { IronflowError } from "ironflow:errors";

const POLICY = "'wasm-unsafe-eval'";

function inExtension() {
  return /^(chrome|moz|safari-web)-extension:$/.test(globalThis.location?.protocol);
}

function onEdge() {
  const { EdgeRuntime, WebSocketPair, navigator } = globalThis;
  return EdgeRuntime || WebSocketPair || navigator?.userAgent === "Cloudflare-Workers";
}

/** Chrome and Edge before 115 compile and instantiate at most 4 KB at once in a page. */
const isLimit = (cause) => cause instanceof RangeError && /main thread|4\s?KB/i.test(cause.message);

function message(cause) {
  if (typeof WebAssembly !== "object") return "this platform has no WebAssembly";
  for (const name of ["TextDecoder", "TextEncoder"]) {
    if (!globalThis[name]) return `this platform has no ${name}: take that of node:util`;
  }
  if (isLimit(cause))
    return "Chrome and Edge before 115 need await init() in a page, before anything else";
  const start = "WebAssembly cannot be compiled here. ";
  if (onEdge()) return `${start}An edge runtime needs @ironflow/browser/slim`;
  if (inExtension())
    return `${start}The manifest needs ${POLICY} in content_security_policy.extension_pages`;
  return `${start}A page with a Content-Security-Policy needs ${POLICY} among its script-src`;
}

/** Converts an error of loading the WebAssembly into one to throw. Stack overflow and out-of-memory errors stay as they are. */
export function blocked(cause) {
  if (cause instanceof IronflowError) return cause;
  if (cause instanceof RangeError && !isLimit(cause)) return cause;
  return new IronflowError(message(cause), { code: "WASM_BLOCKED", cause });
}

/** Throws if the platform has no WebAssembly. */
export function checkPlatform() {
  if (typeof WebAssembly !== "object") throw blocked();
}
