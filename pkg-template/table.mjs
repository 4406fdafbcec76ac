// Removes functions of js-sys from the table of the WebAssembly. js-sys describes each of its imports that take a
// closure to wasm-bindgen, whether the crate uses the import or not, and the descriptions put functions into the
// table. Nothing calls them through it: JavaScript calls a closure by an export, and the crate uses no futures.
// wasm-opt cannot know that, and would keep them and all they call.

import {
  CUSTOM,
  ELEMENTS,
  encoded,
  FUNCTION_NAMES,
  Reader,
  replaced,
  sections,
} from "./module.mjs";

/** The names of these functions; a hash may follow the name of a crate. */
const UNCALLED = /^(?:wasm_bindgen(?:\[\w+\])?::convert::closures|js_sys(?:\[\w+\])?::futures)::/;

/** The names of functions, by index. @param {Buffer} code @param {ReturnType<typeof sections>} all */
function functionNames(code, all) {
  for (const { id, start, end } of all) {
    if (id !== CUSTOM) continue;
    const reader = new Reader(code, start);
    if (code.toString("utf8", ...reader.name()) !== "name") continue;
    while (reader.at < end) {
      const part = reader.number();
      const size = reader.number();
      if (part !== FUNCTION_NAMES) {
        reader.at += size;
        continue;
      }
      const names = new Map();
      for (let left = reader.number(); left > 0; left -= 1) {
        names.set(reader.number(), code.toString("utf8", ...reader.name()));
      }
      return names;
    }
  }
  throw new Error("the WebAssembly has no names of functions");
}

/** Removes them. @param {Buffer} code a module with the names of its functions */
export function withoutUncalled(code) {
  const all = sections(code);
  const names = functionNames(code, all);
  const elements = all.find(({ id }) => id === ELEMENTS);
  const reader = new Reader(code, elements.start);
  // One segment for the first table, from a constant (0x41) offset on.
  const [segments, kind, constant] = [reader.number(), reader.number(), reader.number()];
  const first = reader.number();
  const end = reader.number();
  if (segments !== 1 || kind !== 0 || constant !== 0x41 || first > 63 || end !== 0x0b)
    throw new Error("the WebAssembly's table is not filled as expected");

  // Each run of remaining functions becomes a segment. The slots between are null: a call would trap.
  const runs = [];
  let run;
  const count = reader.number();
  for (let slot = first; slot < first + count; slot += 1) {
    const index = reader.number();
    if (UNCALLED.test(names.get(index))) {
      run = undefined;
      continue;
    }
    if (!run) {
      run = { slot, indices: [] };
      runs.push(run);
    }
    run.indices.push(index);
  }
  const content = [
    ...encoded(runs.length),
    ...runs.flatMap(({ slot, indices }) => [
      ...[0, 0x41, ...encoded(slot, 64), 0x0b],
      ...encoded(indices.length),
      ...indices.flatMap((index) => encoded(index)),
    ]),
  ];
  return replaced(code, new Map([[ELEMENTS, content]]));
}
