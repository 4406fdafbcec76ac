// Arranges a WebAssembly module so that it compresses better: functions that resemble each other become neighbours,
// and each load and store gets the alignment that is usual for it, which is only a hint.

import { functions } from "./code.mjs";
import {
  CODE,
  ELEMENTS,
  EXPORTS,
  encoded,
  FUNCTIONS,
  IMPORTS,
  Reader,
  replaced,
  sections,
} from "./module.mjs";
import { ALIGNMENTS, CALLS, LOAD, OFFSETS } from "./opcodes.js";

/** The kind of functions among imports and exports. */
const FUNCTION = 0;

/** The end of an expression. */
const END = 0x0b;

/** @param {Buffer} code */
export function arranged(code) {
  const all = sections(code);
  /** @param {number} wanted */
  const read = (wanted) => new Reader(code, all.find(({ id }) => id === wanted).start);

  const imports = read(IMPORTS);
  const imported = imports.list(() => {
    imports.name();
    imports.name();
    return imports.imported();
  });
  const first = imported.filter((kind) => kind === FUNCTION).length;
  const declared = read(FUNCTIONS);
  const types = declared.list(() => declared.number());

  // By the number of bits of their size, then by their type, then by their bytes.
  const { found } = functions(code);
  const ranked = found
    .map((each, place) => ({ ...each, place, type: types[place] }))
    .sort(
      (one, other) =>
        Math.clz32(other.end - other.body) - Math.clz32(one.end - one.body) ||
        one.type - other.type ||
        code.compare(code, other.start, other.end, one.start, one.end),
    );
  const places = new Map(ranked.map(({ place }, index) => [first + place, first + index]));
  /** @param {number} index */
  const moved = (index) => encoded(places.get(index) ?? index);

  const bodies = ranked.map(({ start, body, instructions }) => {
    const written = [...code.subarray(start, body)];
    for (const { opcode, part, at, end } of instructions) {
      written.push(opcode);
      if (part === CALLS) written.push(...moved(new Reader(code, at).number()));
      else if (part === OFFSETS)
        written.push(Number(ALIGNMENTS[opcode - LOAD]), ...code.subarray(at + 1, end));
      else written.push(...code.subarray(at, end));
    }
    return [...encoded(written.length), ...written];
  });

  const exports = read(EXPORTS);
  const exported = exports.list(() => {
    const [from, to] = exports.name();
    const kind = exports.number();
    const index = exports.number();
    const name = [...encoded(to - from), ...code.subarray(from, to)];
    return [...name, kind, ...(kind === FUNCTION ? moved(index) : encoded(index))];
  });
  const elements = read(ELEMENTS);
  const segments = elements.list(() => {
    const start = elements.at;
    elements.at = code.indexOf(END, start) + 1;
    if (code[start] !== 0) throw new Error("the WebAssembly's table is not filled as expected");
    const head = code.subarray(start, elements.at);
    const indices = elements.list(() => moved(elements.number()));
    return [...head, ...encoded(indices.length), ...indices.flat()];
  });

  /** @param {number[][]} items */
  const section = (items) => [...encoded(items.length), ...items.flat()];
  return replaced(
    code,
    new Map([
      [FUNCTIONS, section(ranked.map(({ type }) => encoded(type)))],
      [EXPORTS, section(exported)],
      [ELEMENTS, section(segments)],
      [CODE, section(bodies)],
    ]),
  );
}
