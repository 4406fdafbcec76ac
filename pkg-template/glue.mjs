// Changes wasm-bindgen's glue to load the WebAssembly on first use and to leave out free(). If the glue is not as
// expected, the build fails.

const UNLOADED = "new Proxy({}, { get: (_, name) => load(instantiate)[name] })";

const INSPECTED = `
    [INSPECT](_depth, options, inspect) {
        return shown("IronflowClient", clientFields(this), options, inspect);
    }`;

/** Each text to replace, and its replacement. @type {[RegExp, string][]} */
const CHANGES = [
  // Until the WebAssembly is loaded, `wasm` is a proxy that loads it on first access. The classes stay
  // wasm-bindgen's own.
  [/^let wasmModule, wasmInstance, wasm;$/m, `let wasmModule, wasmInstance, wasm = ${UNLOADED};`],
  // Objects are freed by the garbage collector; the API has no free().
  [/^ {4}(?:__destroy_into_raw|free)\(\) \{\n[\s\S]*?^ {4}\}\n/gm, ""],
  [/^if \(Symbol\.dispose\) .*\n/gm, ""],
  // Importing reads no global: the platform's classes are looked up on first use.
  [/^let cachedTextDecoder = new .*\ncachedTextDecoder\.decode\(\);$/m, "let cachedTextDecoder;"],
  [
    /^const cachedTextEncoder = new .*\n\nif \(!\('encodeInto' in cachedTextEncoder\)\) \{\n[\s\S]*?^\}$/m,
    "let cachedTextEncoder;",
  ],
  // The pointer to the Rust object is hidden from consoles, and the name of a bucket is shown.
  [/(\w+)\.__wbg_ptr = (.*);\n +(\w+Finalization)\.register\(.*\);/g, "own($1, $2, $3);"],
  [/(own\((\w+), .*BrowserKVBucketHandleFinalization\);)/g, "$1 showName($2);"],
  [/\b(\w+)\.__wbg_ptr\b/g, "inner($1)"],
  // A class that does not name itself keeps its name in a bundle.
  [/\bObject\.create\(\w+\.prototype\)/g, "Object.create(this.prototype)"],
  [/^(export class IronflowClient \{)$/m, `$1${INSPECTED}`],
  [
    /\(typeof FinalizationRegistry === 'undefined'\)\n.*\n {4}: new FinalizationRegistry\(/g,
    "/* @__PURE__ */ registry(",
  ],
];

const ADDED = `
function own(object, pointer, finalization) {
  hide(object, () => pointer);
  finalization.register(object, pointer);
}

function showName(handle) {
  Object.defineProperty(handle, "name", { value: handle.name, enumerable: true });
}

function entered() {
  checkStack();
  return wasm;
}

// Without a working registry, objects that JavaScript collects stay in the memory of the WebAssembly.
function registry(free) {
  let objects;
  return {
    register(object, pointer) {
      try {
        objects ??= new FinalizationRegistry(free);
        objects.register(object, pointer);
      } catch {}
    },
  };
}

/** Keeps the first instance: another call may have loaded one meanwhile. */
function finish(instance, module) {
  return wasmInstance ? wasm : __wbg_finalize_init(instance, module);
}
function prepare() {
  cachedTextDecoder = new TextDecoder("utf-8", { ignoreBOM: true });
  cachedTextEncoder = new TextEncoder();
  return __wbg_get_imports();
}
export function instantiate(module) {
  return finish(new WebAssembly.Instance(module, prepare()), module);
}
export async function instantiateAsync(module) {
  if (!wasmInstance) finish(await WebAssembly.instantiate(module, prepare()), module);
}
`;

/** Every method checks the stack before it enters the WebAssembly. @param {string} glue */
function checked(glue) {
  const [methods, imports, ...more] = glue.split("function __wbg_get_imports() {");
  if (imports === undefined || more.length > 0)
    throw new Error("wasm-bindgen's glue has no list of imports");
  const entering = methods.replace(/^( {4,}.*)\bwasm\./gm, "$1entered().");
  return `${entering}function __wbg_get_imports() {${imports}`;
}

/** @param {string} written by wasm-bindgen */
export function lean(written) {
  let glue = written;
  for (const [found, by] of CHANGES) {
    const changed = glue.replace(found, by);
    if (changed === glue) throw new Error(`wasm-bindgen's glue is not as expected: ${found}`);
    glue = changed;
  }
  if (glue.includes("__destroy_into_raw"))
    throw new Error("wasm-bindgen's glue calls __destroy_into_raw");
  return `import { load } from "ironflow:load";
import { clientFields, hide, INSPECT, inner, shown } from "../src/js/handle.js";
import { checkStack } from "../src/js/stack.js";
${checked(glue)}${ADDED}`;
}
