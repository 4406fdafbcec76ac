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

/** How long the sequences of bytes are by which functions are compared. */
const SEQUENCE = 3;

/** What a common type adds to the similarity of two functions, which is at most a half. */
const COMMON_TYPE = 0.05;

/** A function, its index, and what it is compared by. @typedef {{ place: number, type: number, sequences: Set<string> }} Ranked */

/** The sequences in a function. @param {string} bytes */
function sequences(bytes) {
  const starts = Array.from({ length: Math.max(bytes.length - SEQUENCE + 1, 0) }, (_, at) => at);
  return new Set(starts.map((at) => bytes.slice(at, at + SEQUENCE)));
}

/** @param {Ranked} one @param {Ranked} other */
function similarity(one, other) {
  let shared = 0;
  for (const each of one.sequences) if (other.sequences.has(each)) shared += 1;
  const all = one.sequences.size + other.sequences.size + 1;
  return shared / all + (one.type === other.type ? COMMON_TYPE : 0);
}

/** Functions of about one size: after each, the most similar one that is left. @param {Ranked[]} given */
function chain(given) {
  const left = [...given];
  const ordered = left.splice(0, 1);
  while (left.length > 0) {
    const last = ordered.at(-1);
    const similar = left.map((each) => similarity(last, each));
    ordered.push(...left.splice(similar.indexOf(Math.max(...similar)), 1));
  }
  return ordered;
}

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

  const bySize = new Map();
  functions(code).found.forEach((each, place) => {
    const bits = 32 - Math.clz32(each.end - each.body);
    const bytes = code.toString("latin1", each.start, each.end);
    if (!bySize.has(bits)) bySize.set(bits, []);
    bySize.get(bits).push({ ...each, place, type: types[place], sequences: sequences(bytes) });
  });
  const sizes = [...bySize.keys()].sort((one, other) => one - other);
  const ranked = sizes.flatMap((bits) => chain(bySize.get(bits)));
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
