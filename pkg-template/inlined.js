// The WebAssembly as text. Each byte is one character, a rare one two, so that it compresses nearly as
// well as the file itself: base64, which cuts bytes into pieces, takes a quarter more. A small other
// WebAssembly, in base64, makes bytes of it again: JavaScript that runs once is slow.

import { COMMON, DECODER, TEXT } from "ironflow:text";
import { ALPHABET } from "./alphabet.js";

/** Where the text begins in the decoder's memory: behind the table. */
const START = 1024;

/** The bytes of a page of memory. */
const PAGE = 65_536;

/**
 * By a character's code: what it stands for, then what it stands for after the first escape, and after
 * the second. An escape stands for the place of its part of the table.
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
