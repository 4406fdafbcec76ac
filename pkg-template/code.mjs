// Reads the functions of a WebAssembly module.

import { CODE, Reader, sections } from "./module.mjs";
import { BR_TABLE, DOUBLES, OFFSETS, OPCODES, RANGES } from "./opcodes.js";

/** The part of the number that follows each opcode. */
const PARTS = new Array(256).fill(OPCODES);
for (const [from, to, part] of RANGES) PARTS.fill(part, from, to + 1);

/** An instruction: its opcode, and where what follows it is. @typedef {{ opcode: number, part: number, at: number, end: number }} Instruction */

/** The instructions of a function. @param {Reader} reader @param {number} end @returns {Instruction[]} */
function instructions(reader, end) {
  const found = [];
  while (reader.at < end) {
    const opcode = reader.byte();
    const part = PARTS[opcode];
    const at = reader.at;
    if (part === DOUBLES) reader.at += 8;
    else if (part === OFFSETS) reader.at += 1;
    if (part !== OPCODES && part !== DOUBLES) {
      const number = reader.number();
      if (opcode === BR_TABLE) for (let left = number; left >= 0; left -= 1) reader.number();
    }
    found.push({ opcode, part, at, end: reader.at });
  }
  if (reader.at !== end) throw new Error("the WebAssembly has an unknown instruction");
  return found;
}

/** Where code is, and its functions. @param {Uint8Array} code */
export function functions(code) {
  const section = sections(code).find(({ id }) => id === CODE);
  const reader = new Reader(code, section.start);
  const found = reader.list(() => {
    const size = reader.number();
    const start = reader.at;
    const end = start + size;
    reader.list(() => [reader.number(), reader.number()]);
    const body = reader.at;
    return { start, end, body, instructions: instructions(reader, end) };
  });
  return { section, found };
}
