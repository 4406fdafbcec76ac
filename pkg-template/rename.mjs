// Replaces the names of imports and exports in wasm-bindgen's glue by the short names that wasm-opt has chosen.
// If the glue is not as expected, the build fails.

/** Replaces the only occurrence of a text. */
function replaceOnce(code, found, by) {
  const [before, after, ...more] = code.split(found);
  if (after === undefined || more.length > 0) {
    throw new Error(`wasm-bindgen's glue is not as expected: ${found}`);
  }
  return before + by + after;
}

/**
 * Inserts the short names into code that calls exports as members of `wasm`.
 *
 * @param {string} code
 * @param {string} printed the output of `wasm-opt --minify-imports-and-exports-and-modules`
 */
export function renameExports(code, printed) {
  const names = new Map(JSON.parse(printed).exports);
  return code.replace(/\bwasm\.([\w$]+)/g, (_, name) => {
    if (!names.has(name)) throw new Error(`the WebAssembly does not export ${name}`);
    return `wasm.${names.get(name)}`;
  });
}

/**
 * @param {string} glue
 * @param {string} printed
 */
export function rename(glue, printed) {
  const { imports } = JSON.parse(printed);

  // The glue's own functions are members of one object ...
  const own = "./ironflow_browser_bg.js";
  for (const [module, name, short] of imports) {
    if (module === own) glue = replaceOnce(glue, `\n        ${name}: `, `\n        ${short}: `);
  }

  // ... and the functions of other modules become members of it too.
  const [list] = /return \{\n {8}__proto__: null,(\n {8}".*": \w+,)+\n {4}\};/.exec(glue) ?? [];
  if (!list) throw new Error("wasm-bindgen's glue has no list of imported modules");
  const variables = new Map(Array.from(list.matchAll(/"(.*)": (\w+),/g), ([, ...pair]) => pair));
  const others = imports.filter(([module]) => module !== own);
  const members = others.map(
    ([module, name, short]) => `${short}: ${variables.get(module)}.${name},`,
  );
  glue = replaceOnce(glue, list, "return { a: import0 };");
  const object = "const import0 = {\n        __proto__: null,";
  glue = replaceOnce(glue, object, `${object}\n${members.join("\n")}`);

  return renameExports(glue, printed);
}
