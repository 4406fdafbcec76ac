// Encodes a WebAssembly module as the text that inlined.js decodes.

import { ALPHABET } from "./alphabet.js";
import { functions } from "./code.mjs";
import { encoded } from "./module.mjs";
import { DECLARATIONS, OFFSETS, OPCODES, REST } from "./opcodes.js";

/** The number of escape characters: enough to encode all 256 bytes. */
const ESCAPES = 2;

/** The parts of a module, in the order of their numbers. @param {Uint8Array} wasm */
function split(wasm) {
  const { section, found } = functions(wasm);
  const parts = Array.from({ length: REST + 1 }, () => []);
  parts[DECLARATIONS].push(...encoded(found.length));
  for (const { start, body, instructions } of found) {
    parts[DECLARATIONS].push(...wasm.subarray(start, body));
    for (const { opcode, part, at, end } of instructions) {
      parts[OPCODES].push(opcode);
      // The decoder knows the alignment, which is before the offset.
      if (part !== OPCODES) parts[part].push(...wasm.subarray(part === OFFSETS ? at + 1 : at, end));
    }
  }
  const before = wasm.subarray(0, section.from + 1);
  const after = wasm.subarray(section.end);
  parts[REST] = [...before, ...after];
  return { parts, before: before.length, functions: found.length };
}

/** @param {Uint8Array} module */
export function encode(module) {
  const { parts, before, functions: count } = split(module);
  const wasm = parts.flat();
  const counts = new Array(256).fill(0);
  for (const byte of wasm) counts[byte] += 1;
  const bytes = [...counts.keys()];
  const ranked = bytes.toSorted((one, other) => counts[other] - counts[one]);
  const common = new Set(ranked.slice(0, ALPHABET.length - ESCAPES));

  const codes = [];
  let singles = ESCAPES;
  let doubles = 0;
  for (const byte of bytes) {
    if (common.has(byte)) {
      codes.push(ALPHABET[singles]);
      singles += 1;
    } else {
      const first = ALPHABET[Math.floor(doubles / ALPHABET.length)];
      codes.push(first + ALPHABET[doubles % ALPHABET.length]);
      doubles += 1;
    }
  }
  return {
    before,
    functions: count,
    sizes: parts.map((part) => part.length),
    common: bytes.map((byte) => (common.has(byte) ? "1" : "0")).join(""),
    text: Array.from(wasm, (byte) => codes[byte]).join(""),
  };
}
