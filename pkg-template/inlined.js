// The WebAssembly as text. A common byte is one character, a rare one two, so that the text compresses nearly as
// well as the bytes; base64, which splits bytes, takes a quarter more. A second, small WebAssembly module in base64
// decodes the text, because JavaScript that runs once is slow.

import { COMMON, DECODER, TEXT } from "ironflow:text";
import { ALPHABET } from "./alphabet.js";

/** The offset of the text in the decoder's memory, after the table. */
const START = 1024;

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
  memory.grow(Math.ceil(TEXT.length / PAGE));
  fill(new Uint16Array(memory.buffer));
  new Uint8Array(memory.buffer).set(new TextEncoder().encode(TEXT), START);
  const end = decode(START, START + TEXT.length);
  return new Uint8Array(memory.buffer, START, end - START);
}
