// Prints which code the bytes of the package are: of the WebAssembly by crate and module, of the JavaScript of
// `./slim` by file.
//
//   node where-bytes.mjs NAMED.wasm      (how to make it: docs/webassembly-size.md)

import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  CODE,
  CUSTOM,
  FUNCTION_NAMES,
  IMPORTS,
  Reader,
  sections,
} from "../../pkg-template/module.mjs";
import { packageDir } from "../e2e/support/paths.mjs";

const DATA = 11;

/** What the bytes of the other sections are, by their ids. @type {Record<number, string>} */
const SECTIONS = {
  [IMPORTS]: "imports and their names",
  [DATA]: "literals and tables of constants",
};

/** @param {Map<string, number>} sizes @param {string} name @param {number} size */
const add = (sizes, name, size) => sizes.set(name, (sizes.get(name) ?? 0) + size);

/** @param {string} title @param {Map<string, number>} sizes */
function print(title, sizes, most = 24) {
  const sorted = [...sizes].sort(([, a], [, b]) => b - a);
  const total = sorted.reduce((sum, [, size]) => sum + size, 0);
  console.log(`\n${title}: ${total.toLocaleString("en")}`);
  for (const [name, size] of sorted.slice(0, most)) {
    const share = ((size / total) * 100).toFixed(1);
    console.log(`  ${size.toLocaleString("en").padStart(9)}  ${share.padStart(5)} %  ${name}`);
  }
}

/** The functions of a module, and the sizes of its other sections. @param {Buffer} module */
function readModule(module) {
  const reader = new Reader(module, 0);
  const text = () => module.subarray(...reader.name()).toString();
  /** @type {number[]} */
  const bodies = [];
  /** @type {Map<number, string>} */
  const names = new Map();
  const others = new Map();
  let imported = 0;
  for (const { id, start, end } of sections(module)) {
    reader.at = start;
    if (id === CODE) {
      reader.list(() => {
        const size = reader.number();
        reader.at += size;
        bodies.push(size);
      });
    } else if (id === CUSTOM) {
      if (text() !== "name") continue;
      while (reader.at < end) {
        const kind = reader.byte();
        const next = reader.number() + reader.at;
        if (kind === FUNCTION_NAMES) reader.list(() => names.set(reader.number(), text()));
        reader.at = next;
      }
    } else {
      if (id === IMPORTS) {
        reader.list(() => {
          reader.name();
          reader.name();
          if (reader.imported() === 0) imported += 1;
        });
      }
      add(others, SECTIONS[id] ?? "exports, types and the rest", end - start);
    }
  }
  const functions = bodies.map((size, n) => ({ size, name: names.get(n + imported) ?? "" }));
  return { functions, others };
}

/** What each source has of a file, by its source map. @param {string} file @param {Map<string, number>} sizes */
function readMap(file, sizes) {
  const lines = readFileSync(join(packageDir, file), "utf8").split("\n");
  const { mappings, sources } = JSON.parse(readFileSync(join(packageDir, `${file}.map`), "utf8"));
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  let source = 0;
  for (const [row, line] of mappings.split(";").entries()) {
    let column = 0;
    /** @type {{ column: number, source: number }[]} */
    const starts = [];
    for (const segment of line.split(",").filter(Boolean)) {
      const fields = [];
      let [value, shift] = [0, 0];
      for (const digit of segment) {
        const bits = digits.indexOf(digit);
        value += (bits & 31) << shift;
        shift += 5;
        if (bits >= 32) continue;
        fields.push(value & 1 ? -(value >> 1) : value >> 1);
        [value, shift] = [0, 0];
      }
      column += fields[0] ?? 0;
      source += fields[1] ?? 0;
      starts.push({ column, source });
    }
    for (const [n, start] of starts.entries()) {
      const end = starts[n + 1]?.column ?? lines[row]?.length ?? start.column;
      const name = String(sources[start.source]).replace(/^(\.\.\/)+/, "");
      add(sizes, name, end - start.column);
    }
  }
}

const [, , path = ""] = process.argv;
const { functions, others } = readModule(readFileSync(path));
const crates = new Map();
const modules = new Map();
const own = new Map();
for (const { name, size } of functions) {
  // The first path in it says whose it is: of a generic function, not what it is compiled for.
  const [, crate = "", first = ""] =
    /([a-z_]\w*)\[[0-9a-f]+\]::([a-z_]\w*(?=::))?/.exec(name) ?? [];
  add(crates, crate || "what wasm-bindgen generates", size);
  if (crate !== "ironflow_browser") continue;
  add(modules, first || "what JavaScript calls", size);
  add(own, name.replace(/\[[0-9a-f]{16}\]/g, ""), size);
}
const scripts = new Map();
for (const file of ["slim.js", "errors.js"]) readMap(file, scripts);
print("The WebAssembly, functions by crate", crates);
print("Its other sections", others);
print("Functions of this crate by module", modules);
print("The largest of them", own, 12);
print("The JavaScript of ./slim by file, minified", scripts, 40);
