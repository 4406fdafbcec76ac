// The WebAssembly as text. Its code is separated into parts (opcodes.js), which compress better alone. A common byte
// is one character, a rare one two, so that the text compresses nearly as well as the bytes; base64, which splits
// bytes, takes a quarter more. A second, small WebAssembly module in base64 decodes the text, because JavaScript that
// runs once is slow.

import { BEFORE, COMMON, DECODER, FUNCTIONS, SIZES, TEXT } from "ironflow:text";
import { ALPHABET } from "./alphabet.js";
import { ALIGNMENTS, LOAD, RANGES, REST } from "./opcodes.js";

/** Offsets in the decoder's memory: of the places of the parts, of two tables of opcodes, and of the text. */
const PLACES = 1024;
const PARTS = 1280;
const ALIGNED = 1536;
const START = 2048;

/** The size of a page of WebAssembly memory, in bytes. */
const PAGE = 65_536;

/**
 * Fills the decoding table. It has three parts, indexed by character code: for a character alone, after the first
 * escape, and after the second. The entry of an escape is the offset of its part.
 *
 * @param {Uint16Array} table
 */
function fill(table) {
  const escapes = [128, 256];
  const code = (place) => ALPHABET.charCodeAt(place);
  escapes.forEach((part, place) => {
    table[code(place)] = 256 + part;
  });
  let single = escapes.length;
  let double = 0;
  for (let byte = 0; byte < 256; byte += 1) {
    if (COMMON[byte] === "1") {
      table[code(single)] = byte;
      single += 1;
    } else {
      const part = escapes[Math.floor(double / ALPHABET.length)];
      table[part + code(double % ALPHABET.length)] = byte;
      double += 1;
    }
  }
}

export function wasm() {
  const decoder = Uint8Array.from(atob(DECODER), (character) => character.charCodeAt(0));
  const { memory, decode } = new WebAssembly.Instance(new WebAssembly.Module(decoder)).exports;
  // The module is no longer than the text, which precedes it.
  memory.grow(Math.ceil((TEXT.length * 2) / PAGE));
  const { buffer } = memory;
  fill(new Uint16Array(buffer));
  let place = START;
  new Uint32Array(buffer, PLACES).set(
    SIZES.map((size) => {
      place += size;
      return place - size;
    }),
  );
  const bytes = new Uint8Array(buffer);
  for (const [from, to, part] of RANGES) bytes.fill(part, PARTS + from, PARTS + to + 1);
  bytes.set([...ALIGNMENTS], ALIGNED + LOAD);
  bytes.set(new TextEncoder().encode(TEXT), START);
  const module = START + TEXT.length;
  const end = decode(START, module, BEFORE, FUNCTIONS, SIZES[REST] - BEFORE);
  return new Uint8Array(buffer, module, end - module);
}
