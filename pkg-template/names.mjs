// Renames the imports and exports to which wasm-opt gave a name with a leading underscore. Applications
// often configure their minifier to mangle such properties (`mangle-props=^_`), which would not rename them in the
// WebAssembly.

import { EXPORTS, IMPORTS, Reader, sections } from "./module.mjs";

const LETTERS = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ$"];
const DIGITS = [..."0123456789"];

/** The starts and ends of the names in a section. @param {Uint8Array} code @param {number} wanted */
function places(code, wanted) {
  const section = sections(code).find(({ id }) => id === wanted);
  if (!section) throw new Error(`the WebAssembly has no section ${wanted}`);
  const reader = new Reader(code, section.start);
  return reader.list(() => {
    if (wanted === IMPORTS) reader.name();
    const place = reader.name();
    if (wanted === IMPORTS) reader.imported();
    else reader.exported();
    return place;
  });
}

/** Replacement names of the same length. @param {string} name @param {string[]} alone names of one character */
function candidates(name, alone) {
  if (name.length === 1) return alone;
  const seconds = [...LETTERS, ...DIGITS];
  return LETTERS.flatMap((first) => seconds.map((second) => first + second + name.slice(2)));
}

/**
 * Renames in a section and returns a function from old to new names.
 *
 * @param {Buffer} code
 * @param {number} section
 * @param {string[]} alone names of one character
 */
function renamed(code, section, alone) {
  const found = places(code, section);
  const taken = new Set(found.map(([from, to]) => code.toString("latin1", from, to)));
  const names = new Map();
  for (const [from, to] of found) {
    const name = code.toString("latin1", from, to);
    if (!name.startsWith("_")) continue;
    const other = candidates(name, alone).find((each) => !taken.has(each));
    if (!other) throw new Error(`no unused name is left to replace ${name}`);
    taken.add(other);
    names.set(name, other);
    code.write(other, from, "latin1");
  }
  return (name) => names.get(name) ?? name;
}

/**
 * Renames in the code, in place, and in the output of `wasm-opt --minify-imports-and-exports-and-modules`.
 *
 * @param {Buffer} code
 * @param {string} printed
 */
export function withoutUnderscores(code, printed) {
  const { imports, exports, ...rest } = JSON.parse(printed);
  // An import is a member of an object literal, where a digit is a valid name.
  const imported = renamed(code, IMPORTS, [...LETTERS, ...DIGITS]);
  const exported = renamed(code, EXPORTS, LETTERS);
  return JSON.stringify({
    ...rest,
    imports: imports.map(([module, name, short]) => [module, name, imported(short)]),
    exports: exports.map(([name, short]) => [name, exported(short)]),
  });
}
