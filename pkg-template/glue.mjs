// wasm-bindgen's glue, made smaller, and made to load the WebAssembly when it is first used. Whatever is
// not found as expected fails the build.

const UNLOADED = "new Proxy({}, { get: (_, name) => instantiate(load())[name] })";

/** What is replaced, and by what. @type {[RegExp, string][]} */
const CHANGES = [
  // Until the WebAssembly is loaded, `wasm` is a proxy whose first reading loads it. The classes stay
  // wasm-bindgen's own.
  [/^let wasmModule, wasmInstance, wasm;$/m, `let wasmModule, wasmInstance, wasm = ${UNLOADED};`],
  // Whoever has the features of WebAssembly that are used here has encodeInto().
  [/^if \(!\('encodeInto' in cachedTextEncoder\)\) \{\n[\s\S]*?^\}\n/m, ""],
  // Strings are always handed over with what enlarges their place.
  [/^ {4}if \(realloc === undefined\) \{\n[\s\S]*?^ {4}\}\n/m, ""],
  // Not every edge runtime has FinalizationRegistry; once is enough to find out.
  [
    /\(typeof FinalizationRegistry === 'undefined'\)\n.*\n {4}: new FinalizationRegistry\(/g,
    "registry(",
  ],
  // Objects are let go of when nobody has them any more; by hand they cannot be.
  [/^ {4}(?:__destroy_into_raw|free)\(\) \{\n[\s\S]*?^ {4}\}\n/gm, ""],
  [/^if \(Symbol\.dispose\) .*\n/gm, ""],
  // Imports, as arrow functions: those that need no `arguments`.
  [/: function\(([^)]*)\) \{\n(?! *return handleError)/g, ": ($1) => {\n"],
  [
    /return handleError\(function \(([^)]*)\) \{([^}]*)\}, arguments\)/g,
    "return handleError(($1) => {$2}, arguments)",
  ],
];

const ADDED = `
function registry(free) {
  return typeof FinalizationRegistry === "undefined"
    ? { register() {}, unregister() {} }
    : new FinalizationRegistry(free);
}
export function instantiate(module) {
  return __wbg_finalize_init(new WebAssembly.Instance(module, __wbg_get_imports()), module);
}
`;

/** @param {string} written by wasm-bindgen */
export function lean(written) {
  let glue = written;
  for (const [found, by] of CHANGES) {
    const changed = glue.replace(found, by);
    if (changed === glue) throw new Error(`wasm-bindgen's glue is not as expected: ${found}`);
    glue = changed;
  }
  if (glue.includes("__destroy_into_raw"))
    throw new Error("wasm-bindgen's glue takes objects apart");
  return `import { load } from "ironflow:load";\n${glue}${ADDED}`;
}
