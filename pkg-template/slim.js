// The slim entry: the application loads the WebAssembly with `init()` before it calls anything else.

import { ConnectionError, IronflowError, ValidationError } from "ironflow:errors";
import { instantiateAsync } from "ironflow:glue";
import { defaultSource } from "ironflow:source";
import { blocked, checkPlatform } from "./blocked.js";

export * from "./api.js";
export * from "./errors.js";

/** Checks the magic number: a server may have sent an HTML page instead. */
const startsAsWasm = (bytes) => [0, 97, 115, 109].every((byte, at) => bytes[at] === byte);

function notWasm(what) {
  return new ValidationError(
    `${what} is not WebAssembly: init() takes the package's ironflow.wasm`,
  );
}

async function fetched(address) {
  try {
    return await fetch(address);
  } catch (cause) {
    throw new ConnectionError(`${address} cannot be fetched`, { cause });
  }
}

/** Compiles a response, while it arrives if its Content-Type is WebAssembly. */
async function compileResponse(response) {
  const { ok, status, url, headers } = response;
  if (!ok) {
    const retryable = status === 408 || status === 429 || (status >= 500 && status !== 501);
    const options = { code: `HTTP_${status}`, status, retryable };
    throw new IronflowError(
      `${url || "ironflow.wasm"} cannot be fetched (HTTP ${status})`,
      options,
    );
  }
  const type = headers.get("Content-Type");
  if (type === "application/wasm") return WebAssembly.compileStreaming(response);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (!startsAsWasm(bytes)) throw notWasm(`${url || "the response"} (${type})`);
  return WebAssembly.compile(bytes);
}

function compileBytes(source) {
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  if (!startsAsWasm(bytes)) throw notWasm("the source");
  return WebAssembly.compile(bytes);
}

/** Compiles any source that `init` accepts. */
async function compile(given) {
  let source = await given;
  if (typeof source === "string" || source instanceof URL) source = await fetched(source);
  if (source instanceof WebAssembly.Module) return source;
  try {
    const isResponse = typeof source.arrayBuffer === "function";
    return await (isResponse ? compileResponse(source) : compileBytes(source));
  } catch (cause) {
    throw cause instanceof WebAssembly.CompileError ? blocked(cause) : cause;
  }
}

async function load(given) {
  checkPlatform();
  const module = await compile(given ?? defaultSource());
  // The short names of imports and exports differ from build to build.
  if (WebAssembly.Module.customSections(module, BUILD).length === 0) {
    throw new ValidationError(
      "the WebAssembly is from another version of the package than the JavaScript",
    );
  }
  try {
    await instantiateAsync(module);
  } catch (cause) {
    throw blocked(cause);
  }
}

let loading;

export function init(source) {
  loading ??= load(source).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}
